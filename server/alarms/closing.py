"""Alarms that events opened are closed by a person, with a reason, in the audit chain.

The event itself stays as it was, and so does every judgement that rests on it: a verification counts events, not
alarms.
An alarm that a finding opened is closed by the finding alone, when what it names is well again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, update
from sqlmodel import Session, col, select

from server.alarms.tables import Alarm
from server.audit.chain import Actor, append
from server.people.acting import ActRefused
from server.records import Records
from server.times import to_ms

LONGEST_REASON = 500
MOST_SHOWN = 8
RULE = "DESIGN 4"


@dataclass(frozen=True, slots=True)
class OpenByEvents:
    """How many of a device are open, the newest of them, and ``up_to``: the id of the very newest."""

    count: int
    newest: Sequence[Alarm]
    up_to: int


def open_by_events(records: Records, device_no: str) -> OpenByEvents:
    with records.session() as session:
        count, up_to = session.exec(
            select(func.count(), func.max(col(Alarm.id))).select_from(Alarm).where(*_open(device_no))
        ).one()
        asked = select(Alarm).where(*_open(device_no)).order_by(col(Alarm.id).desc()).limit(MOST_SHOWN)
        return OpenByEvents(count, session.exec(asked).all(), up_to or 0)


def close_alarm(records: Records, alarm_id: int, reason: str, *, actor: Actor, now: datetime) -> Alarm:
    """Raises ActRefused: there is none, it is closed, a finding opened it, no reason."""
    _check(reason)
    with records.writing() as session:
        alarm = session.get(Alarm, alarm_id)
        if alarm is None:
            raise ActRefused(f"there is no alarm {alarm_id}", zh=f"没有编号为 {alarm_id} 的告警", status=404)
        if alarm.closed_ms is not None:
            raise ActRefused(f"alarm {alarm_id} is closed already ({alarm.closed_by})", zh=f"告警 {alarm_id} 已经关闭")
        if alarm.event_id is None:
            raise ActRefused(
                f"alarm {alarm_id} was opened by the finding {alarm.rule}: it closes when that is well again",
                zh="判定引起的告警在判定恢复时自己关闭，不能由人关闭",
                clause=RULE,
            )
        _close(session, alarm.device_no, [alarm_id], reason, actor=actor, now=now)
        session.flush()
        session.refresh(alarm)
        return alarm


def close_alarms(records: Records, device_no: str, up_to: int, reason: str, *, actor: Actor, now: datetime) -> int:
    """All of a device up to the id a person has seen: what comes meanwhile stays open. How many. Raises ActRefused."""
    _check(reason)
    with records.writing() as session:
        asked = select(Alarm.id).where(*_open(device_no), col(Alarm.id) <= up_to).order_by(col(Alarm.id))
        ids = [number for number in session.exec(asked) if number is not None]
        if not ids:
            raise ActRefused(
                f"{device_no} has no open alarm by events up to {up_to}", zh=f"{device_no} 没有待关闭的事件告警"
            )
        _close(session, device_no, ids, reason, actor=actor, now=now)
    return len(ids)


def _open(device_no: str) -> tuple[ColumnElement[bool], ...]:
    return col(Alarm.device_no) == device_no, col(Alarm.event_id).is_not(None), col(Alarm.closed_ms).is_(None)


def _check(reason: str) -> None:
    if not reason.strip():
        raise ActRefused("an alarm is closed with a reason", zh="关闭告警要写明处理情况", clause=RULE, status=422)
    if len(reason) > LONGEST_REASON:
        raise ActRefused(
            f"a reason of {len(reason)} characters: at most {LONGEST_REASON}",
            zh=f"说明最多 {LONGEST_REASON} 字",
            status=422,
        )


def _close(session: Session, device_no: str, ids: Sequence[int], reason: str, *, actor: Actor, now: datetime) -> None:
    where = _open(device_no)
    session.connection().execute(
        update(Alarm)
        .where(*where, col(Alarm.id) >= ids[0], col(Alarm.id) <= ids[-1])
        .values(closed_ms=to_ms(now), closed_by=actor.name)
    )
    new = {"alarms": len(ids), "first": ids[0], "last": ids[-1], "reason": reason.strip()}
    append(session, at=now, actor=actor, act="alarms.closed", subject=f"device/{device_no}", new=new)
