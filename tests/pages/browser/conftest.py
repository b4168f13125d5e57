"""A real centre, real batches of four devices, and a real Chromium looking at its pages."""

from __future__ import annotations

import math
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from readings.model import GAP_FLOATS, Gap
from readings.wire import (
    VERSION,
    Batch,
    Block,
    Clock,
    Envelope,
    SourceGap,
    Tick,
    WireEvent,
    WireFact,
    pack_batch,
    pack_envelope,
    pack_series,
)
from tests.pages.browser.machine_room import MachineRoom, playing
from tests.pages.browser.paperwork import a_signed_week, work_of_the_day
from tests.pages.browser.server_process import enrolled, people_and_tokens, running_centre
from tests.pages.browser.viewer import PASSWORD, Viewer

INTERVAL_S = 15
BACKLOG_TICKS = 100  # 25 minutes
HOLE = range(44, 56)  # three minutes nobody read
BOOT = "0d0e0f10-0000-4000-8000-000000000001"
SECOND = 1_000_000_000
Values = dict[tuple[str, str], float]


@dataclass
class Host:
    """One sender: what it reads at a moment, and its place in its own epoch."""

    device_no: str
    name: str
    credential: str = ""
    cpu: float = 0.3
    disk: float = 0.47
    sends: bool = True
    number: int = 0
    epoch: str = "00c0ffee00c0ffee"

    def read(self, at_s: float) -> Values:
        wave = self.cpu + 0.08 * math.sin(at_s / 140) + 0.03 * math.sin(at_s / 23)
        counted = at_s % 1e6
        return {
            ("cpu_busy_ratio", "total"): wave,
            ("cpu_iowait_ratio", "total"): 0.012 + 0.01 * math.sin(at_s / 60),
            ("load1", ""): 4 * wave,
            ("load5", ""): 3.6 * wave,
            ("load15", ""): 3.2 * self.cpu,
            ("load_per_core", ""): wave / 2,
            ("memory_used_ratio", ""): 0.61 + 0.01 * math.sin(at_s / 300),
            ("memory_available_bytes", ""): 12.4e9 + 3e8 * math.sin(at_s / 300),
            ("swap_used_bytes", ""): 0.0,
            ("filesystem_used_ratio", "/"): 0.41,
            ("filesystem_used_ratio", "/var/lib/docker/overlay2"): self.disk,
            ("filesystem_available_bytes", "/"): 58e9,
            ("disk_read_bytes_total", "nvme0n1"): counted * 2e5,
            ("disk_written_bytes_total", "nvme0n1"): counted * 9e5 + 4e7 * math.sin(at_s / 50),
            ("network_receive_bytes_total", "eth0"): counted * 5.1e6 + 6e7 * math.sin(at_s / 70),
            ("network_transmit_bytes_total", "eth0"): counted * 1.5e6 + 2e7 * math.sin(at_s / 90),
            ("temperature_celsius", "coretemp Package id 0"): 58 + 4 * math.sin(at_s / 200),
            ("fan_rpm", "fan1"): GAP_FLOATS[Gap.NOT_OFFERED],
            ("uptime_seconds", ""): 262_000 + counted % 1000,
            ("processes_count", ""): 213.0,
            ("source_success", "host"): 1.0,
            ("source_duration_seconds", "host"): 0.0021,
        }


