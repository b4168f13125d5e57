"""The trap listener as its own process makes it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from collector.listening.heard import Listener
from collector.listening.sockets import udp_socket
from collector.listening.storms import Bound
from collector.traps.receiving import TrapListener
from collector.traps.texts import load_texts

PORT = 162


def boottime_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class MakeTraps:
    """Called in the other process. Raises OSError: the port is taken, or not ours to take."""

    host: str = "0.0.0.0"  # noqa: S104 - devices are elsewhere; who may speak is in the device list
    port: int = PORT
    bound: Bound = field(default_factory=Bound)

    def __call__(self) -> Listener:
        return TrapListener(udp_socket(self.host, self.port), load_texts(), self.bound, boottime_ns=boottime_ns)
