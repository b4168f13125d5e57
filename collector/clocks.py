"""The clocks of the machine the collector runs on, taken together."""

from __future__ import annotations

import functools
import time
from pathlib import Path

from readings.model import Clocks

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Elsewhere than on Linux nothing counts through a suspend: the steady clock has to do.
BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def look() -> Clocks:
    return Clocks(_boot_id(), time.clock_gettime_ns(BOOTTIME), time.time_ns())


@functools.cache
def _boot_id() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip() or "unknown"
    except OSError:
        return "unknown"
