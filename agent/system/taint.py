"""The kernel's taint: each bit that comes up is an event. The kernel keeps them until it is restarted, so what happened
while nobody watched is told as well (admin-guide/tainted-kernels.rst).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agent.host.kernel_files import read_number
from agent.host.root import Root
from readings.model import Clocks, Event, Gap, Sample, Severity, SourceFailed

BITS = {
    0: ("a proprietary module was loaded", Severity.NOTICE),
    1: ("a module was forced to load", Severity.WARNING),
    2: ("the kernel runs on a system out of its specification", Severity.WARNING),
    3: ("a module was forced to unload", Severity.WARNING),
    4: ("the processor reported a machine check", Severity.CRITICAL),
    5: ("a bad page was referenced", Severity.CRITICAL),
    6: ("user space asked for the taint", Severity.NOTICE),
    7: ("the kernel died once before (oops or BUG)", Severity.CRITICAL),
    8: ("an ACPI table was overridden", Severity.NOTICE),
    9: ("the kernel issued a warning", Severity.WARNING),
    10: ("a staging driver was loaded", Severity.NOTICE),
    11: ("a workaround for a bug of the firmware is in force", Severity.NOTICE),
    12: ("a module from outside the kernel was loaded", Severity.NOTICE),
    13: ("an unsigned module was loaded", Severity.NOTICE),
    14: ("a soft lockup occurred", Severity.CRITICAL),
    15: ("the kernel was live-patched", Severity.NOTICE),
}
MOST_BITS = 32


class Taint:
    """``mark``: ``boot_id taint``, what was told of this boot."""

    name = "taint"

    def __init__(self, root: Root, clocks: Callable[[], Clocks], mark: str = "") -> None:
        self._path = f"{root.proc}/sys/kernel/tainted"
        self._clocks = clocks
        boot, _, bits = mark.partition(" ")
        self._told = int(bits) if boot == clocks().boot_id and bits.isdecimal() else 0
        self._now = self._told

    @property
    def mark(self) -> str:
        return f"{self._clocks().boot_id} {self._now}"

    def commit(self) -> None:
        self._told = self._now

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        taint = read_number(self._path)
        if isinstance(taint, Gap):
            raise SourceFailed(taint, f"{self._path}: the kernel does not say whether it is tainted")
        self._now = int(taint)
        new = self._now & ~self._told
        at = self._clocks().boottime_ns if new else None
        return iter([self._event(bit, at) for bit in range(MOST_BITS) if new >> bit & 1])

    def _event(self, bit: int, at_ns: int | None) -> Event:
        words, severity = BITS.get(bit, ("of unknown meaning", Severity.WARNING))
        return Event(self.name, "kernel_taint", severity, f"taint bit {bit}: {words}", at_ns, None, str(bit))
