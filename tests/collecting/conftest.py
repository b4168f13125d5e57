"""Two collectors of a share with one switch in it, at a centre whose clock is in the test's hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from readings.delivery.collection import DEVICES_PATH, LEASES_PATH
from readings.wire import Batch, Block, Clock, Envelope, Tick, WireEvent, pack_batch, pack_envelope, pack_series
from server.centre import Centre
from server.device_secrets.keys import make_key, write_keys
from server.times import to_ns
from tests.fixtures_centre import Client, HandClock, MakeToken, Visit

BOOT_NS = 1_700_000_000_000_000_000
SERIES = pack_series([("up", "")])


@dataclass
class Collector:
    """An enrolled collector; ``tick(device, …)`` sends one reading of each device, taken now."""

    client: Client
    id: str
    clock: HandClock
    number: int = 0

    def leases(self) -> dict[str, Any]:
        answer = self.client.post(LEASES_PATH)
        assert answer.status_code == 200, answer.text
        [lease] = answer.json()["leases"]
        return dict(lease)

    def devices(self, etag: str = "") -> Any:
        return self.client.get(DEVICES_PATH, headers={"If-None-Match": etag} if etag else {})

    def now(self) -> int:
        """Boottime: the boot was at BOOT_NS by a clock that is right."""
        return to_ns(self.clock()) - BOOT_NS

    def batch(self, *devices: str, ticks: int = 1, value: float = 1.0, event: str = "") -> Batch:
        """``ticks`` of the last minutes, the last one now."""
        first = self.number + 1
        self.number += ticks
        times = [self.now() - 60_000_000_000 * (ticks - 1 - index) for index in range(ticks)]
        matrix = np.full(ticks, value, "<f8").tobytes()
        events = [WireEvent(event, ticks - 1, 0, "trap", "link_down", 3, "down", times[-1])] if event else []
        return Batch(
            boots=[f"boot of {self.id}"],
            ticks=[Tick(first + index, 0, at, at + BOOT_NS) for index, at in enumerate(times)],
            blocks=[Block(device, "snmp", list(range(ticks)), SERIES, matrix) for device in devices],
            events=events,
            interval_s=60,
        )

    def send(self, batch: Batch) -> Any:
        clock = Clock(batch.boots[0], self.now(), self.now() + BOOT_NS)
        first, last = batch.ticks[0].number, batch.ticks[-1].number
        body = pack_envelope(Envelope(1, f"epoch {self.id}", first, last, clock, pack_batch(batch)))
        return self.client.post("/api/v1/batches", content=body)

    def hello(self) -> Any:
        clock = Clock(f"boot of {self.id}", self.now(), self.now() + BOOT_NS)
        return self.client.post(
            "/api/v1/batches", content=pack_envelope(Envelope(1, f"epoch {self.id}", 0, 0, clock))
        ).json()


MakeCollector = Callable[[str], Collector]


@pytest.fixture
def boss(visit: Visit, token: MakeToken) -> Client:
    return visit().bear(token("admin"))


@pytest.fixture(autouse=True)
def key(centre: Centre) -> Path:
    """The file with the key of secrets, beside the data folder."""
    write_keys(centre.vault.path, [make_key()])
    return centre.vault.path


@pytest.fixture
def collector(boss: Client, visit: Visit, clock: HandClock) -> MakeCollector:
    def make(device_no: str) -> Collector:
        invitation = boss.post("/api/v1/enrolments", json={"device_no": device_no}).json()["token"]
        given = visit().post("/api/v1/enrol", json={"token": invitation, "hostname": device_no}).json()
        return Collector(visit().bear(given["credential"]), given["agent_id"], clock)

    return make


def put(client: Client, path: str, **words: Any) -> Any:
    return client.request("PUT", path, json=words)


@pytest.fixture
def pair(boss: Client, collector: MakeCollector) -> tuple[Collector, Collector]:
    """(active, standby) of the share "room", in which is the switch SW-1."""
    active, standby = collector("COL-1"), collector("COL-2")
    boss.post("/api/v1/devices", json={"device_no": "SW-1", "kind": "switch"})
    made = put(boss, "/api/v1/collection/shares/room", active_id=active.id, standby_id=standby.id, interval_s=60)
    assert made.status_code == 200, made.text
    asked = put(
        boss,
        "/api/v1/devices/SW-1/collection",
        share="room",
        address="192.0.2.7",
        protocols={"snmp": {"version": "3"}, "syslog": {}},
    )
    assert asked.status_code == 200, asked.text
    return active, standby
