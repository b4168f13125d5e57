"""Readings of a device are taken from the collector that held it when they were read, and from nobody else."""

from __future__ import annotations

from server.centre import Centre
from server.happenings.queries import events
from server.times import to_ms
from tests.collecting.conftest import Collector, MakeCollector, put
from tests.fixtures_centre import Client, HandClock

Pair = tuple[Collector, Collector]
ALL = (0, 2**53)


def settled(centre: Centre) -> None:
    """All that is accepted has reached the appliers."""
    assert centre.pump.drain(20)


def readings(centre: Centre, device_no: str) -> list[float]:
    return [
        latest.value for latest in centre.live.latest(device_no) if latest.metric == "up" and latest.value is not None
    ]


def test_a_reading_carries_the_number_of_the_device(pair: Pair, centre: Centre) -> None:
    active, _ = pair
    active.leases()
    assert active.send(active.batch("SW-1", "", value=7.0, event="SW-1")).status_code == 200
    settled(centre)
    assert readings(centre, "SW-1") == [7.0]
    assert readings(centre, "COL-1") == [7.0]
    assert [event.kind for event in events(centre.records, "SW-1", *ALL)] == ["link_down"]


def test_who_never_held_a_share_may_not_name_another_device(
    pair: Pair, collector: MakeCollector, centre: Centre
) -> None:
    _, standby = pair
    for one in (collector("S-001"), standby):
        refused = one.send(one.batch("SW-1"))
        assert refused.status_code == 422
        assert "SW-1" in refused.json()["detail"]
    assert centre.inbox.counters.refused["foreign_device"] == 2
    settled(centre)
    assert readings(centre, "SW-1") == []


def test_after_a_take_over_the_former_is_not_heard_of_what_came_later(
    pair: Pair, clock: HandClock, centre: Centre
) -> None:
    active, standby = pair
    active.leases()
    clock.forward(minutes=5)
    assert standby.leases()["held"]
    standby.send(standby.batch("SW-1", value=2.0))
    clock.forward(minutes=1)

    assert active.send(active.batch("", "SW-1", value=9.0, event="SW-1")).status_code == 200
    settled(centre)

    assert readings(centre, "SW-1") == [2.0]
    assert readings(centre, "COL-1") == [9.0], "of itself it may speak"
    assert list(events(centre.records, "SW-1", *ALL)) == []
    assert centre.inbox.counters.refused["not_held"] == 1


def test_what_was_read_before_the_take_over_is_taken_however_late(pair: Pair, clock: HandClock, centre: Centre) -> None:
    active, standby = pair
    active.leases()
    clock.forward(minutes=3)
    backlog = active.batch("SW-1", ticks=4, value=5.0)
    clock.forward(minutes=2)
    standby.leases()
    clock.forward(minutes=30)

    assert active.send(backlog).status_code == 200
    settled(centre)
    assert readings(centre, "SW-1") == [5.0]
    assert centre.inbox.counters.refused["not_held"] == 0


def test_a_batch_across_the_take_over_counts_up_to_it(pair: Pair, clock: HandClock, centre: Centre) -> None:
    active, standby = pair
    active.leases()
    clock.forward(minutes=2, seconds=30)
    standby.leases()
    clock.forward(minutes=1, seconds=30)
    active.send(active.batch("SW-1", ticks=5))  # three before it and two after
    settled(centre)
    arrivals = centre.inbox.stored_after(0, 10**9, 10**9)
    [block] = [block for block in arrivals[-1].batch.blocks if (block.device, block.source) == ("SW-1", "snmp")]  # type: ignore[union-attr]  # it is there
    taken_over = to_ms(clock()) - 90_000
    assert [arrivals[-1].times[tick] < taken_over for tick in block.ticks] == [True, True, True]
    assert len(block.values) == 8 * 3


def test_a_device_that_moved_is_heard_from_its_new_share_only(
    boss: Client, pair: Pair, collector: MakeCollector, clock: HandClock, centre: Centre
) -> None:
    active, _ = pair
    other = collector("COL-3")
    put(boss, "/api/v1/collection/shares/hall", active_id=other.id)
    active.leases()
    other.leases()
    clock.forward(minutes=1)
    put(boss, "/api/v1/devices/SW-1/collection", share="hall", address="192.0.2.7")
    clock.forward(minutes=1)
    active.send(active.batch("SW-1", value=1.0))
    other.send(other.batch("SW-1", value=3.0))
    settled(centre)
    assert readings(centre, "SW-1") == [3.0]


def test_what_is_read_again_after_a_crash_is_what_was_accepted(pair: Pair, clock: HandClock, centre: Centre) -> None:
    active, standby = pair
    active.leases()
    clock.forward(minutes=5)
    standby.leases()
    clock.forward(minutes=1)
    active.send(active.batch("SW-1", "", value=9.0))
    settled(centre)
    [again] = centre.inbox.stored_after(0, 10**9, 10**9)
    assert again.batch is not None
    assert {block.device for block in again.batch.blocks} == {""}, "nor does the centre say that it answered"
