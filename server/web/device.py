"""The device page: one device whole, from its health down to every source."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from readings.units import show
from server.times import rfc3339
from server.web.courses import Glance, Spark
from server.web.device_tables import (
    Finding,
    Happening,
    Judged,
    SourceGroup,
    finding_line,
    finding_order,
    happening,
    judged,
    source_groups,
)
from server.web.equipment.identity import FactsInWords, facts_in_words
from server.web.equipment.parts import part_word
from server.web.groups import FAMILIES, Family, Row
from server.web.health import GAP_REASONS
from server.web.i18n import Words
from server.web.kinds import kind_word
from server.web.sight import Ledger, Series, Sight, Value

DAY_MS = 86_400_000
MINUTE_MS = 60_000
EVENTS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Reading:
    key: str
    metric: str
    title: str
    part: str
    number: str
    unit: str
    gap: str
    stale: bool
    at: str
    spark: Markup


@dataclass(frozen=True, slots=True)
class ReadingFamily:
    title: str
    readings: Sequence[Reading]


@dataclass(frozen=True, slots=True)
class Coverage:
    whole_day: bool
    slots: int
    filled: int
    percent: str


@dataclass(frozen=True, slots=True)
class DeviceView:
    device_no: str
    name: str
    health: str
    reason: str
    meta: Sequence[str]
    judged: Judged
    agent: str
    seen: str
    coverage: Coverage
    uptime: tuple[str, str] | None
    booted: str
    families: Sequence[ReadingFamily]
    reading_count: int
    findings: Sequence[Finding]
    findings_unknown: Sequence[Finding]
    findings_met: Sequence[Finding]
    events: Sequence[Happening]
    sources: Sequence[SourceGroup]
    facts: FactsInWords


def view(glance: Glance, ledger: Ledger, takes: Collection[str] = ()) -> DeviceView:
    """Everything the page shows of one device, in the reader's language. ``takes``: metrics that stand elsewhere."""
    sight, words, now_ms = glance.sight, glance.words, glance.now_ms
    (standing,) = sight.stand([ledger], now_ms)
    latest = sight.latest(ledger.device_no, now_ms)
    findings = sight.findings(ledger.device_no)
    ordered = sorted(findings, key=finding_order)
    uptime = next((value for value in latest if value.metric == "uptime_seconds" and value.value is not None), None)
    meta = [ledger.device_no, kind_word(ledger.kind, words), ledger.location, ledger.purpose, ledger.owner_post]
    return DeviceView(
        device_no=ledger.device_no,
        name=ledger.name or ledger.device_no,
        health=standing.health,
        reason=words.of(standing.reason),
        meta=[text for text in meta if text and text != ledger.name],
        judged=judged(findings, words),
        agent=standing.agent,
        seen=rfc3339(standing.seen_ms) if standing.seen_ms is not None else "",
        coverage=_coverage(sight, ledger, now_ms),
        uptime=show(uptime.value, "seconds", words.language) if uptime and uptime.value is not None else None,
        booted=_booted(uptime),
        families=_families(glance, ledger, [value for value in latest if value.metric not in takes]),
        reading_count=len(latest),
        findings=[finding_line(row, words) for row in ordered if row.verdict not in {"met", "unknown"}],
        findings_unknown=[finding_line(row, words) for row in ordered if row.verdict == "unknown"],
        findings_met=[finding_line(row, words) for row in ordered if row.verdict == "met"],
        events=[
            happening(row, words) for row in sight.events(ledger.device_no, now_ms - 7 * DAY_MS, now_ms, EVENTS_SHOWN)
        ],
        sources=source_groups(sight.sources(ledger.device_no, now_ms), words),
        facts=facts_in_words(sight.facts(ledger.device_no), words),
    )


def all_readings(latest: Sequence[Value], words: Words) -> list[Reading]:
    """Every series as a row, by metric and part."""
    ordered = sorted(latest, key=lambda value: (value.metric, value.part))
    return [
        _reading(
            _line_in_bits(value), words.of(value.name) or value.metric, part_word(value.part, words), Markup(), words
        )
        for value in ordered
    ]


