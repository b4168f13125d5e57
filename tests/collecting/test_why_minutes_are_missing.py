"""A device that a collector asks: minutes without a reading are its own silence, or the collector's blindness."""

from __future__ import annotations

import pytest

from readings.model import GAP_FLOATS, Gap
from readings.wire import SourceGap
from server.centre import Centre
from server.devices.status import last_heard
from server.happenings.explaining import polled
from server.happenings.tables import SourceGapRow
from server.times import to_ms
from tests.collecting.conftest import Collector, put
from tests.fixtures_centre import Client, HandClock

Pair = tuple[Collector, Collector]
MINUTE = 60_000


def row(start: float, end: float, reason: str) -> SourceGapRow:
    return SourceGapRow(
        device_no="SW-1", source="poll", reason=reason, start_ms=round(start * MINUTE), end_ms=round(end * MINUTE)
    )


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        pytest.param([], [(0, 10, "blind")], id="nobody said anything"),
        pytest.param(
            [row(2, 5, "unreachable")],
            [(0, 2, "blind"), (2, 6, "unreachable"), (6, 10, "blind")],
            id="a poll speaks for the interval after it",
        ),
        pytest.param([row(-1, -1, "timed_out"), row(0, 9, "timed_out")], [(0, 10, "timed_out")], id="throughout"),
        pytest.param(
            [row(1, 4, "unreachable"), row(2, 3, "blind"), row(4.5, 9, "blind")],
            [(0, 1, "blind"), (1, 5, "unreachable"), (5, 10, "blind")],
            id="one within another",
        ),
        pytest.param([row(1, 8, "refused")], [(0, 10, "blind")], id="who refuses was reached, and has ticks"),
    ],
)
def test_a_span_is_told_without_overlap(rows: list[SourceGapRow], told: list[tuple[int, int, str]]) -> None:
    found = polled(rows, 0, 10 * MINUTE, MINUTE)
    assert [(gap.start_ms / MINUTE, gap.end_ms / MINUTE, gap.reason) for gap in found] == told


def test_silence_of_the_device_and_of_its_collector_are_told_apart(
    pair: Pair, clock: HandClock, centre: Centre
) -> None:
    active, _ = pair
    active.leases()
    began = to_ms(clock())
    active.send(active.batch("SW-1"))
    for _ in range(4):  # it does not answer
        clock.forward(minutes=1)
        batch = active.batch("")
        batch.gaps.append(SourceGap("SW-1", "snmp", [0], int(Gap.UNREACHABLE), "no answer"))
        active.leases()
        active.send(batch)
    clock.forward(minutes=10)  # the collector is gone
    active.leases()
    active.send(active.batch("SW-1"))
    assert centre.pump.drain(20)

    found = centre.history.coverage("SW-1", began, began + 15 * MINUTE)

    assert found.filled == 2
    assert [((gap.end_ms - gap.start_ms) / MINUTE, gap.reason) for gap in found.gaps] == [(13, "blind")], (
        "what covers most of it"
    )
    first = centre.history.coverage("SW-1", began, began + 5 * MINUTE)
    assert [(gap.end_ms - gap.start_ms, gap.reason) for gap in first.gaps] == [(4 * MINUTE, "unreachable")]


def test_a_device_that_was_not_reached_is_not_called_heard(pair: Pair, clock: HandClock, centre: Centre) -> None:
    active, _ = pair
    active.leases()
    active.send(active.batch("SW-1"))
    assert centre.pump.drain(20)
    heard = last_heard(centre, "SW-1")
    assert heard == to_ms(clock())
    clock.forward(minutes=1)
    batch = active.batch("")
    batch.gaps.append(SourceGap("SW-1", "snmp", [0], int(Gap.TIMED_OUT), "no answer"))
    active.send(batch)
    assert centre.pump.drain(20)
    assert last_heard(centre, "SW-1") == heard
    assert [value.gap for value in centre.live.latest("SW-1") if value.metric == "up"] == ["timed_out"]


def test_a_polled_device_is_watched_by_its_answers(boss: Client, pair: Pair, clock: HandClock, centre: Centre) -> None:
    active, _ = pair
    active.leases()
    began = to_ms(clock())
    for _ in range(5):
        active.leases()
        active.send(active.batch("SW-1", value=GAP_FLOATS[Gap.NOT_OFFERED]))
        clock.forward(minutes=1)
    assert centre.pump.drain(20)
    found = centre.history.coverage("SW-1", began, began + 5 * MINUTE)
    assert (found.slots, found.filled, found.gaps) == (5, 5, [])
    assert put(boss, "/api/v1/devices/SW-1/collection", share="room", address="192.0.2.7").status_code == 200


@pytest.mark.parametrize(
    ("seen", "health", "why"),
    [
        pytest.param("the device is silent", "unreachable", "", id="its own silence"),
        pytest.param("the collector is gone", "unknown", "监控自身不在线", id="the collector's silence"),
        pytest.param("the collector sees nothing", "unknown", "监控自身不在线", id="the collector's blindness"),
    ],
)
def test_a_device_is_unreachable_only_by_its_own_silence(
    seen: str, health: str, why: str, boss: Client, pair: Pair, clock: HandClock, centre: Centre
) -> None:
    active, _ = pair
    active.leases()
    active.send(active.batch("SW-1", ""))
    clock.forward(seconds=61)  # the centre itself has listened for an interval
    active.leases()
    active.send(active.batch("SW-1", ""))
    assert centre.pump.drain(20)
    for _ in range(20):
        clock.forward(minutes=1)
        if seen != "the collector is gone":
            active.leases()
            batch = active.batch("")
            gap = Gap.BLIND if seen == "the collector sees nothing" else Gap.TIMED_OUT
            batch.gaps.append(SourceGap("SW-1", "snmp", [0], int(gap), "no answer"))
            active.send(batch)
            assert centre.pump.drain(20)
        centre.rounds.once()
    shown = boss.get("/api/v1/devices/SW-1").json()
    assert shown["health"] == health
    assert why in str(shown)
