"""/proc/interrupts: machine checks, deferred errors, error thresholds and thermal events, over all CPUs.

A line is ``MCE:  0  0   Machine check exceptions``, one number a CPU (arch/x86/kernel/irq.c).
"""

from __future__ import annotations

from collections.abc import Iterator

from agent.hardware.hypervisor import Nature, not_in_a_guest
from agent.host.kernel_files import check_whole, count_of, read_text, unreadable
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

LINES = {
    "MCE": "machine_checks_total",
    "DFR": "machine_check_deferred_total",
    "THR": "machine_check_thresholds_total",
    "TRM": "cpu_thermal_events_total",
}


class MachineChecks:
    name = "machine_checks"

    def __init__(self, root: Root, found: Nature) -> None:
        self._path = f"{root.proc}/interrupts"
        self._found = found

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        not_in_a_guest(self._found, self._path)
        return parse(self._path, read_text(self._path))


def parse(path: str, text: str) -> Iterator[Sample]:
    """Sums over the CPUs; a line this kernel has not is a gap, never zero. Raises SourceFailed."""
    check_whole(path, text)
    cpus = len(text[: text.index("\n")].split())
    sums: dict[str, float] = {}
    for line in text.splitlines()[1:]:
        name, colon, rest = line.partition(":")
        metric = LINES.get(name.strip())
        if not colon or metric is None:
            continue
        numbers = rest.split(maxsplit=cpus)[:cpus]
        try:
            if len(numbers) != cpus:
                raise ValueError(f"not {cpus} numbers")  # noqa: TRY301 - one place names file and line
            sums[metric] = sum(map(count_of, numbers))
        except ValueError as error:
            raise unreadable(path, line, error) from error
    if not sums:
        raise SourceFailed(Gap.NOT_OFFERED, f"{path}: no line of {', '.join(LINES)}: this CPU does not count them")
    return iter([Sample(metric, sums.get(metric, Gap.NOT_OFFERED)) for metric in LINES.values()])
