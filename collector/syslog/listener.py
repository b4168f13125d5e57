"""Syslog of known devices by UDP and TCP, to events: those as bad as the device's settings ask for, and bounded."""

from __future__ import annotations

import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from selectors import EVENT_READ, BaseSelector

from collector.listening.heard import Heard, Listener
from collector.listening.known import KnownSenders, Resolve, resolve
from collector.listening.sockets import LARGEST_DATAGRAM, MOST_AT_ONCE, both_sockets, kernel_drops
from collector.listening.storms import Bound, Storms
from collector.syslog.framing import Frames
from collector.syslog.parsing import parse
from collector.traps.listener import boottime_ns
from readings.delivery.collection import ListedDevice
from readings.model import Event

SOURCE = "syslog"
KIND = "device_log"
PORT = 514
MOST_WAITING = 50_000
MOST_CONNECTIONS = 500
MOST_OF_ONE = 4
IDLE_S = 3_600.0
READ_BYTES = 64 * 1024


@dataclass(slots=True)
class _Connection:
    sock: socket.socket
    address: str
    heard_s: float
    frames: Frames = field(default_factory=Frames)


class SyslogListener:
    """On a datagram socket, a listening one, or both. Not for several threads."""

    def __init__(
        self,
        udp: socket.socket | None,
        tcp: socket.socket | None,
        bound: Bound,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        find: Resolve = resolve,
    ) -> None:
        self._udp = udp
        self._tcp = tcp
        self._storms = Storms(SOURCE, bound)
        self._monotonic = monotonic
        self._find = find
        self._known = KnownSenders()
        self._connections: dict[int, _Connection] = {}
        self._waiting: deque[tuple[bytes, str, int]] = deque()
        self._heard = Heard()
        self._counts: Counter[str] = Counter()
        self._selector: BaseSelector | None = None

    def start(self, selector: BaseSelector) -> None:
        self._selector = selector
        if self._udp is not None:
            selector.register(self._udp, EVENT_READ, self.drain)
        if self._tcp is not None:
            selector.register(self._tcp, EVENT_READ, self._let_in)

    def use(self, devices: Sequence[ListedDevice]) -> None:
        self._known = KnownSenders([device for device in devices if device.protocols.syslog is not None], self._find)
        for connection in list(self._connections.values()):
            if self._known.find(connection.address) is None:
                self._end(connection)

    def drain(self) -> None:
        """What waits in the kernel, into memory."""
        if self._udp is None:
            return
        at_ns = boottime_ns()
        for _ in range(MOST_AT_ONCE):
            try:
                line, address = self._udp.recvfrom(LARGEST_DATAGRAM)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue
            self._put(line, address[0], at_ns)

    def work(self, budget_s: float) -> bool:
        now_s = self._monotonic()
        until = now_s + budget_s
        while self._waiting:
            line, address, at_ns = self._waiting.popleft()
            self._counts[self._hear(line, address, at_ns)] += 1
            if self._monotonic() >= until:
                break
        for connection in [one for one in self._connections.values() if now_s - one.heard_s > IDLE_S]:
            self._end(connection)
        if not self._waiting:
            self._heard.events += self._storms.over(self._monotonic(), boottime_ns())
        return bool(self._waiting)

    def take(self) -> Heard:
        heard, self._heard = self._heard, Heard()
        drops = kernel_drops(self._udp) if self._udp is not None else 0
        too_long = sum(one.frames.too_long for one in self._connections.values())
        heard.counts = self._counts + Counter({"dropped_by_kernel": drops, "too_long": too_long})
        return heard

    def close(self) -> None:
        for connection in list(self._connections.values()):
            self._end(connection)
        for sock in (self._udp, self._tcp):
            if sock is not None:
                sock.close()

    def _put(self, line: bytes, address: str, at_ns: int) -> None:
        self._counts["received"] += 1
        if len(self._waiting) >= MOST_WAITING:
            self._counts["overflowed"] += 1
            return
        self._waiting.append((line, address, at_ns))

    def _hear(self, raw: bytes, address: str, at_ns: int) -> str:
        """What became of it, as it is counted."""
        device = self._known.find(address)
        if device is None or device.protocols.syslog is None:
            return "unknown_sender"
        line = parse(raw)
        if line is None:
            return "damaged"
        if line.severity > device.protocols.syslog.worst:
            return "not_bad_enough"
        if not self._storms.admit(device.device_no, self._monotonic()):
            return "folded"
        self._heard.events.append((device.device_no, Event(SOURCE, KIND, line.severity, line.text, at_ns)))
        return "told"

    # -- TCP

    def _let_in(self) -> None:
        assert self._tcp is not None
        assert self._selector is not None
        try:
            sock, address = self._tcp.accept()
        except OSError:
            return
        if not self._admits(str(address[0])):
            self._counts["refused_connections"] += 1
            sock.close()
            return
        sock.setblocking(False)
        connection = _Connection(sock, str(address[0]), self._monotonic())
        self._connections[sock.fileno()] = connection
        self._selector.register(sock, EVENT_READ, partial(self._read, connection))

    def _admits(self, address: str) -> bool:
        of_it = sum(one.address == address for one in self._connections.values())
        full = len(self._connections) >= MOST_CONNECTIONS or of_it >= MOST_OF_ONE
        return not full and self._known.find(address) is not None

    def _read(self, connection: _Connection) -> None:
        if len(self._waiting) >= MOST_WAITING:
            return  # TCP can wait: the device is held back instead
        try:
            chunk = connection.sock.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            chunk = b""
        connection.heard_s, at_ns = self._monotonic(), boottime_ns()
        for line in connection.frames.feed(chunk):
            self._put(line, connection.address, at_ns)
        if not chunk:
            rest = connection.frames.rest()
            if rest.strip():
                self._put(rest, connection.address, at_ns)
            self._end(connection)

    def _end(self, connection: _Connection) -> None:
        assert self._selector is not None
        self._counts["too_long"] += connection.frames.too_long
        self._connections.pop(connection.sock.fileno(), None)
        self._selector.unregister(connection.sock)
        connection.sock.close()


@dataclass(frozen=True, slots=True)
class MakeSyslog:
    """Called in the other process. Raises OSError: the port is taken, or not ours to take."""

    host: str = "0.0.0.0"  # noqa: S104 - devices are elsewhere; who may speak is in the device list
    port: int = PORT
    bound: Bound = field(default_factory=Bound)

    def __call__(self) -> Listener:
        return SyslogListener(*both_sockets(self.host, self.port), self.bound)
