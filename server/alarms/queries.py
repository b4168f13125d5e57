"""Open alarms, and those that events opened lately, by device."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import col, select

from checklists.sentences import Text
from server.alarms.tables import Alarm
from server.judge.health import EventAlarm
from server.records import Records

LATELY_MS = 86_400_000
MOST = 1000


def open_alarms(records: Records, device_no: str | None = None, limit: int = MOST) -> Sequence[Alarm]:
    """The newest first."""
    asked = select(Alarm).where(col(Alarm.closed_ms).is_(None))
    if device_no is not None:
        asked = asked.where(col(Alarm.device_no) == device_no)
    with records.session() as session:
        return session.exec(asked.order_by(col(Alarm.opened_ms).desc(), col(Alarm.id).desc()).limit(limit)).all()


def event_alarms(records: Records, now_ms: int, device_no: str | None = None) -> dict[str, EventAlarm]:
    """Device → its open alarms by events of the last 24 h: how many and the newest's text."""
    asked = (
        select(Alarm.device_no, func.count(), func.max(Alarm.id))
        .where(col(Alarm.event_id).is_not(None), col(Alarm.closed_ms).is_(None))
        .where(col(Alarm.opened_ms) > now_ms - LATELY_MS)
        .group_by(col(Alarm.device_no))
    )
    if device_no is not None:
        asked = asked.where(col(Alarm.device_no) == device_no)
    with records.session() as session:
        found = session.exec(asked).all()
        newest = {
            alarm.id: Text(alarm.zh, alarm.en)
            for alarm in session.exec(select(Alarm).where(col(Alarm.id).in_([n for _, _, n in found])))
        }
    return {device: EventAlarm(count, newest[last]) for device, count, last in found}
