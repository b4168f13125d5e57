"""A trap listener on loopback, a device it knows there, and net-snmp's snmptrap as the device."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from collector.listening.sockets import udp_socket
from collector.listening.storms import Bound
from collector.traps.receiving import TrapListener
from collector.traps.texts import load_texts
from readings.delivery.collection import ListedDevice
from readings.model import Event

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
V3 = {"user": "tu", "auth": "SHA", "auth_key": "authpass12", "privacy": "AES", "privacy_key": "privpass12"}
AS_V3 = ["-v", "3", "-u", "tu", "-l", "authPriv", "-a", "SHA", "-A", "authpass12", "-x", "AES", "-X", "privpass12"]
ENGINE = "0x8000000001020304"


def switch(device_no: str = "SW-1", address: str = "127.0.0.1", **secret: Any) -> ListedDevice:
    return ListedDevice(device_no, "room", address, secrets={"snmp": secret or {"community": "area51"}})


@dataclass
class Ear:
    """The listener, worked by hand."""

    listener: TrapListener
    port: int
    events: list[tuple[str, Event]] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        heard = self.listener.take()
        self.events += heard.events
        return {word: count for word, count in heard.counts.items() if count}

    def until(self, done: Callable[[], bool], seconds: float = 20.0) -> None:
        """Work until ``done``; the limit is only for a test that fails."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, f"{self.counts()} {self.events}"
            self.listener.drain()
            if not self.listener.work(0.05):
                time.sleep(0.002)

    def hear(self, *words: str) -> subprocess.CompletedProcess[str]:
        """What snmptrap says; the listener works meanwhile, and takes all that came."""
        command = ["snmptrap", "-r", "0", "-t", "5", *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as sending:
            self.until(lambda: sending.poll() is not None)
            said = sending.stdout.read() if sending.stdout else ""
        self.listener.drain()
        while self.listener.work(1):
            pass
        self.counts()
        return subprocess.CompletedProcess(command, sending.returncode, said)

    @property
    def at(self) -> str:
        return f"127.0.0.1:{self.port}"


MakeEar = Callable[..., Ear]


@pytest.fixture
def ear() -> Iterator[MakeEar]:
    opened: list[Ear] = []

    def make(devices: Sequence[ListedDevice], bound: Bound | None = None, **more: Any) -> Ear:
        sock = udp_socket("127.0.0.1", 0)
        limit = bound or Bound(1e6, 1e6)
        listener = TrapListener(sock, load_texts(), limit, boottime_ns=time.monotonic_ns, **more)
        listener.use(devices)
        opened.append(Ear(listener, sock.getsockname()[1]))
        return opened[-1]

    yield make
    for one in opened:
        one.listener.close()
