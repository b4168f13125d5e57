"""A device's health and exactly why, from its findings and the alarms that events opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checklists.sentences import Text
from checklists.verdicts import Health, health_of, worst
from readings.model import Gap
from server.happenings.tongues import tongues
from server.judge.state import DeviceState, Finding

MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class EventAlarm:
    """An open alarm that an event opened lately: how many alike, and the newest's text."""

    count: int
    text: str


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """``reason`` is one sentence in each language: what is normal, or exactly why it is not."""

    health: Health
    reason: Text


NEVER_HEARD = DeviceHealth(Health.UNKNOWN, Text("从未上报", "has never reported"))


def device_health(state: DeviceState | None, alarm: EventAlarm | None = None) -> DeviceHealth:
    """The worst of all that is said of the device. Open alarms of events make it at least a warning."""
    if state is None or not state.findings:
        return NEVER_HEARD if state is None or not state.newest_ms else _unjudged(alarm)
    findings = list(state.findings.values())
    judged = [(_health(finding), finding) for finding in findings]
    of_all = worst([health for health, _ in judged])
    if alarm is not None and worst([of_all, Health.WARNING]) is Health.WARNING:
        return _alarmed(alarm, [finding for health, finding in judged if health is Health.WARNING])
    if of_all is Health.NORMAL:
        met = len(findings)
        if all(not finding.source for finding in findings):
            return _unjudged(alarm)
        return DeviceHealth(of_all, Text(f"{met} 项判定全部正常", f"all {met} findings are met"))
    return DeviceHealth(of_all, _sentences([finding for health, finding in judged if health is of_all]))


def _health(finding: Finding) -> Health:
    # A finding without a source is on the device as a whole: unknown there means that nothing is heard of it, unless
    # it is we who hear nothing.
    heard = bool(finding.source) or finding.reason == Gap.BLIND.word
    return health_of(finding.verdict, finding.severity, heard=heard)


def _unjudged(alarm: EventAlarm | None) -> DeviceHealth:
    if alarm is not None:
        return _alarmed(alarm, [])
    return DeviceHealth(Health.UNKNOWN, Text("没有规则能判定其读数", "no rule judges what it reports"))


def _alarmed(alarm: EventAlarm, findings: Sequence[Finding]) -> DeviceHealth:
    said_zh, said_en = tongues(alarm.text)
    zh = f"24 小时内 {alarm.count} 条事件告警，最近：{said_zh}"
    alarms = "alarm" if alarm.count == 1 else "alarms"
    en = f"{alarm.count} {alarms} by events in 24 h, the latest: {said_en}"
    if findings:
        more = _sentences(findings)
        zh, en = f"{more.zh}；{zh}", f"{more.en}; {en}"
    return DeviceHealth(Health.WARNING, Text(zh, en))


def _sentences(findings: Sequence[Finding]) -> Text:
    told = sorted(findings, key=lambda finding: (-finding.standing.since_ms, finding.key))[:MOST_REASONS]
    zh, en = "；".join(finding.text.zh for finding in told), "; ".join(finding.text.en for finding in told)
    more = len(findings) - len(told)
    return Text(zh + f"；另有 {more} 项", en + f"; and {more} more") if more else Text(zh, en)
