"""Programs of this host: a time limit, a bound on what is listened to, and an end for all they started."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from agent.host.root import Root
from readings.model import Gap, SourceFailed

if TYPE_CHECKING:
    from subprocess import Popen

MOST_BYTES = 4 * 2**20
DIES_WITHIN_S = 2.0
# Programs of vendors and of root lie outside the PATH a service is given.
FOLDERS = (
    *("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"),
    *("/opt/MegaRAID/storcli", "/opt/MegaRAID/perccli", "/opt/MegaRAID/storcli64"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a program ended (its exit code) and what it said."""

    code: int
    out: str
    err: str

    def last_words(self) -> str:
        """What it complained of, in one line."""
        lines = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()]
        return lines[0][:200] if lines else f"exit code {self.code}"


class Asking(Protocol):
    """Where programs are, and running them."""

    def find(self, *names: str) -> str | None:
        """The path of the first of these that is there."""
        ...

    def run(self, argv: Sequence[str], seconds: float) -> Answer:
        """Raises SourceFailed: ``timed_out``, ``not_offered``, ``refused`` or ``unreadable``."""
        ...


class Programs:
    """The programs of the running system; of a tree made for a test there are none to ask."""

    def __init__(self, root: Root, folders: Sequence[str] = FOLDERS) -> None:
        self._path = os.pathsep.join(folders) if root.live else ""
        self._undead: dict[str, Popen[bytes]] = {}

    def find(self, *names: str) -> str | None:
        if not self._path:
            return None
        return next((found for name in names if (found := shutil.which(name, path=self._path))), None)

    def run(self, argv: Sequence[str], seconds: float) -> Answer:
        """Raises SourceFailed. One that hangs in the kernel is left behind, and not started again until it is gone."""
        name, asked = os.path.basename(argv[0]), " ".join(argv)  # noqa: PTH119 - a path as text
        left = self._undead.get(asked)
        if left is not None:
            if left.poll() is None:
                raise SourceFailed(Gap.TIMED_OUT, f"{name}: still hangs in the kernel (process {left.pid})")
            del self._undead[asked]
        started = _start(argv, name)
        try:
            said = _listen(started, time.monotonic() + seconds)
            code = started.wait(max(said.left_s, 0.01))
        except (TimeoutError, _subprocess_timeout()) as error:
            if not _end(started):
                self._undead[asked] = started
            raise SourceFailed(Gap.TIMED_OUT, f"{asked}: no answer in {seconds:g} s, killed") from error
        except _TooMuch as error:
            _end(started)
            raise SourceFailed(Gap.UNREADABLE, f"{asked}: said more than {MOST_BYTES} bytes, killed") from error
        if code < 0:
            raise SourceFailed(Gap.UNREADABLE, f"{asked}: ended by signal {-code}")
        return Answer(code, said.out.decode("utf-8", "replace"), said.err.decode("utf-8", "replace"))


class _TooMuch(Exception):  # noqa: N818 - it never leaves this file
    """More was said than is listened to."""


@dataclass(frozen=True, slots=True)
class _Said:
    out: bytes
    err: bytes
    left_s: float


def _subprocess_timeout() -> type[Exception]:
    import subprocess  # noqa: PLC0415 - half a megabyte only hosts with such programs need

    return subprocess.TimeoutExpired


def _start(argv: Sequence[str], name: str) -> Popen[bytes]:
    """In a process group of its own, in plain English and UTC. Raises SourceFailed."""
    import subprocess  # noqa: PLC0415 - half a megabyte only hosts with such programs need

    surroundings = {"PATH": os.pathsep.join(FOLDERS), "LC_ALL": "C", "TZ": "UTC", "HOME": "/nonexistent"}
    try:
        return subprocess.Popen(  # noqa: S603 - a program by its path, arguments of our own making
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=surroundings,
            cwd="/",
            start_new_session=True,
        )
    except PermissionError as error:
        raise SourceFailed(Gap.REFUSED, f"{argv[0]}: user {os.geteuid()} may not run it") from error
    except FileNotFoundError as error:
        raise SourceFailed(Gap.NOT_OFFERED, f"{name}: there is no such program") from error
    except OSError as error:
        raise SourceFailed(Gap.UNREADABLE, f"{argv[0]}: cannot be run: {error.strerror}") from error


def _listen(started: Popen[bytes], until: float) -> _Said:
    """Both streams to their ends. Raises TimeoutError, _TooMuch."""
    import selectors  # noqa: PLC0415 - as subprocess

    assert started.stdout is not None
    assert started.stderr is not None
    heard: dict[int, list[bytes]] = {started.stdout.fileno(): [], started.stderr.fileno(): []}
    size = 0
    with selectors.DefaultSelector() as selector, started.stdout, started.stderr:
        out, err = heard
        for descriptor in heard:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            left = until - time.monotonic()
            ready = selector.select(left) if left > 0 else []
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                chunk = os.read(key.fd, 65536)
                size += len(chunk)
                if size > MOST_BYTES:
                    raise _TooMuch
                if chunk:
                    heard[key.fd].append(chunk)
                else:
                    selector.unregister(key.fd)
    return _Said(b"".join(heard[out]), b"".join(heard[err]), until - time.monotonic())


def _end(started: Popen[bytes]) -> bool:
    """Kill it with everything it started; whether it is gone."""
    import signal  # noqa: PLC0415 - as subprocess
    from contextlib import suppress  # noqa: PLC0415 - as subprocess

    with suppress(ProcessLookupError, PermissionError):
        os.killpg(started.pid, signal.SIGKILL)
    try:
        started.wait(DIES_WITHIN_S)
    except _subprocess_timeout():
        return False
    return True
