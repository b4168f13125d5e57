"""Versions of a device's configuration: kept when it changed, compared line by line, told without its secrets."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from collector.cli.masking import masked
from collector.cli.platforms import Platform, only_reading
from collector.cli.ssh import CliAnswer, CliSettings, Sessions
from readings.model import Event, Fact, Gap, Sample, Severity, SourceFailed

NAME = re.compile(r"(\d{8}T\d{6}Z)-([0-9a-f]{64})\.cfg")
STAMP = "%Y%m%dT%H%M%SZ"
MOST_VERSIONS = 1000
MOST_TOLD_LINES = 40
LONGEST_TOLD = 4000


@dataclass(frozen=True, slots=True)
class Version:
    """``hash`` is of what counts: lines that change by themselves left out. The file holds the text as it came."""

    at: datetime
    hash: str
    file: Path

    def text(self) -> str:
        return self.file.read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Kept:
    """``newest`` is the version that is in force; ``before`` the one it took the place of, if this look found it so."""

    newest: Version
    before: Version | None
    first: bool
    count: int


async def ask(sessions: Sessions, settings: CliSettings) -> str:
    """The whole configuration. Raises SourceFailed: also for one that was cut off, which must not be kept."""
    platform = only_reading(settings.platform, ())
    answer = await sessions.ask(settings, [platform.configuration])
    return whole(answer, platform, f"CLI {settings.host} port {settings.port} as {settings.user}")


def whole(answer: CliAnswer, platform: Platform, tried: str) -> str:
    """Raises SourceFailed."""
    command = platform.configuration
    if command in answer.refused:
        said = " ".join(answer.refused[command].split())
        raise SourceFailed(Gap.REFUSED, f"{tried}: {command}: the device says {masked(said)[:120]!r}")
    text = answer.outputs.get(command, "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or re.fullmatch(platform.ends, lines[-1]) is None:
        raise SourceFailed(Gap.UNREADABLE, f"{tried}: {command}: {len(lines)} lines came back, without the last one")
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def keep(folder: Path, text: str, platform: Platform, now: datetime) -> Kept:
    """Keep ``text`` if it is another version than the newest in ``folder``. Only the collector's user may read it.

    Raises OSError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = versions(folder)
    digest = hashlib.sha256(_counted(text, platform).encode()).hexdigest()
    if known and known[-1].hash == digest:
        return Kept(known[-1], None, first=False, count=len(known))
    # A clock that was set back must not make the newest version look like an old one.
    at = max(now, known[-1].at + timedelta(seconds=1)) if known else now
    stamp = at.astimezone(UTC).strftime(STAMP)
    file = folder / f"{stamp}-{digest}.cfg"
    _write(file, text)
    for old in known[: max(0, len(known) + 1 - MOST_VERSIONS)]:
        old.file.unlink(missing_ok=True)
    newest = Version(datetime.strptime(stamp, STAMP).replace(tzinfo=UTC), digest, file)
    return Kept(newest, known[-1] if known else None, first=not known, count=min(len(known) + 1, MOST_VERSIONS))


def versions(folder: Path) -> list[Version]:
    """The oldest first. Other files in ``folder`` are none."""
    found: list[Version] = []
    for file in folder.glob("*.cfg") if folder.is_dir() else ():
        name = NAME.fullmatch(file.name)
        if name is not None:
            found.append(Version(datetime.strptime(name[1], STAMP).replace(tzinfo=UTC), name[2], file))
    return sorted(found, key=lambda version: (version.at, version.file.stat().st_mtime_ns))


def difference(before: str, after: str) -> list[str]:
    """What went (``-``) and what came (``+``), with two lines around each; secrets hidden.

    A line of which only the secret changed is shown twice alike: that it changed is told, not what to.
    """
    old, new = before.splitlines(), after.splitlines()
    shown = dict(zip([*old, *new], masked("\n".join([*old, *new])).split("\n"), strict=True))
    lines = list(difflib.unified_diff(old, new, n=2, lineterm=""))[2:]
    return [line if line.startswith("@@") else f"{line[0]}{shown[line[1:]]}" for line in lines]


def read(kept: Kept, now: datetime) -> Iterator[Sample | Event | Fact]:
    yield Sample("configuration_versions_count", float(kept.count))
    yield Sample("configuration_age_seconds", max((now - kept.newest.at).total_seconds(), 0.0))
    yield Fact("configuration_revision", kept.newest.hash[:12])
    if kept.before is not None:
        lines = difference(kept.before.text(), kept.newest.text())
        counts = f"{sum(line[0] == '+' for line in lines)} lines came, {sum(line[0] == '-' for line in lines)} went"
        rest = [f"… {len(lines) - MOST_TOLD_LINES} more"] if len(lines) > MOST_TOLD_LINES else []
        text = "\n".join([f"the configuration changed: {counts}", *lines[:MOST_TOLD_LINES], *rest])
        yield Event("configuration", "configuration_changed", Severity.WARNING, text[:LONGEST_TOLD])


def _counted(text: str, platform: Platform) -> str:
    lines = (line.rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and re.fullmatch(platform.volatile, line) is None)


def _write(file: Path, text: str) -> None:
    """Whole or not at all."""
    half = file.with_suffix(".half")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    half.rename(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
