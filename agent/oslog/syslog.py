"""Classic syslog files, where there is no journal: /var/log/syslog or messages, over rotation."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.host.kernel_files import entries, gap_for
from agent.host.root import Root
from agent.oslog.telling import WORST_KEPT, Telling
from readings.model import Clocks, Event, Gap, Sample, Severity, SourceFailed

FILES = ("syslog", "messages")
MOST_BYTES = 2**20  # a pass; the rest waits for the next one
LONGEST_PART = 64 * 1024  # a line without an end is let go after this
# RFC 3164 "<11>Nov 23 08:36:52 host prog[12]: …", RFC 5424 "<11>1 2026-11-23T08:36:52Z host prog 12 - - …",
# and what rsyslog writes to files: either without its priority.
PRIORITY = re.compile(r"^<(\d{1,3})>(?:1 )?")
STAMP = re.compile(r"^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*) \S+ (.*)$", re.DOTALL)
KERNEL = re.compile(r"^kernel(?:\[\d+\])?:")
# Files without priorities say how bad a line is in its words only.
WORDS = re.compile(r"\b(?:emerg(?:ency)?|alert|crit(?:ical)?|panic|fatal|err(?:or)?|segfault)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    severity: Severity | None
    facility: int | None
    stamp: str
    text: str


class Syslog:
    name = "syslog"

    def __init__(
        self, root: Root, clocks: Callable[[], Clocks], mark: str = "", *, wanted: Callable[[], bool] = lambda: True
    ) -> None:
        """``mark`` is ``inode offset`` of the last committed tick. ``wanted`` is False where a journal says it all."""
        self._folder = f"{root.var}/log"
        self._clocks = clocks
        self._wanted = wanted
        inode, _, offset = mark.partition(" ")
        self._place = (int(inode), int(offset)) if inode.isdecimal() and offset.isdecimal() else None
        self.telling = Telling(self.name, "syslog", mark)

    @property
    def mark(self) -> str:
        return self.telling.mark

    @property
    def offered(self) -> bool:
        """Whether there is a file to follow, and nothing else that says the same."""
        return self._wanted() and bool({*FILES} & {*entries(self._folder)})

    def commit(self) -> None:
        self.telling.commit()

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        self.telling.begin()
        if not self._wanted():
            raise SourceFailed(Gap.NOT_OFFERED, "syslog files: the journal says what they say")
        try:
            self._follow()
        except OSError as error:
            gap = gap_for(error)
            why = "neither syslog nor messages" if gap is Gap.NOT_OFFERED else error.strerror
            raise SourceFailed(gap, f"{self._folder}: {why}") from error
        return self.telling.end("{} {}".format(*self._place) if self._place else "")

    def _follow(self) -> None:
        path, said = self._find()
        if self._place is None:
            self._place = (said.st_ino, said.st_size)  # the past was not ours to watch
        inode, offset = self._place
        if inode != said.st_ino:
            self._finish_rotated(inode, offset)
            inode, offset = said.st_ino, 0
        elif said.st_size < offset:
            self._lost(f"{path} was cut from {offset} to {said.st_size} bytes: what was in it unread is gone")
            offset = 0
        self._place = (inode, offset + self._take(path, offset))

    def _find(self) -> tuple[str, os.stat_result]:
        """The log and what it is now. Raises FileNotFoundError where there is none."""
        first, second = (f"{self._folder}/{name}" for name in FILES)
        try:
            return first, os.stat(first)  # noqa: PTH116 - text paths, as everywhere here
        except FileNotFoundError:
            return second, os.stat(second)  # noqa: PTH116 - text paths, as everywhere here

    def _finish_rotated(self, inode: int, offset: int) -> None:
        for name in entries(self._folder):
            path = f"{self._folder}/{name}"
            if name.startswith(FILES) and os.stat(path).st_ino == inode:  # noqa: PTH116 - text paths, as everywhere here
                while taken := self._take(path, offset, last=True):
                    offset += taken
                return
        self._lost(
            f"the log that was read up to byte {offset} is gone from {self._folder}: its last lines may be missing"
        )

    def _lost(self, text: str) -> None:
        self.telling.lost(1, text, boottime_ns=self._clocks().boottime_ns)

    def _take(self, path: str, offset: int, *, last: bool = False) -> int:
        """Tell the whole lines after ``offset``; how many bytes they were."""
        with open(path, "rb") as file:  # noqa: PTH123 - text paths, as everywhere here
            file.seek(offset)
            chunk = file.read(MOST_BYTES)
        whole = chunk.rfind(b"\n") + 1
        if not whole and (last or len(chunk) > LONGEST_PART):
            whole = len(chunk)
        now = self._clocks()
        stamp, wall = "", None  # of the line before: in a burst the same for thousands
        for number, raw in enumerate(chunk[:whole].splitlines()):
            line = parse(raw.decode("utf-8", "replace"))
            if line is not None and line.severity is not None and line.severity <= WORST_KEPT:
                if line.stamp != stamp:
                    stamp, wall = line.stamp, wall_ns(line.stamp, now.wall_ns)
                ago = None if wall is None else now.wall_ns - wall
                known = ago is not None and 0 <= ago <= now.boottime_ns
                self.telling.add(
                    "user_log",
                    line.severity,
                    line.text,
                    boottime_ns=now.boottime_ns - (ago or 0) if known else None,
                    wall_ns=wall,
                    cursor=f"{offset}+{number}",
                )
        return whole


def parse(line: str) -> Line | None:
    """A line of either RFC, with or without its priority; None for the kernel's own (they come from /dev/kmsg)."""
    priority = PRIORITY.match(line)
    rest = line[priority.end() :] if priority else line
    stamped = STAMP.match(rest)
    text = stamped[2] if stamped else rest
    number = int(priority[1]) if priority else None
    if KERNEL.match(text) or (number is not None and number < 8 and number <= 191):
        return None
    if number is None or number > 191:
        return Line(Severity.ERROR if WORDS.search(text) else None, None, stamped[1] if stamped else "", text)
    return Line(Severity(number & 7), number >> 3, stamped[1] if stamped else "", text)


def wall_ns(stamp: str, now_ns: int) -> int | None:
    """UTC of a stamp. The old format has neither year nor zone: this host's zone, and the newest year not ahead."""
    try:
        if stamp[:4].isdecimal():
            at = datetime.fromisoformat(stamp)
        else:
            now = datetime.fromtimestamp(now_ns / 1e9).astimezone()
            at = _in_year(stamp, now.year)
            if at.astimezone() > now + timedelta(days=1):
                at = _in_year(stamp, now.year - 1)
        return int(at.astimezone().timestamp() * 1_000_000) * 1000
    except (ValueError, OverflowError, OSError):
        return None


def _in_year(stamp: str, year: int) -> datetime:
    return datetime.strptime(f"{year} {stamp}", "%Y %b %d %H:%M:%S")  # noqa: DTZ007 - the stamp says no zone: it is local
