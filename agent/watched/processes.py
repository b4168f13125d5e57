"""Processes by their program's name or command line: how many, whether they were started anew, what they use.

/proc/PID/stat (proc(5)): fields 14 and 15 are CPU time and 22 the start since boot in USER_HZ, 24 resident pages.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.host.kernel_files import entries, gap_for
from agent.host.root import Root
from agent.watched.accounts import account_of
from agent.watched.instances import TICKS_PER_S, Instances
from agent.watched.things import Watch, WatchedProcess
from readings.model import Clocks, Event, Gap, Sample, SourceFailed

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
LONGEST_CMDLINE = 4096
MATCH_WITHIN_S = 0.5  # of matching a pass, whatever command lines there are
MOST_SEEN = 100_000
# A program is taken over by another in place (exec), or changes what it shows: look at it anew now and then.
YOUNG_S, RELOOK = 60.0, 20
STAT = re.compile(rb"(\d+) \((.*)\) ", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RunningProcess:
    pid: int
    started: int  # USER_HZ since boot
    cpu: int  # USER_HZ
    rss_bytes: int
    comm: str

    @property
    def key(self) -> tuple[int, int]:
        """Tells it from a later process of the same number."""
        return self.pid, self.started


@dataclass(slots=True)
class _Look:
    """What was read of a process besides its stat. ``cmdline`` None: it may not be read."""

    comm: str
    program: str
    cmdline: str | None
    uid: int

    def fits(self, program: str) -> bool:
        """Whether that is its program; the kernel keeps the first 15 bytes of the name."""
        return not program or program in {self.comm, self.program} or (not self.program and program[:15] == self.comm)


class Processes:
    name = "watched_processes"

    def __init__(self, root: Root, clocks: Callable[[], Clocks], watch: Callable[[], Watch[WatchedProcess]]) -> None:
        self._root = root
        self._clocks = clocks
        self._watch = watch
        self._looks: dict[tuple[int, int], _Look] = {}
        self._passes = 0
        self._instances: dict[WatchedProcess, Instances] = {}

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        watch = self._watch()
        watch.check("processes")
        if watch.things:
            yield from self._of(watch.things)
        for name in watch.left_out:
            yield Sample("watched_process_count", Gap.UNREADABLE, name)

    def _of(self, things: tuple[WatchedProcess, ...]) -> Iterator[Sample | Event]:
        now_ns = self._clocks().boottime_ns
        running = self._running(now_ns)
        self._instances = {thing: self._instances.get(thing) or Instances(thing.name) for thing in things}
        until = time.monotonic() + MATCH_WITHIN_S
        for thing, instances in self._instances.items():
            found = self._matching(thing, running, until)
            yield from instances.gap(found) if isinstance(found, Gap) else instances.take(found, now_ns)

    def _matching(
        self, thing: WatchedProcess, running: list[RunningProcess], until: float
    ) -> list[RunningProcess] | Gap:
        """Those meant. A gap: none was found, and not all could be looked at; or looking took too long."""
        uid = None
        if thing.user:
            try:
                uid = account_of(self._root, thing.user).uid
            except (LookupError, SourceFailed):
                return Gap.UNREADABLE
        found: list[RunningProcess] = []
        hidden = False
        for process in running:
            look = self._looks[process.key]
            if uid not in {None, look.uid} or not look.fits(thing.program):
                continue
            if thing.cmdline is not None:
                if time.monotonic() > until:
                    return Gap.TIMED_OUT
                hidden |= look.cmdline is None
                if look.cmdline is None or not thing.cmdline.search(look.cmdline):
                    continue
            found.append(process)
        return Gap.REFUSED if hidden and not found else found

    def _running(self, now_ns: int) -> list[RunningProcess]:
        """All that are no zombies, looked at as far as needed. Raises SourceFailed."""
        pids = [name for name in entries(self._root.proc) if name.isdecimal()]
        if not pids:
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._root.proc}: no processes are shown")
        if "1" not in pids:
            raise SourceFailed(Gap.REFUSED, f"{self._root.proc}: other users' processes are hidden (mount hidepid=0)")
        self._passes += 1
        looks: dict[tuple[int, int], _Look] = {}
        running: list[RunningProcess] = []
        for pid in pids[:MOST_SEEN]:
            process = self._process(pid)
            if process is None:
                continue
            look = self._looks.get(process.key)
            young = now_ns / 1e9 - process.started / TICKS_PER_S < YOUNG_S
            if look is None or look.comm != process.comm or young or (process.pid + self._passes) % RELOOK == 0:
                look = self._look(pid, process.comm)
            if look is not None:
                looks[process.key] = look
                running.append(process)
        self._looks = looks
        return running

    def _process(self, pid: str) -> RunningProcess | None:
        """None: it ended meanwhile, or is a zombie."""
        try:
            return parse(_read(f"{self._root.proc}/{pid}/stat"))
        except (OSError, ValueError):
            return None

    def _look(self, pid: str, comm: str) -> _Look | None:
        folder = f"{self._root.proc}/{pid}"
        try:
            uid = os.stat(folder).st_uid  # noqa: PTH116 - text paths, on the way of every pass
            cmdline = _read(f"{folder}/cmdline")
        except OSError as error:
            return _Look(comm, "", None, -1) if gap_for(error) is Gap.REFUSED else None
        words = cmdline[:LONGEST_CMDLINE].rstrip(b"\0").split(b"\0")
        text = b" ".join(words).decode("utf-8", "replace")
        return _Look(comm, words[0].rpartition(b"/")[2].decode("utf-8", "replace"), text, uid)


def _read(path: str) -> bytes:
    """A process's file is never kept open: the process may be gone with the next pass. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 8192)
    finally:
        os.close(descriptor)


def parse(stat: bytes) -> RunningProcess | None:
    """One /proc/PID/stat; None for a zombie. The name may hold spaces and brackets. Raises ValueError.

    >>> parse(b"7 (a) b) S " + b" ".join(b"%d" % n for n in range(4, 53)))
    RunningProcess(pid=7, started=22, cpu=29, rss_bytes=98304, comm='a) b')
    """
    found = STAT.match(stat)
    fields = stat[found.end() :].split() if found else []
    if found is None or len(fields) < 22:
        raise ValueError(f"{stat[:60]!r} is not what this file should say")
    if fields[0] in {b"Z", b"X"}:
        return None
    return RunningProcess(
        pid=int(found[1]),
        started=int(fields[19]),
        cpu=int(fields[11]) + int(fields[12]),
        rss_bytes=int(fields[21]) * PAGE_BYTES,
        comm=found[2].decode("utf-8", "replace"),
    )
