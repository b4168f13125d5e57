"""The judge's memory in the records: read whole at start, written where it changed, with the cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, delete, insert, update
from sqlmodel import Session, col, select

from checklists.lasting import Standing
from checklists.rule import Rule
from checklists.sentences import Text
from checklists.verdicts import RuleSeverity, Verdict
from server.alarms.opening import close_recovered, open_for_findings
from server.judge.lane import RuleBook
from server.judge.state import DeviceState, Finding
from server.judge.tables import FindingChange, FindingRow, JudgedDevice
from server.judge.watch import Key, Watch
from server.records.cursors import table_of, upsert, write_cursor

NAME = "judge"
Change = dict[str, Any]  # a row of finding_change


@dataclass(slots=True)
class Pending:
    """What has changed in memory and is not in the records yet."""

    changes: list[Change] = field(default_factory=list)
    findings: set[tuple[str, Key]] = field(default_factory=set)
    retired: set[tuple[str, Key]] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)

    def urgent(self) -> bool:
        """Whether somebody may be waiting for it; times of ticks alone can wait."""
        return bool(self.changes or self.findings or self.retired)

    def clear(self) -> None:
        for held in (self.changes, self.findings, self.retired, self.devices):
            held.clear()


def load(session: Session, book_of: Callable[[str], RuleBook], rules: dict[str, Rule]) -> dict[str, DeviceState]:
    """Every device as it stood. What rules said that are no longer there is left out."""
    states: dict[str, DeviceState] = {}
    for row in session.exec(select(JudgedDevice)):
        state = DeviceState(row.device_no, book_of(row.device_no), row.interval_s, row.newest_ms, row.due_ms)
        states[row.device_no] = state
        for source, at_ms in row.lanes.items():
            state.lane(source).at_ms = at_ms
        for source in row.ahead:
            state.lane(source)
    for finding_row in session.exec(select(FindingRow)):
        known, rule = states.get(finding_row.device_no), rules.get(finding_row.rule)
        if known is None or rule is None:
            continue
        finding = _finding(finding_row)
        known.findings[finding.key] = finding
        if finding.source:
            stored = Standing(finding.verdict, *finding.standing[1:])
            if finding_row.stored is not None:
                stored = _standing(finding_row.stored)
            lane = known.lane(finding.source)
            # last_ms: not carried by any list of series seen in this life of the centre yet
            lane.watches[finding.key] = Watch(rule, finding.part, stored, last_ms=max(lane.at_ms, 1))
    for row in session.exec(select(JudgedDevice)):
        for source, at_ms in row.ahead.items():
            states[row.device_no].lane_ahead(source).at_ms = at_ms
    return states


def write(session: Session, states: dict[str, DeviceState], pending: Pending, position: int) -> None:
    """All that is pending, and the alarms that follow from what is shown now, in this transaction."""
    if pending.changes:
        session.connection().execute(insert(table_of(FindingChange)), pending.changes)
    shown = [
        (finding, states[device_no])
        for device_no, key in pending.findings
        if (finding := states[device_no].findings.get(key)) is not None
    ]
    upsert(session, FindingRow, [_row(finding, state) for finding, state in shown])
    for device_no, (rule, part) in pending.retired:
        where = and_(col(FindingRow.device_no) == device_no, col(FindingRow.rule) == rule, col(FindingRow.part) == part)
        session.connection().execute(delete(FindingRow).where(where))
    upsert(session, JudgedDevice, [_device(states[device_no]) for device_no in pending.devices])
    _alarms(session, [finding for finding, _ in shown], pending)
    write_cursor(session, NAME, position)


def take_due(session: Session, now_ms: int, limit: int) -> Sequence[tuple[str, int]]:
    """(device_no, due_ms) of devices whose time has come, the longest waiting first."""
    due = select(JudgedDevice.device_no, JudgedDevice.due_ms).where(JudgedDevice.due_ms <= now_ms)
    return list(session.exec(due.order_by(col(JudgedDevice.due_ms)).limit(limit)))


def move_due(session: Session, device_no: str, old_ms: int, new_ms: int) -> bool:
    """Compare and set: False when somebody else took this device in the meantime."""
    where = and_(col(JudgedDevice.device_no) == device_no, col(JudgedDevice.due_ms) == old_ms)
    return session.connection().execute(update(JudgedDevice).where(where).values(due_ms=new_ms)).rowcount == 1


def _alarms(session: Session, findings: Iterable[Finding], pending: Pending) -> None:
    found = list(findings)
    open_for_findings(session, [finding for finding in found if _alarms_at(finding)])
    recovered = {(f.device_no, f.key): f.at_ms for f in found if f.verdict is Verdict.MET}
    recovered |= dict.fromkeys(pending.retired, 0)
    close_recovered(session, recovered)


def _alarms_at(finding: Finding) -> bool:
    """Not met; or silent, which is never "not met" and must be looked at all the same (a finding without a source)."""
    return finding.verdict is Verdict.NOT_MET or (not finding.source and finding.verdict is Verdict.UNKNOWN)


def change_of(finding: Finding, previous: str, *, late: bool = False, ahead: bool = False) -> Change:
    """The row that says a finding turned, with its evidence."""
    return {
        "device_no": finding.device_no,
        "rule": finding.rule,
        "part": finding.part,
        "at_ms": finding.at_ms,
        "previous": previous,
        "verdict": finding.verdict.value,
        "severity": finding.severity.value,
        "metric": finding.metric,
        "value": finding.value,
        "reason": finding.reason,
        "zh": finding.text.zh,
        "en": finding.text.en,
        "late": late,
        "ahead": ahead,
    }


def _row(finding: Finding, state: DeviceState) -> dict[str, object]:
    lane = state.lanes.get(finding.source) if finding.source in state.ahead else None
    watch = lane.watches.get(finding.key) if lane is not None else None
    standing = finding.standing
    return {
        "device_no": finding.device_no,
        "rule": finding.rule,
        "part": finding.part,
        "source": finding.source,
        "metric": finding.metric,
        "verdict": standing.verdict.value,
        "severity": finding.severity.value,
        "since_ms": standing.since_ms,
        "at_ms": finding.at_ms,
        "value": finding.value,
        "reason": finding.reason,
        "zh": finding.text.zh,
        "en": finding.text.en,
        "tripped": standing.tripped,
        "pending_ms": standing.pending_ms,
        "stored": list(watch.standing) if watch is not None and watch.standing is not None else None,
    }


def _finding(row: FindingRow) -> Finding:
    return Finding(
        device_no=row.device_no,
        rule=row.rule,
        part=row.part,
        source=row.source,
        metric=row.metric,
        severity=RuleSeverity(row.severity),
        standing=Standing(Verdict(row.verdict), row.since_ms, row.tripped, row.pending_ms),
        at_ms=row.at_ms,
        value=row.value,
        reason=row.reason,
        text=Text(row.zh, row.en),
    )


def _standing(stored: list[int | str | bool | None]) -> Standing:
    verdict, since_ms, tripped, pending_ms = stored
    assert isinstance(since_ms, int)
    return Standing(Verdict(str(verdict)), since_ms, bool(tripped), None if pending_ms is None else int(pending_ms))


def _device(state: DeviceState) -> dict[str, object]:
    return {
        "device_no": state.device_no,
        "newest_ms": state.newest_ms,
        "interval_s": state.interval_s,
        "due_ms": state.due_ms,
        "lanes": {source: lane.at_ms for source, lane in state.lanes.items()},
        "ahead": {source: lane.at_ms for source, lane in state.ahead.items()},
    }
