r"""/dev/kmsg: errors of the kernel, and the exact number of messages that were overwritten unread.

A record is ``prio,seq,usec,flags[,…];text`` and lines of ``KEY=value`` under it (Documentation/ABI/testing/dev-kmsg).
User space may write there too, but never as facility 0: that is how its lines are told from the kernel's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.clocks import suspended_ns
from agent.host.kernel_files import READING, gap_for
from agent.host.root import Root
from agent.oslog.telling import WORST_KEPT, Telling
from readings.model import Clocks, Event, Gap, Sample, Severity, SourceFailed

MOST_RECORDS = 20_000  # a pass; a storm beyond it waits in the kernel's buffer
RECORD_BYTES = 8192  # CONSOLE_EXT_LOG_MAX: a smaller buffer would be refused with EINVAL
ESCAPED = re.compile(rb"\\x([89a-f][0-9a-f]|5c)")


@dataclass(frozen=True, slots=True)
class Record:
    level: int
    facility: int
    sequence: int
    usec: int
    text: str


class KernelLog:
    name = "kernel_log"

    def __init__(self, root: Root, clocks: Callable[[], Clocks], mark: str = "") -> None:
        """``mark`` is that of the last committed tick: ``boot_id sequence``, the next sequence number to tell."""
        self._path = f"{root.dev}/kmsg"
        self._clocks = clocks
        boot, _, sequence = mark.partition(" ")
        # None: whatever the kernel still has; after a reboot everything from 0 on is new.
        self._next: int | None = None
        if boot and sequence.isdecimal():
            self._next = int(sequence) if boot == clocks().boot_id else 0
        self._boot_id = clocks().boot_id
        self._descriptor: int | None = None
        self._rest = b""
        self.telling = Telling(self.name, "kernel", mark)
        self._read_at: int | None = None

    @property
    def mark(self) -> str:
        return self.telling.mark

    def commit(self) -> None:
        self.telling.commit()

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        telling, now = self.telling, self._clocks().boottime_ns
        telling.begin()
        for record in self._records():
            self._tell(record, now)
        self._read_at = now
        return telling.end(self.telling.mark if self._next is None else f"{self._boot_id} {self._next}")

    def _tell(self, record: Record, now: int) -> None:
        boottime = min(record.usec * 1000 + suspended_ns(), now)
        if self._read_at is not None:
            # The stamp is of a clock that drifts from boottime; that it came since the last pass is certain.
            boottime = max(boottime, self._read_at)
        if self._next is not None and record.sequence > self._next:
            lost = record.sequence - self._next
            text = f"{lost} kernel messages were overwritten unread ({self._next} to {record.sequence - 1})"
            self.telling.lost(lost, text, boottime_ns=boottime, cursor=str(record.sequence - 1))
        if self._next is not None and record.sequence < self._next:
            return  # told before the restart
        self._next = record.sequence + 1
        if record.facility and self.telling.is_marker(record.text):
            return
        if record.level <= WORST_KEPT:
            self.telling.add(
                "user_log" if record.facility else "kernel_log",
                Severity(record.level),
                record.text,
                boottime_ns=boottime,
                cursor=str(record.sequence),
            )

    def _records(self) -> Iterator[Record]:
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self._path, READING | getattr(os, "O_NONBLOCK", 0))
            taken = 0
            while taken < MOST_RECORDS:
                try:
                    chunk = os.read(self._descriptor, RECORD_BYTES)
                except BlockingIOError:
                    return
                except BrokenPipeError:
                    continue  # overwritten under our hands: the next sequence number says how many
                if not chunk:
                    return
                # A kernel gives whole records, a file made for a test is cut anywhere.
                whole, _, self._rest = (self._rest + chunk).rpartition(b"\n")
                for record in parse(whole):
                    taken += 1
                    yield record
        except OSError as error:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
            gap = gap_for(error)
            why = "there is no kernel log" if gap is Gap.NOT_OFFERED else error.strerror
            raise SourceFailed(gap, f"{self._path}: {why}") from error


def parse(chunk: bytes) -> Iterator[Record]:
    """The records of what one read gave (a kernel gives one, a file made for a test all). Garbage is passed over."""
    for line in chunk.split(b"\n"):
        head, semicolon, text = line.partition(b";")
        fields = head.split(b",")
        if not semicolon or len(fields) < 4 or not all(field.isdigit() and len(field) < 20 for field in fields[:3]):
            continue  # a KEY=value line under its record begins with a space
        priority, sequence, usec = (int(field) for field in fields[:3])
        yield Record(priority & 7, priority >> 3, sequence, usec, unescaped(text))


def unescaped(text: bytes) -> str:
    r"""The kernel writes bytes outside ASCII as ``\xNN``: back to the text they were. Control bytes stay escaped."""
    return ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), text).decode("utf-8", "replace")
