"""Two collectors, each believing only what the centre last told it: whatever is cut, every moment is read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from collector.holding import Holding
from readings.delivery.collection import ListedDevice
from readings.delivery.credential import Credential
from readings.delivery.rotation import Rotation
from readings.wire import Batch
from server.centre import Centre
from server.times import to_ms
from tests.collecting.conftest import Collector, put
from tests.fixtures_centre import Client, HandClock

Pair = tuple[Collector, Collector]
STEP_S = 10


class Bridge(httpx.BaseTransport):
    """To the centre of the test, unless it is cut."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.cut = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.cut:
            raise httpx.ConnectError("cut", request=request)
        wanted = {key: value for key, value in request.headers.items() if key in {"authorization", "if-none-match"}}
        said = self.client.request(request.method, request.url.path, headers=wanted, content=request.content)
        return httpx.Response(said.status_code, headers={"etag": said.headers.get("etag", "")}, content=said.content)


@dataclass
class Program:
    """A collector as it works: asks the centre, reads SW-1 while it holds its share, sends when it can."""

    collector: Collector
    bridge: Bridge
    holding: Holding
    listed: list[ListedDevice] = field(default_factory=list)
    waiting: list[Batch] = field(default_factory=list)
    alive: bool = True
    read_ms: list[int] = field(default_factory=list)

    def step(self) -> None:
        if not self.alive:
            return
        self.holding.step()
        if self.holding.holds("room"):
            self.waiting.append(self.collector.batch("SW-1"))
            self.read_ms.append(to_ms(self.collector.clock()))
        self.send()

    def send(self) -> None:
        while self.waiting and not self.bridge.cut:
            assert self.collector.send(self.waiting.pop(0)).status_code == 200


@pytest.fixture
def programs(pair: Pair, clock: HandClock, tmp_path: Path) -> tuple[Program, Program]:
    def program(collector: Collector) -> Program:
        bridge = Bridge(collector.client)
        http = httpx.Client(base_url="http://centre", transport=bridge)
        bearer = collector.client.http.headers["Authorization"].removeprefix("Bearer ")
        credential = Credential("http://centre", collector.id, "COL", bearer)
        rotation = Rotation(http, tmp_path, credential, _Nobody(), every_s=1e9, wall_s=lambda: 0.0)
        listed: list[ListedDevice] = []
        holding = Holding(http, rotation, monotonic=lambda: clock().timestamp())
        holding.changed = listed.extend
        return Program(collector, bridge, holding, listed)

    return program(pair[0]), program(pair[1])


class _Nobody:
    def bear(self, credential: str) -> None:
        raise AssertionError(credential)


def go_on(programs: Sequence[Program], clock: HandClock, seconds: int) -> None:
    for _ in range(seconds // STEP_S):
        for program in programs:
            program.step()
        clock.forward(seconds=STEP_S)


def held(centre: Centre, until_ms: int) -> list[int]:
    assert centre.pump.drain(20)
    return sorted(centre.history.ticks("SW-1", 0, until_ms + 1))


def widest(times: Sequence[int]) -> float:
    return max(later - earlier for earlier, later in pairwise(times)) / 1000


def test_the_standby_goes_on_where_the_active_one_died(
    programs: tuple[Program, Program], clock: HandClock, centre: Centre
) -> None:
    active, standby = programs
    go_on(programs, clock, 120)
    active.alive = False
    go_on(programs, clock, 300)
    times = held(centre, to_ms(clock()))
    assert times == sorted(active.read_ms + standby.read_ms), "all that was read is there"
    assert len(set(times)) == len(times), "and nothing twice"
    assert widest(times) <= 120, "two intervals"
    assert len(standby.read_ms) > 10


def test_one_cut_off_from_the_centre_stops_before_the_other_begins(
    programs: tuple[Program, Program], clock: HandClock, centre: Centre
) -> None:
    active, standby = programs
    go_on(programs, clock, 120)
    active.bridge.cut = True
    go_on(programs, clock, 300)
    assert active.waiting, "it went on reading while its lease lasted"
    active.bridge.cut = False
    go_on(programs, clock, 120)
    times = held(centre, to_ms(clock()))
    assert times == sorted(active.read_ms + standby.read_ms)
    assert len(set(times)) == len(times)
    assert max(active.read_ms) < min(standby.read_ms)
    assert centre.inbox.counters.refused["not_held"] == 0


def test_a_centre_that_is_away_stops_nobody_who_is_alone(
    boss: Client, programs: tuple[Program, Program], clock: HandClock, centre: Centre
) -> None:
    active, _ = programs
    put(boss, "/api/v1/collection/shares/room", active_id=active.collector.id)
    go_on([active], clock, 60)
    active.bridge.cut = True
    go_on([active], clock, 3_600)
    active.bridge.cut = False
    go_on([active], clock, 60)
    times = held(centre, to_ms(clock()))
    assert times == active.read_ms
    assert widest(times) == STEP_S


def test_the_list_is_fetched_once_and_again_when_it_changed(
    boss: Client, programs: tuple[Program, Program], clock: HandClock
) -> None:
    active, _ = programs
    go_on([active], clock, 60)
    assert [device.address for device in active.listed] == ["192.0.2.7"]
    put(boss, "/api/v1/devices/SW-1/collection", share="room", address="192.0.2.8")
    go_on([active], clock, 60)
    assert [device.address for device in active.listed] == ["192.0.2.7", "192.0.2.8"]
    assert active.holding.trouble == ""


def test_an_answer_that_is_none_changes_nothing(programs: tuple[Program, Program], clock: HandClock) -> None:
    active, _ = programs
    go_on([active], clock, 20)

    def garbage(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b'{"revision": "soon"')

    active.holding._http = httpx.Client(base_url="http://centre", transport=httpx.MockTransport(garbage))
    active.holding.step()
    assert "CollectionRefused" in active.holding.trouble
    assert active.holding.holds("room"), "until the lease ends"
    clock.forward(seconds=60)
    active.holding.step()
    assert not active.holding.holds("room")