def _line_in_bits(value: Value) -> Value:
    """The speed of a line, as the table of interfaces has it."""
    if value.metric != "network_speed_bytes_per_second" or value.value is None:
        return value
    return replace(value, value=value.value * 8, unit="bits_per_second")


def _booted(uptime: Value | None) -> str:
    """When the device was started; nothing where its word for that leads to before there were any clocks."""
    if uptime is None or uptime.value is None or not 0 <= uptime.value * 1000 <= uptime.at_ms:
        return ""
    return rfc3339(uptime.at_ms - int(uptime.value * 1000))


def _coverage(sight: Sight, ledger: Ledger, now_ms: int) -> Coverage:
    # Whole minutes only: the one that is under way has had no time to be filled.
    end = now_ms - now_ms % MINUTE_MS
    cover = sight.coverage(ledger.device_no, end - DAY_MS, end)
    # What lies before its first reading ever is no gap of the device.
    before = sum(hole.end_ms - hole.start_ms for hole in cover.holes if hole.reason == "not_offered") // MINUTE_MS
    slots = cover.slots - before
    percent = cover.filled / slots * 100 if slots > 0 else 0.0
    # Rounded down: 99.96 % with a hole in it must not read as whole.
    shown = f"{int(percent * 10) / 10:.1f}" if percent < 100 else "100"
    return Coverage(before == 0, max(0, slots), cover.filled, shown)


def _families(glance: Glance, ledger: Ledger, latest: Sequence[Value]) -> list[ReadingFamily]:
    by_metric: dict[str, list[Value]] = {}
    for value in latest:
        by_metric.setdefault(value.metric, []).append(value)
    rows = {
        family.title: [
            (row, value) for row in family.rows for value in _wanted(by_metric.get(row.metric, []), row, family)
        ]
        for family in FAMILIES
    }
    wanted = [Series(value.metric, value.part, row.rate) for found in rows.values() for row, value in found]
    sparks = glance.courses.sparks(ledger, wanted, glance.now_ms)
    return [
        ReadingFamily(title, [_with_course(row, value, sparks, glance.words) for row, value in found])
        for title, found in rows.items()
        if found
    ]


def _wanted(values: Sequence[Value], row: Row, family: Family) -> list[Value]:
    if row.part is not None:
        return [value for value in values if value.part == row.part]
    worth = [value for value in values if value.part != "lo" and value.gap != "not_offered"]
    return sorted(worth, key=lambda value: value.part)[: family.most]


def _with_course(row: Row, value: Value, sparks: Mapping[Series, Spark], words: Words) -> Reading:
    spark = sparks[Series(value.metric, value.part, row.rate)]
    title = words(row.title) if row.title else words.of(value.name) or value.metric
    part = "" if value.part == "total" else value.part
    if not row.rate:
        return _reading(value, title, part, spark.line, words)
    unit = "bits_per_second" if row.bits else f"{value.unit}_per_second" if value.unit else ""
    newest = spark.newest * 8 if row.bits and spark.newest is not None else spark.newest
    rated = Value(value.metric, part, newest, value.gap or "lost", value.at_ms, value.stale, unit, value.name)
    return _reading(rated, title, part, spark.line, words)


def _reading(value: Value, title: str, part: str, spark: Markup, words: Words) -> Reading:
    number, unit = "", ""
    if value.value is not None:
        state = value.states.get(int(value.value)) if value.states and value.value == int(value.value) else None
        number, unit = (words.of(state), "") if state else show(value.value, value.unit, words.language)
    gap = value.gap or ""
    return Reading(
        key=f"{value.metric}.{value.part}",
        metric=value.metric,
        title=title,
        part=part,
        number=number,
        unit=unit,
        gap=words(GAP_REASONS[gap]) if gap in GAP_REASONS else gap,
        stale=value.stale,
        at=rfc3339(value.at_ms),
        spark=spark,
    )
