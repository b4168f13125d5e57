"""Stored time is boottime plus what the centre learnt of that boot: no wall clock moves a tick."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from bench.batches import SECOND_NS, Agent
from readings.wire import Clock, Exchange
from server.inbox import Pump
from server.inbox.offsets import Offset, learn

MS_NS = 10**6
HOUR_S, DAY_S = 3600, 86_400


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S, DAY_S, -DAY_S])
def test_a_wall_clock_that_jumps_moves_no_slot(desk: Any, remembering: Any, jump_s: int) -> None:
    agent = Agent("A-1")
    applier = remembering()
    pump = Pump(desk.inbox, [applier])
    pump.start()
    for number in range(1, 9):
        if number == 5:
            agent.wall_ahead_ns = jump_s * SECOND_NS
        desk.post(agent, agent.body())
    assert pump.drain(10)
    pump.stop()
    assert [arrival.times for arrival in applier.arrivals] == [[agent.now_ns(n) // MS_NS] for n in range(1, 9)]
    ahead = [_clock(arrival) for arrival in applier.arrivals]
    assert ahead == [0.0] * 4 + [float(jump_s)] * 4
    assert not any(arrival.inferred for arrival in applier.arrivals)


def _clock(arrival: Any) -> float:
    block = next(block for block in arrival.batch.blocks if block.source == "centre")
    number: float = struct.unpack("<d", block.values)[0]
    return number


def test_a_boot_that_was_over_before_anybody_met_it_is_inferred_once(desk: Any, remembering: Any) -> None:
    applier = remembering()
    pump = Pump(desk.inbox, [applier])
    pump.start()
    old, new = Agent("A-1", epoch="old"), Agent("A-1", epoch="new", boot_id="boot-2", booted_ns=Agent("").now_ns(1000))
    bodies = [old.envelope(old.batch()) for _ in range(2)]
    for number, _body in enumerate(bodies):
        batch = Agent("A-1", epoch="old", number=number, wall_ahead_ns=number * SECOND_NS).batch()
        desk.post(new, _posted_by(new, "old", batch))
    assert pump.drain(10)
    pump.stop()
    assert [arrival.times for arrival in applier.arrivals] == [[old.now_ns(n) // MS_NS] for n in (1, 2)]
    assert all(arrival.inferred for arrival in applier.arrivals)


def _posted_by(agent: Agent, epoch: str, batch: Any) -> bytes:
    """A row of an earlier boot, sent in the present one."""
    named = Agent(agent.device_no, epoch=epoch, boot_id=agent.boot_id, booted_ns=agent.booted_ns)
    return named.envelope(batch)


def clock(boottime_s: float, exchange: Exchange | None = None) -> Clock:
    return Clock("b", round(boottime_s * SECOND_NS), 0, exchange)


def exchange(sent_s: float, there_s: float, back_s: float, offset_s: float = 1000.0) -> Exchange:
    sent = round(sent_s * SECOND_NS)
    received = sent + round((offset_s + there_s) * SECOND_NS)
    return Exchange("b", sent, received, received, received - round((offset_s - back_s) * SECOND_NS))


def at(boottime_s: float, offset_s: float = 1000.0, delay_s: float = 0.0) -> int:
    return round((boottime_s + offset_s + delay_s) * SECOND_NS)


def test_one_direction_is_enough_until_there_is_an_exchange() -> None:
    first = learn(None, clock(10), at(10, delay_s=0.3))
    assert first == Offset(round(1000.3 * SECOND_NS), at(10, delay_s=0.3))
    second = learn(first, clock(25, exchange(10, 0.3, 0.3)), at(25, delay_s=0.1))
    assert (second.offset_ns, second.round_trip_ns) == (1000 * SECOND_NS, 600 * MS_NS)


def test_the_smallest_round_trip_of_the_last_hour_is_kept() -> None:
    best = learn(None, clock(25, exchange(10, 0.01, 0.01)), at(25))
    worse = exchange(26, 0.9, 0.1)
    assert learn(best, clock(40, worse), at(40)) is best
    assert learn(best, clock(25 + 3601, worse), at(25 + 3601)).round_trip_ns == SECOND_NS


def test_an_offset_that_cannot_be_true_any_more_is_dropped() -> None:
    known = learn(None, clock(25, exchange(10, 0.01, 0.01)), at(25))
    paused = learn(known, clock(40), at(40, offset_s=5000))  # the machine slept where its clock did not count
    assert paused.offset_ns == 5000 * SECOND_NS
    back = learn(known, clock(40), at(40, offset_s=900))  # it would have been sent after it arrived
    assert back.offset_ns == 900 * SECOND_NS


def test_a_sender_cannot_talk_the_centre_into_a_time() -> None:
    lie = exchange(10, 0, 0, offset_s=90_000)
    assert learn(None, clock(25, lie), at(25)).offset_ns == 1000 * SECOND_NS


def test_an_inferred_offset_gives_way_when_the_boot_speaks_itself() -> None:
    known = Offset(7, 0, inferred=True)
    assert learn(known, clock(25), at(25)) == Offset(1000 * SECOND_NS, at(25))
