"""The machine room in a browser: what a collector read of every device, from a quarter of an hour ago until now."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from readings.wire import Batch, Clock, Envelope, pack_batch, pack_envelope
from server.centre import Centre, Settings
from server.device_secrets.keys import make_key, write_keys
from server.people.tokens import create_token
from tests.fixtures_centre import OURS, Client, HandClock
from tests.pages.browser.server_process import people_and_tokens, running_centre
from tests.pages.equipment import BOOT, SECOND, furnish, room_batch

TICKS = 16
BETWEEN_S = 30.0  # no hole beside ticks that are a minute apart
BOOTED_NS = 1_790_000_000 * SECOND


@dataclass
class MachineRoom:
    url: str
    credential: str
    number: int
    trouble: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    sending: threading.Lock = field(default_factory=threading.Lock)

    def play(self) -> None:
        now = time.time_ns()
        self.send(room_batch(self.number + 1, [(now - BOOTED_NS, now)], facts=False))

    def send(self, batch: Batch) -> None:
        with self.sending:
            assert self._post("/api/v1/batches", packed(batch, time.time_ns())).status_code == 200
            self.number = batch.ticks[-1].number

    def report(self) -> None:
        while not self.ended.wait(BETWEEN_S):
            try:
                assert self._post("/api/v1/collectors/self/leases", b"").status_code == 200
                self.play()
            except (AssertionError, httpx.HTTPError) as error:
                self.trouble.append(str(error))

    def _post(self, path: str, body: bytes) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.credential}"}
        return httpx.post(f"{self.url}{path}", content=body, headers=headers, timeout=30)


def packed(batch: Batch, now_ns: int) -> bytes:
    first, last = batch.ticks[0].number, batch.ticks[-1].number
    clock = Clock(BOOT, now_ns - BOOTED_NS, now_ns)
    return pack_envelope(Envelope(1, "00c0ffee0000c011", first, last, clock, pack_batch(batch)))


@contextmanager
def playing(data: Path, log: Path) -> Iterator[MachineRoom]:
    tokens = people_and_tokens(data, {"COL-1": "采集器甲", "COL-2": "采集器乙", "COL-3": "采集器丙"})
    with ThreadPoolExecutor(1) as apart:  # in ours there may be the loop of a browser
        credential = apart.submit(_the_quarter_of_an_hour_before, data, tokens).result()
    with running_centre(data, log) as url:
        room = MachineRoom(url, credential, TICKS)
        reporting = threading.Thread(target=room.report)
        reporting.start()
        try:
            yield room
        finally:
            room.ended.set()
            reporting.join()
    assert room.trouble == []


def _the_quarter_of_an_hour_before(data: Path, tokens: dict[str, str]) -> str:
    """A centre whose clock is in our hand: for which device a collector may speak begins when it is given the share.

    The credential of the collector that asks.
    """
    clock = HandClock()
    clock.now = datetime.now(UTC) - timedelta(minutes=TICKS + 2)  # noqa: TID251 - before the centre owns a clock
    centre = Centre.open(Settings(data=data), clock)
    write_keys(centre.vault.path, [make_key()])
    with asyncio.Runner() as runner:
        boss, stranger, collector = (Client(centre, runner, "http://centre") for _ in range(3))
        try:
            boss.bear(create_token(centre.records, name="setting up", scope="admin", actor=OURS, now=clock())[1])
            active, standby, idle = (_enrolled(stranger, token) for token in tokens.values())
            furnish(boss, active["agent_id"], standby["agent_id"])
            told = boss.request("PUT", "/api/v1/collection/shares/branch", json={"active_id": idle["agent_id"]})
            assert told.status_code == 200, told.text
            collector.bear(active["credential"])
            for _ in range(TICKS + 2):
                assert collector.post("/api/v1/collectors/self/leases").status_code == 200
                clock.forward(minutes=1)
            now = round(clock.now.timestamp() * 1e6) * 1000
            moments = [
                (now - BOOTED_NS - back, now - back) for back in range((TICKS - 1) * 60 * SECOND, -1, -60 * SECOND)
            ]
            body = packed(room_batch(1, moments, facts=True), now)
            assert collector.post("/api/v1/batches", content=body).status_code == 200
            assert centre.pump.drain(60)
        finally:
            for each in (boss, stranger, collector):
                runner.run(each.http.aclose())
            centre.close()
    return str(active["credential"])


def _enrolled(stranger: Client, token: str) -> dict[str, Any]:
    answer = stranger.post("/api/v1/enrol", json={"token": token, "hostname": "collector", "facts": {}})
    assert answer.status_code == 201, answer.text
    given: dict[str, Any] = answer.json()
    return given
