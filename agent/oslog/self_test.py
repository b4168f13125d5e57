"""Whether the logs still speak: once a day a line of our own goes into each, and must come back through its source.

A log nobody writes errors to and a log that was cut off look the same. One that does not bring our line back within
two minutes is blind: ``log_marker_seen`` is 0, and its count of events is a gap instead of a number that stands still.
"""

from __future__ import annotations

import errno
import os
import secrets
import socket
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.host.kernel_files import gap_for
from agent.host.root import Root
from agent.oslog.journal import Journal
from agent.oslog.kernel_log import KernelLog
from agent.oslog.syslog import Syslog
from agent.oslog.telling import LogSource, Telling, marker
from readings.model import Clocks, Gap, Sample

A_DAY_S = 86_400.0
AGAIN_S = 600.0  # after a log was found blind, so that one that was repaired is soon seen to be
WITHIN_NS = 120_000_000_000
SEND_WITHIN_S = 1.0
# Facility user (1). The kernel's reader takes every severity: informational, no console need show it. The journal's
# reader asks for errors only, and so must ours be one.
KERNEL_PRIORITY, SYSLOG_PRIORITY = 8 + 6, 8 + 3


@dataclass
class Trial:
    """One log under test. ``write`` may raise OSError; ``offered`` says whether this host has such a log at all."""

    part: str
    telling: Telling
    write: Callable[[str], None]
    offered: Callable[[], bool]
    written_ns: int | None = None
    result: float | Gap | None = None
    awaited: str = ""

    def step(self, now_ns: int, pace_s: float, token: Callable[[], str]) -> None:
        if not self.offered():
            self.result, self.awaited, self.written_ns = Gap.NOT_OFFERED, "", None
            self.telling.blind = False
            return
        self._look(now_ns)
        wait_s = pace_s if self.result == 1.0 else min(pace_s, AGAIN_S)
        if not self.awaited and (self.written_ns is None or now_ns - self.written_ns >= wait_s * 1e9):
            self._begin(now_ns, token())

    def _look(self, now_ns: int) -> None:
        if not self.awaited or self.written_ns is None:
            return
        if self.telling.marker == self.awaited:
            self.result, self.awaited, self.telling.blind = 1.0, "", False
        elif now_ns - self.written_ns >= WITHIN_NS:
            self.result, self.awaited, self.telling.blind = 0.0, "", True

    def _begin(self, now_ns: int, token: str) -> None:
        self.written_ns = now_ns
        try:
            self.write(marker(token))
            self.awaited = token
        except OSError as error:
            # Nothing was written, so nothing can be said of the reading: that is no blindness.
            self.result, self.telling.blind = gap_for(error), False


class SelfTest:
    """``log_marker_seen`` of each log. To be read before the logs: what it writes they find in the same pass."""

    name = "log_self_test"

    def __init__(
        self,
        trials: Sequence[Trial],
        clocks: Callable[[], Clocks],
        token: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self.pace_s = A_DAY_S
        self._trials = trials
        self._clocks = clocks
        self._token = token

    def read(self) -> Iterator[Sample]:
        now_ns = self._clocks().boottime_ns
        for trial in self._trials:
            trial.step(now_ns, self.pace_s, self._token)
            if trial.result is not None:
                yield Sample("log_marker_seen", trial.result, trial.part)


def self_test_of(root: Root, clocks: Callable[[], Clocks], logs: Sequence[LogSource]) -> SelfTest:
    """The test of the logs this agent reads (agent.oslog.sources)."""
    trials: list[Trial] = []

    def to_syslog(line: str) -> None:
        send(f"{root.dev}/log", line, clocks().wall_ns)

    for log in logs:
        match log:
            case KernelLog():
                path = f"{root.dev}/kmsg"
                trials.append(Trial("kernel", log.telling, lambda line, to=path: put(to, line), _there(path)))  # type: ignore[misc]  # bound now
            case Journal():
                trials.append(Trial("journal", log.telling, to_syslog, lambda log=log: log.offered))  # type: ignore[misc]  # bound now
            case Syslog():
                trials.append(Trial("syslog", log.telling, to_syslog, lambda log=log: log.offered))  # type: ignore[misc]  # bound now
    return SelfTest(trials, clocks)


def put(path: str, line: str) -> None:
    """A line into the kernel's log, as user space. Raises OSError."""
    device = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.write(device, f"<{KERNEL_PRIORITY}>{line}\n".encode())
    finally:
        os.close(device)


def send(path: str, line: str, wall_ns: int) -> None:
    """A line to whoever listens for syslog on this host, in the form the C library gives it. Raises OSError."""
    stamp = f"{datetime.fromtimestamp(wall_ns / 1e9).astimezone():%b %e %H:%M:%S}"
    family = getattr(socket, "AF_UNIX", None)
    if family is None:
        raise FileNotFoundError(errno.ENOENT, "no such sockets on this system", path)
    with socket.socket(family, socket.SOCK_DGRAM) as to:
        to.settimeout(SEND_WITHIN_S)
        to.connect(path)
        to.send(f"<{SYSLOG_PRIORITY}>{stamp} {line}".encode())


def _there(path: str) -> Callable[[], bool]:
    """Whether it is the device: into a file that was recorded for a test nothing is written."""

    def there() -> bool:
        try:
            return stat.S_ISCHR(os.stat(path).st_mode)  # noqa: PTH116 - text paths, as everywhere here
        except OSError:
            return False

    return there
