"""TCP ports: whether they accept, on this host or at an address its root named."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.host.kernel_files import gap_for
from agent.host.root import Root
from agent.watched.things import Watch, WatchedPort
from agent.watched.turns import PATIENCE_S, Answered, Turns
from readings.model import Event, Gap, Sample, Severity, SourceFailed

# Something answered, and the answer is no: that is known. Silence and an unreachable network are not.
REFUSED_BY_HOST = {errno.ECONNREFUSED, errno.ECONNRESET}
UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL}
OVERDUE_S = 60.0


@dataclass(frozen=True, slots=True)
class Tried:
    open: float | Gap
    seconds: float | Gap


class Ports:
    name = "watched_ports"

    def __init__(self, root: Root, watch: Callable[[], Watch[WatchedPort]], *, patience_s: float = PATIENCE_S) -> None:
        self._live = root.live
        self._watch = watch
        self._turns: Turns[WatchedPort, Tried] = Turns(connect, patience_s=patience_s)
        self._were: dict[str, float | Gap] = {}

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        watch = self._watch()
        watch.check("ports")
        if not self._live:
            raise SourceFailed(Gap.NOT_OFFERED, "ports: asked of the running system only")
        answers = self._turns.take(dict.fromkeys(watch.things, 0.0))
        now = self._turns.now()
        for port, answered in answers.items():
            tried = newest(port, answered, now)
            yield from self._tell(port, tried.open)
            yield Sample("watched_port_open", tried.open, port.name)
            yield Sample("watched_port_connect_seconds", tried.seconds, port.name)
        for name in watch.left_out:
            yield Sample("watched_port_open", Gap.UNREADABLE, name)

    def _tell(self, port: WatchedPort, is_open: float | Gap) -> Iterator[Event]:
        before = self._were.get(port.name)
        if isinstance(is_open, Gap):
            return
        self._were[port.name] = is_open
        if before is not None and before != is_open:
            severity, kind = (Severity.NOTICE, "opened") if is_open else (Severity.WARNING, "closed")
            text = f"{port.name}: {port.host} port {port.port} {'accepts again' if is_open else 'no longer accepts'}"
            yield Event(self.name, f"watched_port_{kind}", severity, text)


def newest(port: WatchedPort, answered: Answered[Tried] | None, now: float) -> Tried:
    if answered is None or now - answered.at_s > port.time_limit_s + OVERDUE_S:
        return Tried(Gap.TIMED_OUT, Gap.TIMED_OUT)
    return answered.answer


def connect(port: WatchedPort) -> Tried:
    """One connection, closed at once; nothing is sent."""
    started = time.monotonic()
    family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as asking:
            asking.settimeout(port.time_limit_s)
            asking.connect((port.host, port.port))
    except TimeoutError:
        return Tried(Gap.TIMED_OUT, Gap.TIMED_OUT)
    except OSError as error:
        if error.errno in REFUSED_BY_HOST:
            return Tried(0.0, Gap.NOT_OFFERED)
        gap = Gap.UNREACHABLE if error.errno in UNREACHABLE else gap_for(error)
        return Tried(gap, gap)
    return Tried(1.0, time.monotonic() - started)
