"""Programs of Windows, asked as agent/hardware/command.py asks those of Linux: same limits, same reasons, same answer.

It is a second realisation because pipes cannot be selected there, and groups of processes and signals do not exist.
"""

from __future__ import annotations

import codecs
import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING

from agent.hardware.command import DIES_WITHIN_S, MOST_BYTES, Answer
from readings.model import Gap, SourceFailed

if TYPE_CHECKING:
    from subprocess import Popen

# CREATE_NO_WINDOW | BELOW_NORMAL_PRIORITY_CLASS (winbase.h): no console flashes up, and the host's work goes first.
NO_WINDOW_AND_PATIENT = 0x0800_0000 | 0x0000_4000
# Without these many programs of Windows do not start; whatever else stands in the environment is none of theirs.
KEPT = ("SystemRoot", "SystemDrive", "windir", "ComSpec", "PATHEXT", "TEMP", "TMP", "NUMBER_OF_PROCESSORS")
CHINESE = "gbk"  # code page 936


def system_folders(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Where Windows keeps its own programs. The PATH is not asked: others may write there."""
    system = environment.get("SystemRoot", r"C:\Windows") + r"\System32"
    return system, system + r"\WindowsPowerShell\v1.0"


class WindowsPrograms:
    def __init__(self, folders: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> None:
        self._folders = tuple(folders) if folders is not None else system_folders(environment)
        self._surroundings = {key: environment[key] for key in KEPT if key in environment}
        self._surroundings["PATH"] = os.pathsep.join(self._folders)
        self._undead: dict[str, Popen[bytes]] = {}

    def find(self, *names: str) -> str | None:
        """Not by ``shutil.which``, which looks into the current folder first on Windows."""
        paths = (os.path.join(folder, name) for name in names for folder in self._folders)  # noqa: PTH118 - text paths
        return next((path for path in paths if os.path.isfile(path)), None)  # noqa: PTH113 - text paths

    def run(self, argv: Sequence[str], seconds: float) -> Answer:
        """Raises SourceFailed. One that cannot be ended is left behind, and not started again until it is gone.

        Whatever it is asked: the question for a log has another number in it every time.
        """
        name, asked = os.path.basename(argv[0]), " ".join(argv)  # noqa: PTH119 - a path as text
        left = self._undead.get(argv[0])
        if left is not None:
            if left.poll() is None:
                raise SourceFailed(Gap.TIMED_OUT, f"{name}: cannot be ended (process {left.pid})")
            del self._undead[argv[0]]
        until = time.monotonic() + seconds
        started = self._start(argv, name)
        assert started.stdout is not None
        assert started.stderr is not None
        out, err = Ear(started.stdout), Ear(started.stderr)
        ended = out.ended(until) and err.ended(until)
        if out.too_much or err.too_much:
            self._end(started, argv[0])
            raise SourceFailed(Gap.UNREADABLE, f"{asked}: said more than {MOST_BYTES} bytes, killed")
        if not ended or not _gone(started, max(until - time.monotonic(), 0.01)):
            self._end(started, argv[0])
            raise SourceFailed(Gap.TIMED_OUT, f"{asked}: no answer in {seconds:g} s, killed")
        return Answer(started.returncode, decoded(out.heard), decoded(err.heard))

    def _start(self, argv: Sequence[str], name: str) -> Popen[bytes]:
        import subprocess  # noqa: PLC0415 - half a megabyte a look at other systems does not need

        try:
            return subprocess.Popen(  # noqa: S603 - a program by its path, arguments of our own making
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._surroundings,
                cwd=self._folders[0],
                creationflags=NO_WINDOW_AND_PATIENT if os.name == "nt" else 0,
            )
        except PermissionError as error:
            raise SourceFailed(Gap.REFUSED, f"{argv[0]}: this account may not run it") from error
        except FileNotFoundError as error:
            raise SourceFailed(Gap.NOT_OFFERED, f"{name}: there is no such program") from error
        except OSError as error:
            raise SourceFailed(Gap.UNREADABLE, f"{argv[0]}: cannot be run: {error.strerror}") from error

    def _end(self, started: Popen[bytes], path: str) -> None:
        """Kill it, and on Windows what it started: ``taskkill /T`` follows the tree."""
        import subprocess  # noqa: PLC0415 - as above
        from contextlib import suppress  # noqa: PLC0415 - as above

        taskkill = self.find("taskkill.exe")
        if taskkill is not None:
            argv = [taskkill, "/T", "/F", "/PID", str(started.pid)]
            with suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(argv, capture_output=True, check=False, timeout=DIES_WITHIN_S, env=self._surroundings)  # noqa: S603 - Windows' own program
        with suppress(OSError):
            started.kill()
        if not _gone(started, DIES_WITHIN_S):
            self._undead[path] = started


class Ear:
    """Listens to one stream in a thread of its own, up to MOST_BYTES."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._chunks: list[bytes] = []
        self._stream = stream
        self.too_much = False
        self._thread = threading.Thread(target=self._listen, name="ear", daemon=True)
        self._thread.start()

    @property
    def heard(self) -> bytes:
        return b"".join(self._chunks)

    def ended(self, until: float) -> bool:
        """Whether the stream ended (or too much was said) before ``until`` on the steady clock."""
        self._thread.join(max(until - time.monotonic(), 0))
        return not self._thread.is_alive()

    def _listen(self) -> None:
        size = 0
        with self._stream:
            while chunk := os.read(self._stream.fileno(), 65536):
                size += len(chunk)
                if size > MOST_BYTES:
                    self.too_much = True
                    return
                self._chunks.append(chunk)


def _gone(started: Popen[bytes], seconds: float) -> bool:
    import subprocess  # noqa: PLC0415 - as above

    try:
        started.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def decoded(said: bytes) -> str:
    """UTF-16 where it is (``/uni:true``), UTF-8 where it is valid, else the console's code page: GBK in Chinese.

    Whatever cannot be decoded is U+FFFD; it never raises.
    """
    if said.startswith(codecs.BOM_UTF16_LE) or said[1:2] == b"\0":
        return said.decode("utf-16-le", "replace").removeprefix("\ufeff")
    try:
        return said.decode("utf-8-sig")
    except UnicodeDecodeError:
        return said.decode(_console_page(), "replace")


def _console_page() -> str:
    try:
        codecs.lookup("oem")  # Windows only: what its console is set to
    except LookupError:
        return CHINESE
    return "oem"
