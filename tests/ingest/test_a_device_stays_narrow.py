"""What is kept of the newest grows with every source and series of a device: there is an end to both."""

from __future__ import annotations

from typing import Any

import pytest

from bench.batches import Agent, series_of
from readings.wire import Batch, SourceGap, WireError
from server.inbox.breadth import Breadth

SEVERAL = 20


def sent(breadth: Breadth, series: int, source: str = "", blocks: int = 1) -> None:
    agent = Agent("A-1", series=series_of(series, source or "load"))
    breadth.admit("A-1", agent.batch(blocks=blocks))


def test_a_device_has_so_many_series_and_the_ones_it_has_go_on() -> None:
    breadth = Breadth(most_series=100)
    for _ in range(SEVERAL):
        sent(breadth, 60)
    with pytest.raises(WireError, match="device A-1 would have more than 100 series") as refused:
        sent(breadth, 50, "another")
    assert (refused.value.status, refused.value.reason) == (422, "too_broad")
    sent(breadth, 60)
    sent(breadth, 40, "another")


def test_series_from_before_the_start_count() -> None:
    breadth = Breadth(most_series=100)
    breadth.known_series = lambda _device_no: series_of(100)
    sent(breadth, 100)
    with pytest.raises(WireError, match="100 series"):
        sent(breadth, 1, "another")


def test_a_device_has_so_many_sources_whether_they_speak_or_fail() -> None:
    breadth = Breadth(most_sources=10)
    sent(breadth, 20, blocks=10)
    sent(breadth, 20, blocks=10)
    with pytest.raises(WireError, match="more than 10 sources"):
        breadth.admit("A-1", Batch(["b"], [], gaps=[SourceGap("", "another", [0], 1)]))
    breadth.admit("A-2", Batch(["b"], [], gaps=[SourceGap("", "another", [0], 1)]))


def test_it_is_asked_at_the_door(desk: Any) -> None:
    desk.inbox.start()
    desk.inbox.breadth = Breadth(most_series=10)
    agent = Agent("A-1")
    with pytest.raises(WireError, match="10 series"):
        desk.post(agent, agent.body())


def test_the_centre_tells_the_door_what_it_knows(centre: Any, client: Any) -> None:
    assert client.get("/healthz").status_code == 200
    assert list(centre.inbox.breadth.known_series("A-1")) == []
    assert centre.inbox.breadth.known_series == centre.history.series
