"""A centre whose machine room is played from recordings: two collectors, and people who may more and less."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from readings.wire import Batch, Clock, Envelope, pack_batch, pack_envelope
from server.centre import Centre
from server.device_secrets.keys import make_key, write_keys
from server.times import to_ns
from tests.fixtures_centre import Client, HandClock, MakePerson, MakeToken, Visit
from tests.pages.equipment import BOOT, INTERVAL_S, ROOM, SECOND, Machine, furnish, room_batch

TICKS = 16
NAMED = {machine.device_no: machine for machine in ROOM}
BOOTED_NS = 1_700_000_000 * SECOND


@dataclass
class Room:
    """``boss`` may administer, ``reader`` only look; ``play`` sends readings of the room up to now."""

    centre: Centre
    clock: HandClock
    boss: Client
    reader: Client
    api: Client
    collector: Client
    active_id: str
    standby_id: str
    number: int = 0

    def lease(self) -> None:
        assert self.collector.post("/api/v1/collectors/self/leases").status_code == 200

    def play(self, machines: Sequence[Machine] = ROOM, *, ticks: int = TICKS, facts: bool = True) -> None:
        wall = to_ns(self.clock())
        moments = [
            (wall - BOOTED_NS - back * INTERVAL_S * SECOND, wall - back * INTERVAL_S * SECOND)
            for back in range(ticks - 1, -1, -1)
        ]
        self.send(room_batch(self.number + 1, moments, facts=facts, machines=machines))

    def send(self, batch: Batch) -> None:
        wall = to_ns(self.clock())
        first, last = batch.ticks[0].number, batch.ticks[-1].number
        clock = Clock(BOOT, wall - BOOTED_NS, wall)
        body = pack_envelope(Envelope(1, "0123456789abcdef", first, last, clock, pack_batch(batch)))
        answer = self.collector.post("/api/v1/batches", content=body)
        assert answer.status_code == 200, answer.text
        self.number = last
        assert self.centre.pump.drain(30)

    def page(self, path: str, who: Client | None = None) -> str:
        answer = (who or self.boss).get(path, headers={"accept": "text/html"})
        assert answer.status_code == 200, answer.text
        return answer.text


RoomOf = Callable[..., Room]


@pytest.fixture
def empty_room(centre: Centre, clock: HandClock, visit: Visit, person: MakePerson, token: MakeToken) -> Room:
    """People and two enrolled collectors, and nothing else yet."""
    write_keys(centre.vault.path, [make_key()])
    person("guan", "netadmin", scope="admin", display_name="管工")
    person("kan", scope="read", display_name="看工")
    boss, reader, api = visit(), visit(), visit().bear(token("admin"))
    assert boss.sign_in("guan").status_code == 200
    assert reader.sign_in("kan").status_code == 200

    def enrol(device_no: str) -> tuple[Client, str]:
        invitation = api.post("/api/v1/enrolments", json={"device_no": device_no}).json()["token"]
        given = visit().post("/api/v1/enrol", json={"token": invitation, "hostname": device_no.lower()}).json()
        return visit().bear(given["credential"]), given["agent_id"]

    active, active_id = enrol("COL-1")
    _, standby_id = enrol("COL-2")
    return Room(centre, clock, boss, reader, api, active, active_id, standby_id)


@pytest.fixture
def room(empty_room: Room) -> Room:
    """A share that the first collector asks, and nothing in it."""
    empty_room.api.request(
        "PUT",
        "/api/v1/collection/shares/room",
        json={"active_id": empty_room.active_id, "standby_id": empty_room.standby_id},
    )
    empty_room.lease()
    empty_room.play([])
    return empty_room


@pytest.fixture
def room_of(empty_room: Room) -> RoomOf:
    """``room_of("SW-0101", …)``: these machines of ROOM, or others, asked for a quarter of an hour until just now."""

    def furnished(*wanted: str | Machine) -> Room:
        machines = [one if isinstance(one, Machine) else NAMED[one] for one in wanted]
        furnish(empty_room.api, empty_room.active_id, empty_room.standby_id, machines)
        for _ in range(TICKS + 2):
            empty_room.lease()
            empty_room.clock.forward(minutes=1)
        empty_room.lease()
        empty_room.play(machines)
        empty_room.clock.forward(seconds=1)  # what happens at this very moment is not in the past yet
        return empty_room

    return furnished
