"""/proc/pressure (PSI): time tasks stood still for want of CPU, memory or storage (accounting/psi.rst)."""

from __future__ import annotations

from collections.abc import Iterator

from agent.host.kernel_files import count_of, read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

RESOURCES = ("cpu", "memory", "io")
SHARES = ("some", "full")
ABSENT = "pressure stall information is off (kernel built without PSI, or started with psi=0)"


class Pressure:
    """Totals only: the kernel's own averages hide what happened between two reads."""

    name = "pressure"

    def __init__(self, root: Root) -> None:
        self._paths = {resource: f"{root.proc}/pressure/{resource}" for resource in RESOURCES}

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed when none of the three can be read."""
        said: list[Sample] = []
        failed: list[SourceFailed] = []
        for resource, path in self._paths.items():
            try:
                said += parse(path, resource, read_text(path, ABSENT))
            except SourceFailed as failure:
                failed.append(failure)
                said += [Sample(metric(resource, share), failure.gap) for share in SHARES]
        if len(failed) == len(RESOURCES):
            raise failed[0]
        return iter(said)


def metric(resource: str, share: str) -> str:
    return f"pressure_{resource}_{share}_seconds_total"


def parse(path: str, resource: str, text: str) -> list[Sample]:
    """``some avg10=0.00 avg60=0.00 avg300=0.00 total=123`` (µs) → seconds. Raises SourceFailed."""
    said: dict[str, float | Gap] = {}
    for line in whole_lines(path, text):
        share, _, rest = line.partition(" ")
        try:
            said[share] = count_of(rest.rpartition("total=")[2], 1e-6)
        except ValueError as error:
            raise unreadable(path, line, error) from error
    # Kernels before 5.13 say no "full" of the CPU.
    return [Sample(metric(resource, share), said.get(share, Gap.NOT_OFFERED)) for share in SHARES]
