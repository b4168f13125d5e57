"""How many notifications a second one core takes without losing one, and what is kept of 20,000 at once.

The packets are net-snmp's own, sent again and again; the listener runs apart, on a core of its own, as it does in the
collector, and hands what it heard to this process.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from collector.listening.apart import Apart
from collector.listening.heard import Listener
from collector.listening.storms import Bound
from collector.traps.listener import MakeTraps
from readings.delivery.collection import ListedDevice

SECONDS = 4
SETTLE_S = 60.0
RATES = (500, 750, 1_000, 1_250, 1_500, 1_750, 2_000, 2_500, 3_000, 4_000)
BURST = 20_000
UNBOUNDED = Bound(1e9, 1e9)
COLUMNS = "1.3.6.1.2.1.2.2.1"
LINK_DOWN = ["1.3.6.1.6.3.1.1.5.3"]
LINK_DOWN += [
    word for column, value in ((1, "7"), (7, "1"), (8, "2")) for word in (f"{COLUMNS}.{column}.7", "i", value)
]
V3 = {"user": "bench", "auth": "SHA", "auth_key": "authpass12", "privacy": "AES", "privacy_key": "privpass12"}
AS_V3 = ["-v", "3", "-u", "bench", "-l", "authPriv", "-a", "SHA", "-A", "authpass12", "-x", "AES", "-X", "privpass12"]
AS_V3 += ["-e", "0x8000000001020304"]
SENDERS: dict[str, tuple[list[str], dict[str, str]]] = {
    "v2c": (["-v", "2c", "-c", "bench"], {"community": "bench"}),
    "v3": (AS_V3, V3),
}


@dataclass(frozen=True, slots=True)
class OnOneCore:
    """Called in the other process: a listener that keeps to the last core there is."""

    make: MakeTraps

    def __call__(self) -> Listener:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        return self.make()


@contextmanager
def listening(secret: dict[str, Any]) -> Iterator[tuple[Apart, int]]:
    """(the listener, its port), when it listens and knows its device."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    apart = Apart("traps", OnOneCore(MakeTraps("127.0.0.1", port, UNBOUNDED)))
    apart.use([ListedDevice("SW-1", "bench", "127.0.0.1", secrets={"snmp": secret})])
    apart.start()
    while apart.trouble:
        time.sleep(0.05)
    try:
        yield apart, port
    finally:
        apart.stop()


def packet(words: list[str]) -> bytes:
    """A notification as snmptrap sends it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(10)
        at = f"127.0.0.1:{sock.getsockname()[1]}"
        subprocess.run(["snmptrap", *words, at, "123", *LINK_DOWN], check=True, capture_output=True, timeout=10)
        return sock.recv(65_535)


def send(port: int, what: bytes, count: int, per_second: float) -> None:
    """``count`` times, evenly over time as far as this process gets to run."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        begun = time.perf_counter()
        for number in range(count):
            ahead = number / per_second - (time.perf_counter() - begun)
            if ahead > 0.001:
                time.sleep(ahead)
            sock.send(what)


def told(apart: Apart, wanted: int, within_s: float) -> int:
    """How many events came, when all did or the time is over."""
    events, until = 0, time.monotonic() + within_s
    while events < wanted and time.monotonic() < until:
        events += len(apart.take().events)
        time.sleep(0.05)
    return events


def sustained(version: str, what: bytes, secret: dict[str, str]) -> float:
    """The highest of RATES at which all were told, and within the seconds they were sent in and one more."""
    best = 0.0
    for rate in RATES:
        with listening(secret) as (apart, port):
            send(port, what, 10, 100)  # the key of the user is made, the texts are read
            told(apart, 10, SETTLE_S)
            send(port, what, rate * SECONDS, rate)
            if told(apart, rate * SECONDS, 1.0) < rate * SECONDS:
                return best
            best = float(rate)
    return best


def run() -> Iterator[tuple[str, float | None, str]]:
    if shutil.which("snmptrap") is None:
        for version in SENDERS:
            yield f"traps.per_second_without_loss.{version}", None, "snmptrap is missing (scripts/debian-packages)"
        return
    for version, (words, secret) in SENDERS.items():
        best = sustained(version, packet(words), secret)
        yield f"traps.per_second_without_loss.{version}", best, f"for {SECONDS} s, steps {RATES}"
    words, secret = SENDERS["v2c"]
    with listening(secret) as (apart, port):
        send(port, packet(words), BURST, 1e9)
        kept = told(apart, BURST, SETTLE_S)
        drops = apart.take().counts["dropped_by_kernel"]
        yield "traps.burst_kept", float(kept), f"of {BURST} sent at once; {drops} dropped by the kernel"
