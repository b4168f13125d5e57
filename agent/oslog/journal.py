"""The systemd journal through ``journalctl -o json``: errors of services, from a cursor on."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.clocks import suspended_ns
from agent.host.root import Root
from agent.oslog.telling import MOST_EVENTS, WORST_KEPT, Telling
from readings.model import Clocks, Event, Gap, Sample, Severity, SourceFailed

MOST_LINES = MOST_EVENTS * 5  # a pass; the rest waits for the next one
MOST_SECONDS = 5.0
# All but the kernel's: those come from /dev/kmsg, whose sequence numbers prove that none is missing.
TRANSPORTS = tuple(f"_TRANSPORT={name}" for name in ("journal", "syslog", "stdout", "audit", "driver"))
FIELDS = "MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_SYSTEMD_UNIT,_BOOT_ID"

Signature = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    cursor: str
    severity: Severity
    text: str
    boot_id: str
    monotonic_ns: int
    wall_ns: int


class Journal:
    name = "journal"

    def __init__(
        self,
        root: Root,
        clocks: Callable[[], Clocks],
        mark: str = "",
        ask: Callable[[Sequence[str], int, float], list[str]] | None = None,
    ) -> None:
        """``mark`` is the cursor of the last committed tick. ``ask`` runs journalctl and gives its lines."""
        self._folders = (f"{root.var}/log/journal", f"{root.files}/run/log/journal")
        self._live = root.live
        self._clocks = clocks
        self._cursor = mark
        self._doubted = bool(mark)  # a journal may have thrown away the place while the agent was not running
        self._ask = ask or journalctl
        self._seen: Signature | None = None
        self._there: bool | None = None
        self.telling = Telling(self.name, "journal", mark)

    @property
    def mark(self) -> str:
        return self.telling.mark

    @property
    def offered(self) -> bool:
        """Whether there is a journal, as the last pass found."""
        if self._there is None:
            self._signature()
        return bool(self._there)

    def commit(self) -> None:
        self.telling.commit()

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        self.telling.begin()
        signature = self._signature()
        if not signature:
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._folders[0]}: there is no journal on this host")
        # journald touches its files at every write: while nothing moved, no process need be started.
        if signature != self._seen and self._take() < MOST_LINES:
            self._seen = signature
        return self.telling.end(self._cursor)

    def _signature(self) -> Signature:
        found: list[tuple[str, int, int]] = []
        for folder in self._folders:
            for machine in _names(folder):
                for file in _names(f"{folder}/{machine}"):
                    if file.endswith(".journal"):
                        path = f"{folder}/{machine}/{file}"
                        with suppress(FileNotFoundError):  # rotated away just now
                            said = os.stat(path)  # noqa: PTH116 - text paths, on the way of every pass
                            found.append((path, said.st_mtime_ns, said.st_size))
        self._there = bool(found)
        return tuple(found)

    def _take(self) -> int:
        """Tell what is new; how many lines there were."""
        where = [] if self._live else ["-D", next(folder for folder in self._folders if Path(folder).is_dir())]
        since = [self._since()] if self._cursor else ["--boot"] if self._live else []
        options = ["--quiet", "--no-pager", "--output=json", f"--output-fields={FIELDS}", "--priority=0..3"]
        lines = self._ask([*where, *options, *since, *TRANSPORTS], MOST_LINES, MOST_SECONDS)
        complaint = next((line for line in lines if line.strip() and not line.startswith("{")), "")
        if complaint and "cursor" in complaint and self._cursor:
            self._place_lost(complaint[:200])
            self._cursor, self._doubted = "", False
            return MOST_LINES  # ask again in the next pass, whether or not anything is written
        if complaint and not any(line.startswith("{") for line in lines):
            raise SourceFailed(Gap.UNREADABLE, f"journalctl: {complaint[:300]}")
        entries = [entry for entry in map(parse, lines) if entry is not None]
        if self._doubted:
            self._doubted = False
            if entries and entries[0].cursor == self._cursor:
                del entries[0]
            else:
                self._place_lost("its file is gone")
        for entry in entries:
            self._cursor = entry.cursor
            self._tell(entry)
        return len(lines)

    def _since(self) -> str:
        """What was told last is asked for once more after a start: journalctl goes on in silence after a lost place."""
        return f"--cursor={self._cursor}" if self._doubted else f"--after-cursor={self._cursor}"

    def _place_lost(self, why: str) -> None:
        text = f"the journal no longer knows the place read last, what came between may be missing ({why})"
        self.telling.lost(1, text, boottime_ns=self._clocks().boottime_ns)

    def _tell(self, entry: Entry) -> None:
        this_boot = entry.boot_id == self._clocks().boot_id.replace("-", "")
        if entry.severity <= WORST_KEPT:
            self.telling.add(
                "user_log",
                entry.severity,
                entry.text,
                boottime_ns=entry.monotonic_ns + suspended_ns() if this_boot else None,
                wall_ns=entry.wall_ns,
                cursor=entry.cursor,
            )


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names as text, on the way of every pass
    except OSError:
        return []


def parse(line: str) -> Entry | None:
    """One line of ``-o json``; None for what is no entry. MESSAGE is text, a list of bytes, or null when too long."""
    try:
        said: Any = json.loads(line)
        if not isinstance(said, dict):
            return None
        who = _text(said.get("SYSLOG_IDENTIFIER") or said.get("_SYSTEMD_UNIT") or "")
        message = _text(said.get("MESSAGE"))
        return Entry(
            cursor=str(said["__CURSOR"]),
            severity=Severity(int(said.get("PRIORITY", Severity.ERROR))),
            text=f"{who}: {message}" if who else message,
            boot_id=str(said.get("_BOOT_ID", "")),
            monotonic_ns=int(said["__MONOTONIC_TIMESTAMP"]) * 1000,
            wall_ns=int(said["__REALTIME_TIMESTAMP"]) * 1000,
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _text(field: Any) -> str:
    if isinstance(field, list):
        if all(isinstance(byte, int) and 0 <= byte < 256 for byte in field):
            return bytes(field).decode("utf-8", "replace")
        return _text(field[0]) if field else ""  # a field given several times
    return "(longer than the journal shows)" if field is None else str(field)


def journalctl(arguments: Sequence[str], most_lines: int, seconds: float) -> list[str]:
    """The first lines journalctl says, errors among them. Raises SourceFailed: no such program, or it took too long."""
    import subprocess  # noqa: PLC0415 - half a megabyte only hosts with a journal need
    import threading  # noqa: PLC0415 - hosts without a journal never get here

    program = shutil.which("journalctl")
    if program is None:
        raise SourceFailed(Gap.NOT_OFFERED, "journalctl: there is a journal and no program to read it")
    surroundings = {**os.environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0"}
    with subprocess.Popen(  # noqa: S603 - a fixed program, arguments of our own making
        [program, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=surroundings,
    ) as asked:
        late = threading.Event()

        def stop() -> None:
            late.set()
            asked.kill()

        timer = threading.Timer(seconds, stop)
        timer.start()
        lines: list[str] = []
        try:
            for line in asked.stdout or ():
                lines.append(line.decode("utf-8", "replace"))
                if len(lines) >= most_lines:
                    break
        finally:
            timer.cancel()
            asked.kill()
    if late.is_set() and not lines:
        raise SourceFailed(Gap.TIMED_OUT, f"journalctl: said nothing in {seconds:g} s")
    if late.is_set():
        lines = lines[:-1]  # cut off within it
    return lines
