"""A centre that holds a valid credential and means harm: it says whatever bytes the test gives it.

Beside it a watch (``sys.addaudithook``) over all that this program does meanwhile: programs started, files written
outside the agent's state, files read that are no part of the program, connections to anybody but the centre.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from readings import wire
from readings.delivery.https import client
from readings.delivery.runner import TakenTick
from readings.delivery.spool import Spool
from readings.delivery.transport import Transport
from readings.delivery.uplink import Uplink
from readings.model import Clocks

Words = Callable[[wire.Envelope | None], Iterable[bytes]]
STARTS = {
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "pty.spawn",
}
CHANGES = {
    "os.remove",
    "os.rename",
    "os.link",
    "os.symlink",
    "os.mkdir",
    "os.rmdir",
    "os.chmod",
    "os.chown",
    "os.truncate",
}
CODE = {
    "pickle.find_class",
    "ctypes.dlopen",
    "code.__new__",
    "function.__new__",
    "os.putenv",
    "os.kill",
    "signal.pthread_kill",
}
PRIVATE = ("/etc/", "/root/", "/home/", "/var/", "/dev/")  # nothing there need be read to send
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


@dataclass
class Watch:
    """What was done that no answer of a centre may bring about, while ``looking``."""

    state: str = ""
    centre: tuple[str, int] = ("", 0)
    threads: set[int] = field(default_factory=set)  # the hostile centre's own, and what ran before the test began
    looking: bool = False
    done: list[str] = field(default_factory=list)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.looking and threading.get_ident() not in self.threads and self.forbids(event, arguments):
            self.done.append(f"{event} {arguments!r}"[:300])

    def forbids(self, event: str, arguments: tuple[Any, ...]) -> bool:
        if event in STARTS or event in CODE:
            return True
        if event == "open":
            path, _, flags = arguments
            writes = isinstance(flags, int) and bool(flags & WRITING)
            return self.outside(path) and (writes or is_private(os.fsdecode(path)))
        if event in CHANGES:
            return any(self.outside(path) for path in arguments if isinstance(path, str | bytes | os.PathLike))
        if event == "sqlite3.connect":
            return self.outside(str(arguments[0]).removeprefix("file:"))
        if event in {"socket.connect", "socket.sendto"}:
            return tuple(arguments[1][:2]) != self.centre
        return event == "socket.getaddrinfo" and arguments[0] != self.centre[0]

    def outside(self, path: Any) -> bool:
        return not isinstance(path, int) and not os.fsdecode(path).startswith(self.state)


def is_private(path: str) -> bool:
    """Not a module that the interpreter loads only now."""
    return path.startswith(PRIVATE) and not path.startswith((sys.base_prefix, sys.prefix))


WATCH = Watch()
_hooked: list[bool] = []


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """A hook cannot be taken off again: there is one, and it looks only when told."""
    if not _hooked:
        sys.addaudithook(WATCH)
        _hooked.append(True)
    WATCH.state = str(tmp_path / "state")
    WATCH.done.clear()
    WATCH.threads = {one.ident or 0 for one in threading.enumerate()} - {threading.get_ident()}
    yield WATCH
    WATCH.looking = False


class Hostile:
    """Answers every request with ``words``, then closes. ``asked`` holds the requests' heads."""

    def __init__(self, watch: Watch) -> None:
        self.words: Words = lambda _: []
        self.asked: list[bytes] = []
        self.envelopes: list[wire.Envelope] = []
        self._watch = watch
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        watch.centre = ("127.0.0.1", self.port)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        self._watch.threads.add(threading.get_ident())
        while True:
            try:
                asking, _ = self._listening.accept()
            except OSError:
                return
            with asking, suppress(OSError):
                self._answer(asking)

    def _answer(self, asking: socket.socket) -> None:
        asking.settimeout(10)
        said = b""
        while b"\r\n\r\n" not in said:
            said += asking.recv(65536)
        head, _, body = said.partition(b"\r\n\r\n")
        self.asked.append(head)
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        while len(body) < length:
            body += asking.recv(65536)
        envelope = wire.unpack_envelope(body) if b"/batches" in head.partition(b"\r\n")[0] else None
        if envelope is not None:
            self.envelopes.append(envelope)
        for piece in self.words(envelope):
            asking.sendall(piece)

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@pytest.fixture
def hostile(watch: Watch) -> Iterator[Hostile]:
    centre = Hostile(watch)
    yield centre
    centre.close()


@dataclass
class Agent:
    """The sending half of an agent, with ticks that wait. ``waits``: the seconds it would have waited."""

    spool: Spool
    uplink: Uplink
    watch: Watch
    waits: list[float] = field(default_factory=list)

    def steps(self, times: int) -> None:
        """So many requests at most, while the watch looks."""
        with self.watching():
            self.waits += [self.uplink.step() for _ in range(times)]

    @contextmanager
    def watching(self) -> Iterator[None]:
        self.watch.looking = True
        try:
            yield
        finally:
            self.watch.looking = False

    def waiting(self) -> int:
        return self.spool.counters().waiting


def now() -> Clocks:
    return Clocks("boot", time.monotonic_ns(), time.time_ns())


@pytest.fixture
def agent(hostile: Hostile, watch: Watch, tmp_path: Path) -> Iterator[Agent]:
    state = tmp_path / "state"
    state.mkdir()
    spool = Spool(state / "spool.db")
    for _ in range(3):
        spool.append(TakenTick(now(), [("", "load", wire.pack_series([("load1", "")]), bytes(8))]))
    with client(hostile.url, None) as http:
        yield Agent(spool, Uplink(spool, Transport(http, "zsa_secret", within_s=0.5).post, now), watch)
    spool.close()
