"""New, repeated, overlapping, damaged, foreign: each gets its answer, and only the new is stored."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bench.batches import Agent, series_of
from readings.wire import (
    Batch,
    Block,
    Dropped,
    Envelope,
    SourceGap,
    WireError,
    WireEvent,
    pack_batch,
    pack_envelope,
    pack_series,
)
from server.inbox import Conflict
from server.inbox.numbers import Decision, judge_numbers


@pytest.mark.parametrize(
    ("position", "first", "last", "known", "decision"),
    [
        pytest.param(0, 1, 1, None, Decision.ACCEPT, id="the first of all"),
        pytest.param(0, 7, 9, None, Decision.ACCEPT, id="the spool dropped the first six"),
        pytest.param(3, 4, 6, None, Decision.ACCEPT, id="the next"),
        pytest.param(3, 9, 9, None, Decision.ACCEPT, id="some between were dropped"),
        pytest.param(6, 4, 6, b"same", Decision.DUPLICATE, id="a repeat"),
        pytest.param(9, 4, 6, b"same", Decision.DUPLICATE, id="a repeat of an older one"),
        pytest.param(6, 4, 6, b"else", Decision.CONFLICT, id="the same numbers with other content"),
        pytest.param(6, 4, 6, None, Decision.CONFLICT, id="too old to be recognised"),
        pytest.param(6, 4, 8, None, Decision.CONFLICT, id="half of it is held"),
        pytest.param(6, 6, 6, None, Decision.CONFLICT, id="the last tick cut out of a batch"),
    ],
)
def test_numbers_and_hash_alone_decide(
    position: int, first: int, last: int, known: bytes | None, decision: Decision
) -> None:
    assert judge_numbers(position, first, last, b"same", known) is decision


def test_a_batch_is_taken_once_however_often_it_is_sent(desk: Any) -> None:
    desk.inbox.start()
    agent = Agent("A-1")
    first, second = agent.body(3), agent.body(2)
    assert desk.post(agent, first).position == 3
    assert desk.post(agent, second).position == 5
    again = desk.post(agent, first)
    assert (again.position, again.duplicate) == (5, True)
    assert desk.inbox.stored_batches() == 2
    assert desk.inbox.counters.duplicates == 1


def test_a_repeat_is_known_after_a_restart_too(desk: Any) -> None:
    desk.inbox.start()
    agent = Agent("A-1")
    body = agent.body(3)
    desk.post(agent, body)
    desk.again().start()
    assert desk.post(agent, body).duplicate


def test_two_of_the_same_at_the_same_moment_are_one(desk: Any) -> None:
    desk.inbox.start()
    agent = Agent("A-1")
    body = agent.body()
    answers = desk.post_together([(agent, body)] * 5)
    assert sorted(answer.duplicate for answer in answers) == [False, True, True, True, True]
    assert desk.inbox.stored_batches() == 1


def test_the_same_numbers_with_other_content_are_a_conflict_that_names_the_position(desk: Any) -> None:
    desk.inbox.start()
    agent, twin = Agent("A-1"), Agent("A-1", seed=9)
    desk.post(agent, agent.body(4))
    with pytest.raises(Conflict) as refused:
        desk.post(twin, twin.body(4))
    assert refused.value.position == 4


def test_every_epoch_and_every_sender_counts_for_itself(desk: Any) -> None:
    desk.inbox.start()
    for agent in (Agent("A-1"), Agent("A-1", epoch="epoch-2"), Agent("A-2")):
        assert desk.post(agent, agent.body(2)).position == 2


def test_a_hello_is_told_the_position_and_the_clocks_and_stores_nothing(desk: Any) -> None:
    desk.inbox.start()
    agent = Agent("A-1")
    assert desk.post(agent, agent.hello()).position == 0
    desk.post(agent, agent.body(2))
    receipt = desk.post(agent, agent.hello())
    assert (receipt.position, receipt.received) == (2, desk.now_ns)
    assert desk.inbox.stored_batches() == 1


def test_hashes_are_kept_for_the_last_256_batches_of_a_sender(desk: Any) -> None:
    desk.inbox.start()
    agent = Agent("A-1", series=series_of(1))
    bodies = list(agent.bodies(258))
    for body in bodies:
        desk.post(agent, body)
    assert desk.post(agent, bodies[2]).duplicate
    with pytest.raises(Conflict):
        desk.post(agent, bodies[1])


def block(device: str = "", source: str = "cpu", series: object = (("load1", ""),), cells: int = 1) -> Block:
    packed = msgspec.msgpack.encode(series)
    return Block(device, source, [0], packed, bytes(8 * cells))


WRONG = {
    "two values for one series": (422, "malformed", block(cells=2)),
    "a series named twice": (422, "malformed", block(series=(("load1", ""), ("load1", "")), cells=2)),
    "a metric that is no name": (422, "malformed", block(series=(("load 1", ""),))),
    "a part with a line break": (422, "malformed", block(series=(("load1", "a\nb"),))),
    "series that are no list": (422, "malformed", block(series=7)),
    "the centre's own source": (422, "malformed", block(source="centre")),
    "another device": (422, "foreign_device", block(device="B-7")),
}


@pytest.mark.parametrize(("status", "reason", "wrong"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_block_refuses_its_batch_and_nothing_else(desk: Any, status: int, reason: str, wrong: Block) -> None:
    desk.inbox.start()
    agent = Agent("A-1")
    good = agent.batch()
    bad = Batch(good.boots, good.ticks, [wrong])
    with pytest.raises(WireError) as refused:
        desk.post(agent, agent.envelope(bad))
    assert (refused.value.status, refused.value.reason) == (status, reason)
    assert desk.post(agent, agent.envelope(good)).position == 1


def test_its_own_number_is_as_good_as_none(desk: Any) -> None:
    desk.inbox.start()
    agent = Agent("A-1")
    batch = agent.batch()
    named = Batch(batch.boots, batch.ticks, [block(device="A-1")])
    assert desk.post(agent, agent.envelope(named)).position == 1


def test_ticks_that_are_not_those_of_the_envelope_are_refused(desk: Any) -> None:
    desk.inbox.start()
    agent = Agent("A-1")
    body = pack_envelope(Envelope(1, "e", 1, 3, agent.clock(), pack_batch(agent.batch(2))))
    with pytest.raises(WireError, match="not the ticks 1…3"):
        desk.post(agent, body)


def test_a_time_no_clock_can_have_meant_is_refused_and_the_next_batch_taken(desk: Any) -> None:
    desk.inbox.start()
    agent = Agent("A-1")
    batch = agent.batch()
    far = Batch(batch.boots, [msgspec.structs.replace(batch.ticks[0], boottime=3 * 2**60)], batch.blocks)
    with pytest.raises(WireError, match="ms since the epoch"):
        desk.post(agent, agent.envelope(far))
    assert desk.post(agent, agent.body()).position == 2


def test_an_unknown_metric_is_stored_all_the_same(desk: Any) -> None:
    desk.inbox.start()
    agent = Agent("A-1", series=[("invented_yesterday_total", "x")])
    assert desk.post(agent, agent.body()).position == 1
    assert pack_series(agent.series)


def test_what_no_applier_could_store_is_refused_at_the_door(desk: Any) -> None:
    desk.inbox.start()
    agent = Agent("A-1")
    good = agent.batch()
    event = WireEvent("", 0, 0, "kernel", "oops", 3, "text")
    replace = msgspec.structs.replace
    for wrong in (
        replace(good, gaps=[SourceGap("", "cpu", [], 1)]),
        replace(good, events=[replace(event, severity=9)]),
        replace(good, events=[replace(event, count=2**63)]),
        replace(good, events=[replace(event, wall=2**63)]),
        replace(good, ticks=[replace(good.ticks[0], wall=2**63)]),
        replace(good, dropped=[Dropped(1, 2**63, "b", 0, 0, 0, 0)]),
        replace(good, blocks=[replace(good.blocks[0], source="x" * 201)]),
    ):
        with pytest.raises(WireError) as refused:
            desk.post(agent, agent.envelope(wrong))
        assert refused.value.reason == "malformed"
    with pytest.raises(WireError, match="neither a time"):
        desk.post(agent, pack_envelope(Envelope(1, "e", 0, 0, replace(agent.clock(), boottime=2**63))))
    assert desk.post(agent, agent.envelope(good)).position == 1
