"""Arrivals reach each applier in order and once, whatever breaks in between; what all hold is let go."""

from __future__ import annotations

import time
from typing import Any

from bench.batches import Agent
from server.inbox import Pump


def wait_until(done: Any, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.005)


def test_everything_accepted_reaches_every_applier_in_order(desk: Any, remembering: Any) -> None:
    one, two = remembering("one"), remembering("two")
    pump = Pump(desk.inbox, [one, two])
    pump.start()
    agents = [Agent(f"A-{n}") for n in range(4)]
    for _ in range(30):  # far more than the 20 kB that are handed over in memory
        desk.post_together([(agent, agent.body()) for agent in agents])
    assert pump.drain(10)
    pump.stop()
    assert one.ids == two.ids == list(range(1, 121))


def test_what_was_not_handed_over_is_replayed_with_the_same_times(desk: Any, remembering: Any) -> None:
    desk.inbox.start()
    agent = Agent("A-1")
    for _ in range(20):
        desk.post(agent, agent.body(2))
    live = remembering()
    pump = Pump(desk.again(), [live])
    pump.start()
    assert pump.drain(10)
    desk.post(agent, agent.body(2))
    assert pump.drain(10)
    pump.stop()
    assert live.ids == list(range(1, 22))
    assert [ms for arrival in live.arrivals for ms in arrival.times] == [
        agent.now_ns(number) // 10**6 for number in range(1, 43)
    ]


def test_an_applier_begins_where_it_is_durable(desk: Any, remembering: Any) -> None:
    desk.inbox.start()
    agent = Agent("A-1")
    for _ in range(6):
        desk.post(agent, agent.body())
    behind, ahead = remembering("behind", durable=2), remembering("ahead", durable=5)
    pump = Pump(desk.again(), [behind, ahead])
    pump.start()
    assert pump.drain(10)
    pump.stop()
    assert (behind.ids, ahead.ids) == ([3, 4, 5, 6], [6])


def test_one_that_fails_is_said_so_left_behind_and_fed_again(desk: Any, remembering: Any) -> None:
    healthy, broken = remembering("healthy"), remembering("broken")
    broken.trouble = RuntimeError("no room")
    pump = Pump(desk.inbox, [broken, healthy])
    pump.start()
    agent = Agent("A-1")
    for _ in range(10):
        desk.post(agent, agent.body())
    wait_until(lambda: len(healthy.ids) == 10)
    assert pump.healthy() == "applier broken: RuntimeError: no room"
    broken.trouble = None
    assert pump.drain(10)
    assert pump.healthy() is None
    pump.stop()
    assert broken.ids == healthy.ids == list(range(1, 11))


def test_batches_go_when_all_hold_them_durably(desk: Any, remembering: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("server.inbox.pump.RELEASE_EVERY_S", 0.0)
    one, two = remembering("one"), remembering("two")
    pump = Pump(desk.inbox, [one, two])
    pump.start()
    agent = Agent("A-1")
    for _ in range(10):
        desk.post(agent, agent.body())
    one.durable, two.durable = 9, 4
    wait_until(lambda: desk.inbox.stored_batches() == 6)
    two.durable = 10
    wait_until(lambda: desk.inbox.stored_batches() == 1)
    pump.stop()


def test_an_inbox_lost_by_its_owner_does_not_make_new_batches_look_old(desk: Any, remembering: Any) -> None:
    far = remembering("far", durable=5000)
    pump = Pump(desk.inbox, [far])
    pump.start()
    agent = Agent("A-1")
    desk.post(agent, agent.body())
    assert pump.drain(10)
    pump.stop()
    assert far.ids == [5001]


def test_the_newest_tick_rides_to_those_that_keep_nothing(desk: Any, remembering: Any) -> None:
    class Passing(remembering):  # type: ignore[misc]  # the class comes through a fixture
        def cursor(self) -> None:
            return None

    keeps, passing = remembering("keeps"), Passing("passing")
    pump = Pump(desk.inbox, [keeps, passing])
    pump.start()
    agent = Agent("A-1")
    backlog = agent.batch(3)
    newest = agent.batch()
    body = agent.envelope(backlog, newest)
    desk.post(agent, body)
    desk.post(agent, body)
    assert pump.drain(10)
    wait_until(lambda: passing.ids == [1, 0])
    pump.stop()
    assert keeps.ids == [1]
    assert passing.arrivals[0].newest_ms == passing.arrivals[1].newest_ms == agent.now_ns(4) // 10**6
