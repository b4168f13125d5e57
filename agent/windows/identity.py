"""What a host with Windows is, as facts: its name, its Windows, its processors, and the boot it is in."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator

from readings.model import Clocks, Fact


class WindowsIdentity:
    name = "identity"

    def __init__(self, clocks: Callable[[], Clocks]) -> None:
        self._clocks = clocks

    def read(self) -> Iterator[Fact]:
        words = {
            "hostname": platform.node(),
            "kernel.name": platform.system(),
            "kernel.release": platform.release(),
            "kernel.version": platform.version(),
            "kernel.machine": platform.machine(),
            "os.pretty_name": " ".join(filter(None, (platform.system(), platform.release(), platform.version()))),
            "cpu.count": str(os.cpu_count() or ""),
            "boot_id": self._clocks().boot_id,
        }
        return (Fact(key, value) for key, value in words.items() if value)
