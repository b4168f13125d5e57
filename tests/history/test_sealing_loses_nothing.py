"""Whatever the order of accepting, sealing, failing and crashing: every sample once."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.history import HistoryFullError
from server.history.sealer import Bounds, Sealer

START = 1_795_000_020_000
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("accept"), st.integers(1, 3), st.integers(1, 4)),  # ticks, series
        st.sampled_from([("seal",), ("crash",), ("replay",), ("fail",)]),
    ),
    max_size=14,
)


def rows_of(archive: Any) -> Counter[tuple[str, int, float]]:
    found: Counter[tuple[str, int, float]] = Counter()
    pairs = [pair for pair in archive.history.series("A-1") if pair[0] == "load1"]
    for (_, part), points in archive.history.points("A-1", pairs, 0, 2**60).items():
        found.update((part, ms, value) for ms, value in zip(points.t.tolist(), points.value.tolist(), strict=True))
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_order_of_accepting_sealing_and_crashing_keeps_each_sample_once(
    archive: Any, said: Any, steps: list[tuple[Any, ...]]
) -> None:
    expected: Counter[tuple[str, int, float]] = Counter()
    number = 0
    with tempfile.TemporaryDirectory() as folder:
        fresh = type(archive)(Path(folder))
        try:
            for step in steps:
                if step[0] == "accept":
                    number += 1
                    series = [("load1", f"part {column}") for column in range(step[2])]
                    rows = [(START + number * 60_000 + tick, np.arange(step[2]) + number) for tick in range(step[1])]
                    fresh.feed(said(number, rows, series))
                    expected.update(
                        (part, ms, float(v)) for ms, row in rows for (_, part), v in zip(series, row, strict=True)
                    )
                elif step[0] == "seal":
                    fresh.history.seal()
                elif step[0] == "crash":
                    fresh.crash()
                elif step[0] == "replay":
                    fresh.history.apply(fresh.sent)
                elif fresh.sent:
                    fresh.ledger.trouble = OSError("no space left on device")
                    if fresh.history.cursor() < number:
                        with pytest.raises(OSError, match="no space"):
                            fresh.history.seal()
                    fresh.ledger.trouble = None
            assert rows_of(fresh) == expected
            fresh.history.seal()
            fresh.crash()
            assert rows_of(fresh) == expected
            assert fresh.history.cursor() == number
        finally:
            fresh.close()


def test_a_segment_is_recorded_as_it_lies_on_disk(archive: Any, said: Any) -> None:
    archive.feed(said(1, [(START, [1.0]), (START + 15_000, [2.0])]))
    archive.history.seal()
    (segment,) = archive.history._sealer.segments.listed
    file = archive.folder / "history" / segment.file
    assert hashlib.sha256(file.read_bytes()).hexdigest() == segment.sha256
    assert file.stat().st_size == segment.size
    assert (segment.samples, segment.min_ms, segment.max_ms) == (4, START, START + 15_000)


def test_what_an_unfinished_seal_left_is_removed_at_the_start(archive: Any, said: Any) -> None:
    archive.feed(said(1, [(START, [1.0])]))
    archive.ledger.trouble = OSError("gone")
    with pytest.raises(OSError, match="gone"):
        archive.history.seal()
    (archive.folder / "history" / "000000000000007.parquet.tmp").write_bytes(b"half")
    archive.ledger.trouble = None
    archive.crash()
    assert list((archive.folder / "history").iterdir()) == []
    assert archive.history.range("A-1", "load1", "", START, START + 1, None).avg == [1.0]


def test_a_missing_or_cut_segment_is_said_and_the_rest_still_answers(archive: Any, said: Any) -> None:
    for number in (1, 2):
        archive.feed(said(number, [(START + number, [float(number)])]))
        archive.history.seal()
    file = archive.folder / "history" / f"{1:015d}.parquet"
    file.write_bytes(file.read_bytes()[:-9])
    archive.crash()
    assert "1 sealed segments are missing or changed: 000000000000001.parquet" in archive.history.healthy()
    assert archive.history.range("A-1", "load1", "", START, START + 10, None).avg == [2.0]


def test_a_full_head_is_refused_until_a_seal_succeeds(tmp_path: Path, archive: Any, said: Any) -> None:
    sealer = Sealer(tmp_path / "small", archive.ledger, Bounds(seconds=1e9, head_bytes=1))
    history = type(archive.history)(sealer)
    history.apply([said(1, [(START, [1.0])])])
    archive.ledger.trouble = OSError("no space left on device")
    with pytest.raises(OSError, match="no space"):
        history.seal()
    history.apply([said(2, [(START + 1, [2.0])])])
    with pytest.raises(HistoryFullError):
        history.apply([said(3, [(START + 2, [3.0])])])
    archive.ledger.trouble = None
    history.seal()
    history.apply([said(3, [(START + 2, [3.0])])])
    assert history.range("A-1", "load1", "", START, START + 9, None).avg == [1.0, 2.0, 3.0]
    sealer.stop()


def test_a_head_that_is_large_enough_is_sealed_by_itself(tmp_path: Path, archive: Any, said: Any) -> None:
    sealer = Sealer(tmp_path / "small", archive.ledger, Bounds(seconds=1e9, samples=4))
    history = type(archive.history)(sealer)
    sealer.start()
    history.apply([said(1, [(START + ms, [1.0]) for ms in range(4)])])
    while history.cursor() < 1:
        pass
    assert history.range("A-1", "load1", "", START, START + 9, None).count == [1] * 4
    sealer.stop()