@dataclass
class Desk:
    """The centre's address and the hosts that report to it while the test runs."""

    url: str
    hosts: dict[str, Host]
    trouble: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def send(self, host: Host, ago: list[int], *, extras: bool = False) -> None:
        """Ticks so many intervals ago, oldest first, as one batch."""
        now = time.time_ns()
        boottime = 400_000 * SECOND + time.monotonic_ns()
        moments = [(boottime - back * INTERVAL_S * SECOND, now - back * INTERVAL_S * SECOND) for back in ago]
        ticks = [Tick(host.number + place, 0, boot, wall) for place, (boot, wall) in enumerate(moments, 1)]
        rows = [host.read(wall / SECOND) for _, wall in moments]
        values = b"".join(struct.pack(f"<{len(row)}d", *row.values()) for row in rows)
        last = len(ticks) - 1
        batch = Batch(
            boots=[BOOT],
            ticks=ticks,
            blocks=[Block("", "host", list(range(len(ticks))), pack_series(list(rows[0])), values)],
            gaps=[SourceGap("", "smart", [last], Gap.TIMED_OUT, "smartctl --json /dev/sda: nothing in 10 s")],
            events=[
                WireEvent("", last // 3, 0, "kernel", "edac", 4, "EDAC mc0: 1 CE on DIMM_A2 (channel:0 slot:2)"),
                WireEvent("", last // 2, 1, "kernel", "link", 5, "ixgbe 0000:3b:00.0 eth0: NIC Link is Up 10 Gbps"),
            ]
            if extras
            else [],
            facts=[WireFact("", last, "os", "Debian GNU/Linux 12"), WireFact("", last, "kernel", "6.1.0-18-amd64")]
            if extras
            else [],
            interval_s=INTERVAL_S,
        )
        envelope = Envelope(
            VERSION,
            host.epoch,
            ticks[0].number,
            ticks[-1].number,
            Clock(BOOT, boottime, now),
            payload=pack_batch(batch),
        )
        answer = httpx.post(
            f"{self.url}/api/v1/batches",
            content=pack_envelope(envelope),
            headers={"Authorization": f"Bearer {host.credential}"},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        host.number = ticks[-1].number

    def report(self) -> None:
        """Every host a tick every few seconds, so that none falls silent while pages are looked at."""
        while not self.ended.wait(3):
            for host in self.hosts.values():
                if host.sends:
                    try:
                        self.send(host, [0])
                    except (AssertionError, httpx.HTTPError) as error:
                        self.trouble.append(f"{host.device_no}: {error}")


HOSTS = (
    Host("SRV-0377", "交易前置一"),
    Host("SRV-0412", "结算库一", disk=0.972),
    Host("SRV-0088", "行情网关二", cpu=0.15),
    Host("SRV-0501", "报盘机三", sends=False),
)


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Chromium is looked for first: without it nothing here is worth starting."""
    data = tmp_path_factory.mktemp("centre")
    log = tmp_path_factory.mktemp("log") / "server.log"
    tokens = people_and_tokens(data, {host.device_no: host.name for host in HOSTS})
    a_signed_week(data)
    with running_centre(data, log) as url:
        desk = Desk(url, {host.device_no: host for host in HOSTS})
        for host in HOSTS:
            host.credential = enrolled(url, tokens[host.device_no])["credential"]
            if host.sends:
                ago = [back for back in range(BACKLOG_TICKS, -1, -1) if back not in HOLE]
                desk.send(host, ago, extras=True)
        reporting = threading.Thread(target=desk.report)
        reporting.start()
        try:
            work_of_the_day(desk.url, PASSWORD)
            yield desk
        finally:
            desk.ended.set()
            reporting.join()
    assert desk.trouble == []


@pytest.fixture(scope="session")
def machine_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MachineRoom]:
    """A centre of its own with the equipment of tests/pages/equipment.py, read as long as pages are looked at."""
    with playing(tmp_path_factory.mktemp("room"), tmp_path_factory.mktemp("room-log") / "server.log") as room:
        yield room


@pytest.fixture(scope="module")
def chromium(peer: Callable[[str], str]) -> Iterator[Any]:
    """Of one module only: while playwright is there, its event loop keeps others from running theirs."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where a browser is

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=peer("chromium"))
        yield browser
        browser.close()


@pytest.fixture
def viewer(chromium: Any, desk: Desk) -> Iterator[Callable[..., Viewer]]:
    """``viewer(language, theme, width)``; at the end none of them may have had anything to complain of."""
    yield from _viewers(chromium, desk.url)


@pytest.fixture
def room_viewer(chromium: Any, machine_room: MachineRoom) -> Iterator[Callable[..., Viewer]]:
    """The same in the machine room."""
    yield from _viewers(chromium, machine_room.url)


def _viewers(chromium: Any, url: str) -> Iterator[Callable[..., Viewer]]:
    opened: list[Viewer] = []

    def open_one(*look: Any) -> Viewer:
        opened.append(Viewer(chromium, url, *look))
        return opened[-1]

    yield open_one
    for one in opened:
        one.context.close()
    assert [complaint for one in opened for complaint in one.complaints] == []
