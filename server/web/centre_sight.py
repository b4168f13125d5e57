"""Sight of the real centre: its ledger, live view, history, findings and events, in the pages' shapes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from checklists.rule import Rule
from checklists.sentences import limit_text
from server.alarms.queries import event_alarms
from server.centre import Centre
from server.devices.ledger import NoSuchDevice, all_devices, find_device
from server.devices.status import agent_state, interval_of, last_heard
from server.devices.tables import Device
from server.happenings.queries import events, facts
from server.history.points import Range, as_rate, in_buckets, raw
from server.judge.health import EventAlarm
from server.judge.state import Finding
from server.live import stale_before
from server.times import from_ms
from server.web.sight import (
    Course,
    Cover,
    EventRow,
    FindingRow,
    Hole,
    Ledger,
    Limit,
    Series,
    Sight,
    SourceRow,
    Standing,
    Text,
    Value,
)


class CentreSight(Sight):
    """One for the whole process; asks the stores at every call and keeps nothing but the catalogue's words."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        # A switch of 400 ports has 8,000 series of twenty metrics: the words of each are made once.
        self._worded: dict[str, tuple[str, Text, Mapping[int, Text]]] = {
            key: (
                metric.unit,
                {"zh": metric.zh, "en": metric.en},
                {number: {"zh": state.zh, "en": state.en} for number, state in metric.states.items()},
            )
            for key, metric in centre.catalogue.items()
        }

    def ledger(self) -> Sequence[Ledger]:
        return [self._ledger(device) for device in all_devices(self._centre.records)]

    def device(self, device_no: str) -> Ledger | None:
        try:
            return self._ledger(find_device(self._centre.records, device_no))
        except NoSuchDevice:
            return None

    def _ledger(self, device: Device) -> Ledger:
        return Ledger(
            device_no=device.device_no,
            name=device.name,
            kind=device.kind,
            location=device.location,
            purpose=device.purpose,
            owner_post=device.owner_post,
            interval_s=interval_of(self._centre, device),
            created_ms=device.created_ms,
        )

    def stand(self, ledgers: Sequence[Ledger], now_ms: int) -> Sequence[Standing]:
        alone = ledgers[0].device_no if len(ledgers) == 1 else None
        alarms = event_alarms(self._centre.records, now_ms, alone)
        return [self._standing(ledger, now_ms, alarms.get(ledger.device_no)) for ledger in ledgers]

    def _standing(self, ledger: Ledger, now_ms: int, alarm: EventAlarm | None) -> Standing:
        heard_ms = last_heard(self._centre, ledger.device_no)
        told = self._centre.judge.health(ledger.device_no, alarm)
        return Standing(
            health=told.health.value,
            reason={"zh": told.reason.zh, "en": told.reason.en},
            seen_ms=heard_ms,
            agent=agent_state(heard_ms, ledger.interval_s, from_ms(now_ms)),
        )

    def version(self, device_no: str | None) -> int:
        live, judge = self._centre.live.devices, self._centre.judge
        if device_no is not None:
            return (live[device_no].version if device_no in live else 0) + judge.version(device_no)
        seen = sum(device.version for device in list(live.values()))
        return seen + sum(state.version for state in list(judge.states.values()))

    def latest(self, device_no: str, now_ms: int) -> Sequence[Value]:
        device = self._centre.live.devices.get(device_no)
        if device is None:
            return []
        oldest = stale_before(device, now_ms)
        found = []
        for value in self._centre.live.latest(device_no):
            unit, name, states = self._worded.get(value.metric, ("", {}, {}))
            stale = value.at_ms < oldest
            found.append(
                Value(value.metric, value.part, value.value, value.gap, value.at_ms, stale, unit, name, states)
            )
        return found

    def parts(self, device_no: str, metric: str) -> Sequence[str]:
        return [part for key, part in self._centre.history.series(device_no) if key == metric]

    def courses(
        self, device_no: str, wanted: Sequence[Series], *, start_ms: int, end_ms: int, step_ms: int | None
    ) -> Mapping[Series, Course]:
        pairs = sorted({(series.metric, series.part) for series in wanted})
        found = self._centre.history.points(device_no, pairs, start_ms, end_ms)
        courses = {}
        for series in wanted:
            points = found.get((series.metric, series.part))
            if points is not None:
                points = as_rate(points) if series.rate else points
                drawn = raw(points) if step_ms is None else in_buckets(points, start_ms, end_ms, step_ms)
                courses[series] = _course(drawn)
        return courses

    def coverage(self, device_no: str, start_ms: int, end_ms: int) -> Cover:
        cover = self._centre.history.coverage(device_no, start_ms, end_ms)
        holes = [Hole(gap.start_ms, gap.end_ms, gap.reason) for gap in cover.gaps]
        return Cover(cover.slots, cover.filled, holes)

    def findings(self, device_no: str) -> Sequence[FindingRow]:
        rules = self._centre.judge.rules
        return [_finding(finding, rules[finding.rule]) for finding in self._centre.judge.findings(device_no)]

    def events(self, device_no: str, start_ms: int, end_ms: int, limit: int) -> Sequence[EventRow]:
        return [
            EventRow(row.at_ms, row.source, row.severity, row.text, row.count, row.inferred, row.kind)
            for row in events(self._centre.records, device_no, start_ms, end_ms, limit)
        ]

    def sources(self, device_no: str, now_ms: int) -> Sequence[SourceRow]:
        device = self._centre.live.devices.get(device_no)
        if device is None:
            return []
        durations = {
            value.part: value.value
            for value in self._centre.live.latest(device_no)
            if value.metric == "source_duration_seconds"
        }
        return [
            SourceRow(name, now.at_ms, now.gap.word if now.gap else None, now.detail, durations.get(name))
            for name, now in sorted(device.sources.items())
        ]

    def facts(self, device_no: str) -> Sequence[tuple[str, str]]:
        return [(row.key, row.value) for row in facts(self._centre.records, device_no)]

    def limits(self, device_no: str, metric: str, part: str) -> Sequence[Limit]:
        state = self._centre.judge.states.get(device_no)
        rules = state.book.on(metric, part) if state is not None else ()
        return [limit for rule in rules for limit in _limits(rule)]

    def unit(self, metric: str) -> str:
        row = self._centre.catalogue.get(metric)
        return row.unit if row is not None else ""


def _course(drawn: Range) -> Course:
    if drawn.step_ms is None:
        return Course(drawn.t, drawn.avg)
    return Course(drawn.t, drawn.avg, drawn.min, drawn.max)


def _finding(finding: Finding, rule: Rule) -> FindingRow:
    return FindingRow(
        rule=finding.rule,
        part=finding.part,
        verdict=finding.verdict.value,
        severity=finding.severity.value,
        since_ms=finding.standing.since_ms,
        sentence={"zh": finding.text.zh, "en": finding.text.en},
        value=finding.value,
        unit=rule.unit,
        limit={"zh": limit_text(rule, "zh"), "en": limit_text(rule, "en")},
        at_ms=finding.at_ms,
    )


def _limits(rule: Rule) -> list[Limit]:
    """The thresholds of a rule that looks at the newest value; one over a window judges another number."""
    if rule.criterion.window_ms:
        return []
    return [Limit(bound, rule.severity.value) for bound in rule.criterion.band(False) if math.isfinite(bound)]
