"""Open alarms over HTTP. Acknowledging and closing by people comes with their desk."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from server.alarms.queries import open_alarms
from server.alarms.tables import Alarm
from server.devices.known import known_device
from server.times import rfc3339
from server.web.access import CentreDep, ReaderDep

router = APIRouter(prefix="/api/v1", tags=["alarms"])


@router.get("/alarms")
def alarms(_caller: ReaderDep, centre: CentreDep) -> dict[str, Any]:
    """Every open alarm, the newest first."""
    return {"alarms": [alarm_object(alarm) for alarm in open_alarms(centre.records)]}


@router.get("/devices/{device_no}/alarms")
def alarms_of_device(device_no: str, _caller: ReaderDep, centre: CentreDep) -> dict[str, Any]:
    known_device(centre, device_no)
    return {"alarms": [alarm_object(alarm) for alarm in open_alarms(centre.records, device_no)]}


def alarm_object(alarm: Alarm) -> dict[str, Any]:
    """``event`` is the id of the event that opened it, null where a finding did (``rule`` and ``part``)."""
    return {
        "id": alarm.id,
        "device_no": alarm.device_no,
        "opened": rfc3339(alarm.opened_ms),
        "severity": alarm.severity,
        "event": alarm.event_id,
        "rule": alarm.rule,
        "part": alarm.part,
        "late": alarm.late,
        "sentence": {"zh": alarm.zh, "en": alarm.en},
    }
