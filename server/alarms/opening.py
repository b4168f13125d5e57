"""Opening and closing alarms, in the transaction of what they follow from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import and_, insert, update
from sqlmodel import Session, col, select

from checklists.sentences import Text
from checklists.verdicts import RuleSeverity
from server.alarms.tables import Alarm
from server.records.cursors import table_of

FindingKey = tuple[str, tuple[str, str]]  # device_no, (rule, part)
DEVICES_PER_QUESTION = 500


class AlarmingFinding(Protocol):
    """A finding that is not met, as far as an alarm needs it."""

    @property
    def device_no(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def part(self) -> str: ...
    @property
    def severity(self) -> RuleSeverity: ...
    @property
    def at_ms(self) -> int: ...
    @property
    def text(self) -> Text: ...


def open_for_findings(session: Session, findings: Sequence[AlarmingFinding]) -> None:
    """One open alarm for each, unless it has one."""
    there = _open_keys(session, sorted({finding.device_no for finding in findings}))
    rows = [
        _row(finding.device_no, finding.severity.value, finding.at_ms, finding.text)
        | {"rule": finding.rule, "part": finding.part}
        for finding in findings
        if (finding.device_no, (finding.rule, finding.part)) not in there
    ]
    if rows:
        session.connection().execute(insert(table_of(Alarm)), rows)


def close_recovered(session: Session, recovered: Mapping[FindingKey, int]) -> None:
    """Close the alarms of findings that are met again, at their time (ms); 0: the part is gone, now is unknown."""
    there = _open_keys(session, sorted({device_no for device_no, _ in recovered}))
    for device_no, (rule, part) in there & recovered.keys():
        where = and_(
            col(Alarm.device_no) == device_no,
            col(Alarm.rule) == rule,
            col(Alarm.part) == part,
            col(Alarm.event_id).is_(None),
            col(Alarm.closed_ms).is_(None),
        )
        at_ms = recovered[device_no, (rule, part)]
        values: dict[str, Any] = {
            "closed_ms": at_ms or col(Alarm.opened_ms),
            "closed_by": "recovery" if at_ms else "retired",
        }
        session.connection().execute(update(Alarm).where(where).values(**values))


def event_alarm(
    device_no: str, event_id: str, severity: RuleSeverity, at_ms: int, text: Text, *, late: bool
) -> dict[str, Any]:
    """The row of an alarm that an event opens. The unique event_id keeps it one."""
    return _row(device_no, severity.value, at_ms, text) | {"event_id": event_id, "late": late}


def _row(device_no: str, severity: str, opened_ms: int, text: Text) -> dict[str, Any]:
    return {
        "device_no": device_no,
        "event_id": None,
        "rule": "",
        "part": "",
        "severity": severity,
        "opened_ms": opened_ms,
        "closed_ms": None,
        "closed_by": "",
        "late": False,
        "zh": text.zh,
        "en": text.en,
    }


def _open_keys(session: Session, devices: Sequence[str]) -> set[FindingKey]:
    found: set[FindingKey] = set()
    for start in range(0, len(devices), DEVICES_PER_QUESTION):
        asked = (
            select(Alarm.device_no, Alarm.rule, Alarm.part)
            .where(col(Alarm.closed_ms).is_(None), col(Alarm.event_id).is_(None))
            .where(col(Alarm.device_no).in_(devices[start : start + DEVICES_PER_QUESTION]))
        )
        found |= {(device_no, (rule, part)) for device_no, rule, part in session.exec(asked)}
    return found
