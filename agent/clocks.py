"""The host's clocks, taken together."""

from __future__ import annotations

import time
from collections.abc import Callable

from agent.host.kernel_files import read_word
from agent.host.root import Root
from readings.model import Clocks

# Elsewhere than on Linux nothing counts through a suspend: the steady clock has to do.
BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def clocks_of(root: Root) -> Callable[[], Clocks]:
    """A function that looks at boot id, boottime and wall clock. The boot id cannot change while this runs."""
    boot_id = read_word(f"{root.proc}/sys/kernel/random/boot_id") or "unknown"

    def look() -> Clocks:
        return Clocks(boot_id, time.clock_gettime_ns(BOOTTIME), time.time_ns())

    return look


def suspended_ns() -> int:
    """How much boottime is ahead of the monotonic clock that kernel log and journal write: the time suspended."""
    return time.clock_gettime_ns(BOOTTIME) - time.clock_gettime_ns(time.CLOCK_MONOTONIC)
