"""/proc/loadavg: how many tasks want to run, and how many there are."""

from __future__ import annotations

from collections.abc import Iterator

from agent.host.kernel_files import count_of, entries, read_number, read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed


class Load:
    """Load averages, and load per CPU that is online."""

    name = "load"

    def __init__(self, root: Root) -> None:
        self._path = f"{root.proc}/loadavg"
        self._online = f"{root.sys}/devices/system/cpu/online"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        one, five, fifteen, threads = parse(self._path, read_text(self._path))
        yield Sample("load1", one)
        yield Sample("load5", five)
        yield Sample("load15", fifteen)
        yield Sample("threads_count", threads)
        cpus = count_cpus(read_text(self._online))
        yield Sample("load_per_core", one / cpus if cpus else Gap.UNREADABLE)


class Processes:
    """How many processes there are, and how many there may be."""

    name = "processes"

    def __init__(self, root: Root) -> None:
        self._proc = root.proc

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        found = sum(map(str.isdecimal, entries(self._proc)))
        if not found:
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._proc}: no processes are shown")
        yield Sample("processes_count", float(found))
        yield Sample("processes_limit_count", read_number(f"{self._proc}/sys/kernel/pid_max"))
        yield Sample("threads_limit_count", read_number(f"{self._proc}/sys/kernel/threads-max"))


def parse(path: str, text: str) -> tuple[float, float, float, float]:
    """``0.21 0.37 0.39 1/719 19737`` → (0.21, 0.37, 0.39, 719). Raises SourceFailed."""
    line = whole_lines(path, text)[0]
    try:
        one, five, fifteen, tasks = line.split()[:4]
        return _hundredths(one), _hundredths(five), _hundredths(fifteen), count_of(tasks.partition("/")[2])
    except ValueError as error:
        raise unreadable(path, line, error) from error


def _hundredths(word: str) -> float:
    whole, _, part = word.partition(".")
    count_of(part)
    count_of(whole)
    return float(word)


def count_cpus(text: str) -> int:
    """``0-3,8-11`` → 8; 0 when it cannot be understood."""
    cpus = 0
    for span in text.strip().split(","):
        first, _, last = span.partition("-")
        if not first.isdecimal() or not (last or first).isdecimal():
            return 0
        cpus += int(last or first) - int(first) + 1
    return max(cpus, 0)
