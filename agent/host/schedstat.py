"""/proc/schedstat: time tasks ran on every CPU and time they waited for it (Documentation/scheduler/sched-stats)."""

from __future__ import annotations

from collections.abc import Iterator

from agent.host.kernel_files import count_of, read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

ABSENT = "the kernel keeps no scheduler statistics"


class Schedstat:
    name = "schedstat"

    def __init__(self, root: Root) -> None:
        self._path = f"{root.proc}/schedstat"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        return parse(self._path, read_text(self._path, ABSENT))


def parse(path: str, text: str) -> Iterator[Sample]:
    """``cpu0 0 0 0 0 0 0 running waiting timeslices`` (ns, ns, count). Raises SourceFailed."""
    said: dict[str, tuple[float, float, float]] = {}
    for line in whole_lines(path, text):
        words = line.split()
        if not words or not words[0].startswith("cpu"):
            continue
        try:
            running, waiting, slices = (count_of(word) for word in words[7:10])
        except ValueError as error:
            raise unreadable(path, line, error) from error
        said[words[0][3:]] = running / 1e9, waiting / 1e9, slices
    if not said:
        raise SourceFailed(Gap.UNREADABLE, f"{path}: no line of a CPU")
    metrics = ("cpu_running_seconds_total", "cpu_waiting_seconds_total", "cpu_timeslices_total")
    return (Sample(m, v, cpu) for cpu, values in said.items() for m, v in zip(metrics, values, strict=True))
