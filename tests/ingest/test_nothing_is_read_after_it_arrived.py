"""A tick from the future would be the newest for years: whatever a clock says, it was read before it arrived."""

from __future__ import annotations

from typing import Any

import msgspec

from bench.batches import SECOND_NS, Agent
from readings.wire import Batch, Tick
from server.inbox import Arrival

DECADE_NS = 10 * 365 * 86_400 * SECOND_NS


def taken(desk: Any) -> Arrival:
    desk.inbox.handover.wait(0, 5)
    arrivals: list[Arrival] = desk.inbox.handover.take(0, 10, 10**9)[0]
    return arrivals[-1]


def test_the_ticks_of_a_boot_whose_wall_clock_ran_ahead_end_when_they_arrived(desk: Any) -> None:
    desk.inbox.start()
    agent = Agent("A-1")
    batch = agent.batch(2)
    late = [msgspec.structs.replace(tick, wall=tick.wall + DECADE_NS) for tick in batch.ticks]
    desk.post(agent, agent.envelope(Batch(["a boot before"], late, batch.blocks)))
    arrival = taken(desk)
    assert arrival.times == [arrival.received_ms - 15_000, arrival.received_ms]
    assert arrival.inferred


def test_a_tick_beyond_the_clock_of_its_own_request_is_dated_when_it_arrived(desk: Any) -> None:
    desk.inbox.start()
    agent = Agent("A-1")
    batch = agent.batch(2)
    second = batch.ticks[1]
    ahead = [batch.ticks[0], Tick(2, 0, second.boottime + DECADE_NS, second.wall)]
    desk.post(agent, agent.envelope(Batch(batch.boots, ahead, batch.blocks)))
    arrival = taken(desk)
    assert arrival.times == [arrival.received_ms - 15_000, arrival.received_ms]
