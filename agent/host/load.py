"""/proc/loadavg: how many tasks want to run, and how many there are."""

from __future__ import annotations

import os
from collections.abc import Iterator

from agent.host.kernel_files import count_of, entries, read_number, read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

# Within a container's own namespace the links count the processes of the whole machine.
FIRST_PID_NAMESPACE = "pid:[4026531836]"
RELIST = 20


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
    """How many processes there are, and how many there may be.

    Listing /proc costs with every process; its count of links is that of the processes and a rest that stays the same
    (fs/proc/root.c). The rest is learnt by listing, and the links are trusted once two listings gave the same.
    """

    name = "processes"

    def __init__(self, root: Root) -> None:
        self._proc = root.proc
        self._countable = root.live and read_link(f"{root.proc}/self/ns/pid") == FIRST_PID_NAMESPACE
        self._rest: int | None = None
        self._trusted = False
        self._passes = 0

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        yield Sample("processes_count", float(self._count()))
        yield Sample("processes_limit_count", read_number(f"{self._proc}/sys/kernel/pid_max"))
        yield Sample("threads_limit_count", read_number(f"{self._proc}/sys/kernel/threads-max"))

    def _count(self) -> int:
        self._passes += 1
        if self._trusted and self._rest is not None and self._passes % RELIST:
            return links(self._proc) - self._rest
        before = links(self._proc) if self._countable else 0
        listed = sum(map(str.isdecimal, entries(self._proc)))
        if not listed:
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._proc}: no processes are shown")
        if self._countable and before == links(self._proc):
            self._trusted = before - listed == self._rest
            self._rest = before - listed
        return listed


def links(folder: str) -> int:
    return os.stat(folder).st_nlink  # noqa: PTH116 - text paths, on the way of every pass


def read_link(path: str) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115 - text paths, as everywhere here
    except OSError:
        return ""


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
