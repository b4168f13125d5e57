"""A centre on paper: what the pages see of it is written here, so that one thing at a time can be tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from server.web.courses import Courses, Glance
from server.web.i18n import words_of
from server.web.sight import (
    Course,
    Cover,
    EventRow,
    FindingRow,
    Ledger,
    Limit,
    Series,
    Sight,
    SourceRow,
    Standing,
    Text,
    Value,
)

NOW_MS = 1_795_500_000_000
MINUTE_MS = 60_000


@dataclass
class PaperCentre(Sight):
    """Fill in what a test is about; the rest is empty."""

    devices: list[Ledger] = field(default_factory=list)
    standings: dict[str, Standing] = field(default_factory=dict)
    values: dict[str, list[Value]] = field(default_factory=dict)
    lines: dict[Series, Course] = field(default_factory=dict)
    cover: Cover = field(default_factory=lambda: Cover(0, 0))
    found: list[FindingRow] = field(default_factory=list)
    happened: list[EventRow] = field(default_factory=list)
    read_from: list[SourceRow] = field(default_factory=list)
    thresholds: dict[str, list[Limit]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def add(self, device_no: str, health: str = "normal", *, name: str = "", reason: Text | None = None) -> Ledger:
        ledger = Ledger(device_no, name or device_no)
        self.devices.append(ledger)
        self.standings[device_no] = Standing(health, reason or {}, NOW_MS - 5_000, "up")
        return ledger

    def ledger(self) -> Sequence[Ledger]:
        return self.devices

    def device(self, device_no: str) -> Ledger | None:
        return next((ledger for ledger in self.devices if ledger.device_no == device_no), None)

    def stand(self, ledgers: Sequence[Ledger], now_ms: int) -> Sequence[Standing]:
        return [self.standings[ledger.device_no] for ledger in ledgers]

    def version(self, device_no: str | None) -> int:
        return 1

    def latest(self, device_no: str, now_ms: int) -> Sequence[Value]:
        return self.values.get(device_no, [])

    def parts(self, device_no: str, metric: str) -> Sequence[str]:
        return [series.part for series in self.lines if series.metric == metric]

    def courses(
        self, device_no: str, wanted: Sequence[Series], *, start_ms: int, end_ms: int, step_ms: int | None
    ) -> Mapping[Series, Course]:
        self.asked.append(device_no)
        return {series: self.lines[series] for series in wanted if series in self.lines}

    def coverage(self, device_no: str, start_ms: int, end_ms: int) -> Cover:
        return self.cover

    def findings(self, device_no: str) -> Sequence[FindingRow]:
        return self.found

    def events(self, device_no: str, start_ms: int, end_ms: int, limit: int) -> Sequence[EventRow]:
        return self.happened

    def sources(self, device_no: str, now_ms: int) -> Sequence[SourceRow]:
        return self.read_from

    def facts(self, device_no: str) -> Sequence[tuple[str, str]]:
        return []

    def limits(self, device_no: str, metric: str, part: str) -> Sequence[Limit]:
        return self.thresholds.get(metric, [])

    def unit(self, metric: str) -> str:
        known: Mapping[str, str] = {"ratio": "ratio", "total": "bytes", "celsius": "celsius"}
        return known.get(metric.rsplit("_", 1)[-1], "")

    def glance(self, language: str = "zh") -> Glance:
        return Glance(self, Courses(self), words_of(language), NOW_MS)


@pytest.fixture
def paper() -> PaperCentre:
    return PaperCentre()


@pytest.fixture
def now_ms() -> int:
    return NOW_MS
