"""The live view: newest by stored time, gaps said, changes told, and a restart that forgets nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import numpy as np
import pytest

from readings.model import GAP_FLOATS, Gap
from readings.wire import Batch, Block, SourceGap, Tick, WireEvent, pack_series
from server.inbox.arrival import Arrival, Sender
from server.inbox.offsets import Resolved
from server.inbox.reception import arrival
from server.live import Live, stale_before

START = 1_795_000_020_000
SENDER = Sender("agent of A-1", "A-1")
SERIES = [("load1", ""), ("temperature_celsius", "inlet")]


def tick(ms: int, values: tuple[float, float] | None, failed: Gap | None = None) -> Batch:
    blocks = []
    if values is not None:
        blocks = [Block("", "host", [0], pack_series(SERIES), np.array(values, dtype="<f8").tobytes())]
    gaps = [SourceGap("", "host", [0], int(failed), "no such file")] if failed is not None else []
    return Batch(["boot"], [Tick(1, 0, ms * 10**6, ms * 10**6)], blocks, gaps, interval_s=5.0)


def said(batch: Batch | None, newest: Batch | None = None, received_ms: int = START) -> Arrival:
    at = Resolved([0], [0], inferred=False)
    return arrival(1, SENDER, "e", received_ms, batch=batch, newest=newest, at=at)


def shown(live: Live) -> dict[str, tuple[float | None, str | None]]:
    return {value.metric: (value.value, value.gap) for value in live.latest("A-1") if value.source == "host"}


def test_the_newest_by_time_wins_whatever_comes_later() -> None:
    live = Live()
    live.apply([said(tick(START + 15_000, (2.0, 20.0)))])
    live.apply([said(tick(START, (1.0, 10.0)))])
    assert shown(live) == {"load1": (2.0, None), "temperature_celsius": (20.0, None)}
    assert live.devices["A-1"].newest_ms == START + 15_000
    assert live.devices["A-1"].interval_s == 5.0


def test_the_tick_that_rides_along_is_shown_before_the_backlog() -> None:
    live = Live()
    live.apply([said(tick(START, (1.0, 10.0)), newest=tick(START + 600_000, (9.0, 90.0)))])
    assert shown(live)["load1"] == (9.0, None)


def test_gaps_are_words_never_numbers() -> None:
    live = Live()
    live.apply([said(tick(START, (GAP_FLOATS[Gap.TIMED_OUT], float("inf"))))])
    assert shown(live) == {"load1": (None, "timed_out"), "temperature_celsius": (None, "unreadable")}


def test_a_source_that_fails_makes_all_its_series_gaps_and_says_why() -> None:
    live = Live()
    live.apply([said(tick(START, (1.0, 10.0))), said(tick(START + 1, None, Gap.REFUSED))])
    assert shown(live) == {"load1": (None, "refused"), "temperature_celsius": (None, "refused")}
    assert live.devices["A-1"].sources["host"].detail == "no such file"


def test_who_listens_is_told_which_devices_changed() -> None:
    async def listen() -> set[str]:
        live = Live()
        with live.subscribe(asyncio.get_running_loop()) as changes:
            live.apply([said(tick(START, (1.0, 10.0)))])
            live.apply([said(tick(START + 1, (1.0, 10.0)))])
            found = await changes.next()
        live.apply([said(tick(START + 2, (1.0, 10.0)))])
        return found

    assert asyncio.run(listen()) == {"A-1"}


def test_a_version_grows_with_every_change_and_only_then() -> None:
    live = Live()
    live.apply([said(tick(START, (1.0, 10.0)))])
    version = live.devices["A-1"].version
    live.apply([said(tick(START, (1.0, 10.0)))])
    assert live.devices["A-1"].version == version
    live.apply([said(tick(START + 1, (1.0, 10.0)))])
    assert live.devices["A-1"].version > version


def test_what_happened_to_a_device_is_news_though_nothing_was_read() -> None:
    live = Live()
    live.apply([said(tick(START, (1.0, 10.0)))])
    version = live.devices["A-1"].version
    silent = tick(START + 1, None)
    live.apply([said(msgspec.structs.replace(silent, events=[WireEvent("", 0, 0, "trap", "link_down", 4, "down")]))])
    assert live.devices["A-1"].version > version


def test_a_restart_shows_what_was_newest(tmp_path: Path) -> None:
    live = Live(tmp_path / "live")
    live.apply([said(tick(START, (1.0, GAP_FLOATS[Gap.LOST])), received_ms=START + 7)])
    live.save()
    again = Live(tmp_path / "live")
    assert again.latest("A-1") == live.latest("A-1")
    assert again.devices["A-1"].received_ms == START + 7


@pytest.mark.parametrize("content", [b"", b"\xc1", b"\x91\x01"])
def test_a_damaged_snapshot_only_means_an_empty_start(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "live").write_bytes(content)
    assert Live(tmp_path / "live").devices == {}


def test_a_snapshot_that_cannot_be_kept_stops_nothing(tmp_path: Path) -> None:
    live = Live(tmp_path / "gone" / "live")
    live.apply([said(tick(START, (1.0, 10.0)))])
    live.save()
    assert shown(live)["load1"] == (1.0, None)


def test_a_reading_is_stale_after_three_intervals() -> None:
    live = Live()
    live.apply([said(tick(START, (1.0, 10.0)))])
    assert stale_before(live.devices["A-1"], START) == START - 15_000
    live.devices["A-1"].interval_s = 60.0
    assert stale_before(live.devices["A-1"], START) == START - 180_000
