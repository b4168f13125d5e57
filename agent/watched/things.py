"""The things a host may name, each a frozen row. Where one stands in a file is told by ``allowed``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from readings.model import Gap, Severity, SourceFailed

SECTIONS = ("processes", "ports", "files", "certificates", "commands")


@dataclass(frozen=True, slots=True)
class WatchedProcess:
    """Processes whose program has that name, whose command line fits, that run as ``user``: all that is said holds."""

    name: str
    program: str = ""
    cmdline: re.Pattern[str] | None = None
    user: str = ""


@dataclass(frozen=True, slots=True)
class WatchedPort:
    """A TCP port that accepts. ``host`` is an address, never a name: nothing is resolved."""

    name: str
    port: int
    host: str = "127.0.0.1"
    time_limit_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Pattern:
    """Looked for in every new line: a text that stands in it, or a regular expression."""

    name: str
    text: str = ""
    regex: re.Pattern[str] | None = None
    severity: Severity = Severity.NOTICE

    def may_stand_in(self, chunk: bytes, encoding: str) -> bool:
        """False: no line of ``chunk`` can hold it, so none need be looked at."""
        return self.regex is not None or self.text.encode(encoding, "replace") in chunk

    def seen_in(self, line: str) -> bool:
        return self.text in line if self.regex is None else self.regex.search(line) is not None


@dataclass(frozen=True, slots=True)
class WatchedFile:
    """``path`` stands under one of ``roots`` and is only ever read there.

    It may hold ``{yyyymmdd}`` or ``{yyyy-mm-dd}`` (today, in the host's zone), and ``*`` and ``?`` in its last word.
    """

    name: str
    path: str
    roots: tuple[str, ...]
    patterns: tuple[Pattern, ...] = ()
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class WatchedCertificate:
    """A PEM file under one of ``roots``, or what a TLS port shows."""

    name: str
    file: str = ""
    roots: tuple[str, ...] = ()
    host: str = ""
    port: int = 0
    server_name: str = ""
    time_limit_s: float = 5.0
    every_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class WatchedCommand:
    """``argv`` as it is, without a shell, as ``user``; killed with its children at the time limit."""

    name: str
    argv: tuple[str, ...]
    user: str
    number: bool
    time_limit_s: float = 5.0
    every_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Named:
    """All that one file names, or all files together. ``load_window``: whether this host may be loaded on purpose."""

    processes: tuple[WatchedProcess, ...] = ()
    ports: tuple[WatchedPort, ...] = ()
    files: tuple[WatchedFile, ...] = ()
    certificates: tuple[WatchedCertificate, ...] = ()
    commands: tuple[WatchedCommand, ...] = ()
    load_window: bool = False

    def names(self, section: str) -> list[str]:
        return [thing.name for thing in getattr(self, section)]


Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Watch(Generic[Thing]):
    """What a source has to look at in this pass: ``things``, and the names a refused file would have watched."""

    things: tuple[Thing, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)

    def check(self, section: str) -> None:
        """Raises SourceFailed: there is nothing to look at."""
        if not self.things and not self.left_out:
            raise SourceFailed(Gap.NOT_OFFERED, f"allowed.d names no {section} to watch")
