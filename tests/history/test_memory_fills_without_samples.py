"""Memory fills with rows and with lists of series as well as with samples: whichever it is, it is sealed in time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from server.history import History
from server.history.sealer import Bounds, Sealer

START = 1_795_000_020_000


def sealed_by_itself(archive: Any, folder: Path, *arrivals: Any) -> bool:
    sealer = Sealer(folder / "other", archive.ledger, Bounds(seconds=1e9, samples=10**12, head_bytes=100_000))
    history = History(sealer)
    history.apply(arrivals)
    due = sealer._due.is_set() and sealer._large(sealer.head)
    sealer.stop()
    return due


def test_lists_of_series_met_only_once_count(archive: Any, said: Any, tmp_path: Path) -> None:
    lists = [[("load1", f"{number} {column}") for column in range(100)] for number in range(5)]
    arrivals = [said(n + 1, [(START + n, [1.0] * 100)], series) for n, series in enumerate(lists)]
    assert not sealed_by_itself(archive, tmp_path / "few", *arrivals[:1])
    assert sealed_by_itself(archive, tmp_path / "many", *arrivals)


def test_rows_without_samples_count(archive: Any, said: Any, tmp_path: Path) -> None:
    arrivals = [said(n + 1, [(START + n, [])], []) for n in range(200)]
    assert sealed_by_itself(archive, tmp_path, *arrivals)
