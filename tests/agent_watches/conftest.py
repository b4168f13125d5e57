"""This host with an /etc of its own: an allowed.d written by whoever runs the tests, and real passes over it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.host.root import Root
from agent.host.sources import Source
from agent.oslog.telling import LogSource
from agent.watched.sources import watched_sources
from readings.delivery.runner import Runner, TakenTick
from readings.model import Clocks, Event, Gap, gap_of
from readings.wire import unpack_series

Readings = dict[tuple[str, str], float | Gap]


def real_clocks() -> Clocks:
    return Clocks("boot", time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns())


@dataclass
class Host:
    """``write`` a file of allowed.d, then take ``passes``; what the last one told is in ``events`` and ``gaps``."""

    etc: Path
    marks: dict[str, str] = field(default_factory=dict)
    clocks: Callable[[], Clocks] = real_clocks
    patience_s: float = 5.0
    events: list[Event] = field(default_factory=list)
    gaps: dict[str, tuple[Gap, str]] = field(default_factory=dict)
    logs: list[LogSource] = field(default_factory=list)
    _runner: Runner | None = None

    @property
    def folder(self) -> Path:
        return self.etc / "zhishou" / "allowed.d"

    @property
    def root(self) -> Root:
        """The running system, but for its /etc."""
        return Root(etc=str(self.etc))

    def now(self) -> Clocks:
        return self.clocks()

    def write(self, text: str, name: str = "trading.yaml") -> Path:
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        file.chmod(0o644)
        return file

    def sources(self) -> tuple[list[Source], list[LogSource]]:
        return watched_sources(self.root, self.now, self.marks, patience_s=self.patience_s, owner=os.getuid())

    def look(self, times: int = 1) -> Readings:
        """The readings of the last of so many passes, committed as if each were on disk."""
        if self._runner is None:
            sources, self.logs = self.sources()
            self._runner = Runner([*sources, *self.logs], self.now)
        taken = TakenTick(self.clocks())
        for _ in range(times):
            taken = self._runner.tick()
            for log in self.logs:
                log.commit()
        self.events = [event for _, event in taken.events]
        self.gaps = {source: (gap, detail) for _, source, gap, detail in taken.gaps}
        return readings_of(taken)

    def told(self, kind: str) -> list[str]:
        return [event.text for event in self.events if event.kind == kind]


def readings_of(taken: TakenTick) -> Readings:
    found: Readings = {}
    for _, source, packed, values in taken.blocks:
        if source != "runner":
            for series, number in zip(unpack_series(packed), memoryview(values).cast("d"), strict=True):
                gap = gap_of(number)
                found[series] = number if gap is None else gap
    return found


@pytest.fixture
def host(tmp_path: Path) -> Host:
    made = Host(tmp_path / "etc")
    for folder in (made.etc, made.folder.parent, made.folder):
        folder.mkdir()
        folder.chmod(0o755)
    for name in ("passwd", "group"):
        shutil.copy(f"/etc/{name}", made.etc / name)
    return made


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder
