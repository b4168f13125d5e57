"""The host's clocks, taken together."""

from __future__ import annotations

import time
from collections.abc import Callable

from agent.hardware.command import Asking
from agent.host.kernel_files import read_word
from agent.host.root import Root
from readings.model import Clocks


def boottime_ns() -> int:
    """Since this boot. Elsewhere than on Linux nothing counts through a suspend: the steady clock has to do."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return time.monotonic_ns()


def clocks_of(root: Root, programs: Asking | None = None) -> Callable[[], Clocks]:
    """A function that looks at boot id, boottime and wall clock. The boot id cannot change while this runs.

    ``programs``: what Windows is asked through for when it started.
    """
    if root.windows:
        from agent.windows import programs as of_windows  # noqa: PLC0415 - Linux has a boot id, and needs none of this
        from agent.windows import starts  # noqa: PLC0415 - as above

        boot_id = starts.boot_id(programs or of_windows.WindowsPrograms(), boottime_ns(), time.time_ns())
    else:
        boot_id = read_word(f"{root.proc}/sys/kernel/random/boot_id") or "unknown"

    def look() -> Clocks:
        return Clocks(boot_id, boottime_ns(), time.time_ns())

    return look


def suspended_ns() -> int:
    """How much boottime is ahead of the monotonic clock that kernel log and journal write: the time suspended."""
    return boottime_ns() - time.monotonic_ns()
