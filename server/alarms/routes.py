"""Open alarms over HTTP, and closing those that events opened: an act of a person."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from server.alarms.closing import close_alarm, close_alarms
from server.alarms.queries import open_alarms
from server.alarms.tables import Alarm
from server.devices.known import known_device
from server.times import rfc3339
from server.web.access import ActingDep, CentreDep, NowDep, ReaderDep

router = APIRouter(prefix="/api/v1", tags=["alarms"])


Number = Annotated[int, Field(ge=0, le=2**63 - 1)]  # as many as a database counts


class Closing(BaseModel):
    model_config = {"extra": "forbid"}

    reason: Annotated[str, Field(pattern=r"^[^\x00]*$")]


class ClosingAll(Closing):
    """``up_to``: the newest alarm that was seen; what came after it stays open."""

    up_to: Number


@router.get("/alarms")
def alarms(_caller: ReaderDep, centre: CentreDep) -> dict[str, Any]:
    """Every open alarm, the newest first."""
    return {"alarms": [alarm_object(alarm) for alarm in open_alarms(centre.records)]}


@router.get("/devices/{device_no}/alarms")
def alarms_of_device(device_no: str, _caller: ReaderDep, centre: CentreDep) -> dict[str, Any]:
    known_device(centre, device_no)
    return {"alarms": [alarm_object(alarm) for alarm in open_alarms(centre.records, device_no)]}


@router.post("/alarms/{alarm_id}/close")
def close(
    alarm_id: Annotated[int, Path(ge=0, le=2**63 - 1)], said: Closing, caller: ActingDep, centre: CentreDep, now: NowDep
) -> dict[str, Any]:
    """One that an event opened. The event stays, and every judgement that rests on it."""
    return alarm_object(close_alarm(centre.records, alarm_id, said.reason, actor=caller.actor, now=now))


@router.post("/devices/{device_no}/alarms/close")
def close_all(device_no: str, said: ClosingAll, caller: ActingDep, centre: CentreDep, now: NowDep) -> dict[str, Any]:
    """All of a device that events opened, up to the newest that was seen."""
    known_device(centre, device_no)
    closed = close_alarms(centre.records, device_no, said.up_to, said.reason, actor=caller.actor, now=now)
    return {"closed": closed}


def alarm_object(alarm: Alarm) -> dict[str, Any]:
    """``event`` is the id of the event that opened it, null where a finding did (``rule`` and ``part``)."""
    return {
        "id": alarm.id,
        "device_no": alarm.device_no,
        "opened": rfc3339(alarm.opened_ms),
        "closed": rfc3339(alarm.closed_ms) if alarm.closed_ms else None,
        "closed_by": alarm.closed_by or None,
        "severity": alarm.severity,
        "event": alarm.event_id,
        "rule": alarm.rule,
        "part": alarm.part,
        "late": alarm.late,
        "sentence": {"zh": alarm.zh, "en": alarm.en},
    }
