"""A device's events over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from server.devices.known import known_device
from server.happenings import queries
from server.happenings.tables import EventRow
from server.times import parse_moment, rfc3339, to_ms
from server.web.access import CentreDep, NowDep, ReaderDep
from server.web.problems import Problem

router = APIRouter(prefix="/api/v1/devices/{device_no}", tags=["devices"])

DAY_MS = 86_400_000
AHEAD_MS = 3_600_000  # a device whose clock runs ahead may tell of what is yet to come


@router.get("/events")
def events(  # noqa: PLR0917 - the framework fills them by name
    device_no: str,
    _caller: ReaderDep,
    centre: CentreDep,
    now: NowDep,
    start: str | None = None,
    end: str | None = None,
    limit: Annotated[int, Query(ge=1, le=queries.MOST_EVENTS)] = 200,
) -> dict[str, Any]:
    """The newest first, of the last 30 days where no start is given."""
    known_device(centre, device_no)
    try:
        end_ms = parse_moment(end) if end else to_ms(now) + AHEAD_MS
        start_ms = parse_moment(start) if start else end_ms - 30 * DAY_MS
    except ValueError as error:
        raise Problem(422, "Not a time", str(error)) from error
    return {"events": [event_object(row) for row in queries.events(centre.records, device_no, start_ms, end_ms, limit)]}


@router.get("/facts")
def facts(device_no: str, _caller: ReaderDep, centre: CentreDep) -> dict[str, Any]:
    """What the device is, as last said, and since when."""
    known_device(centre, device_no)
    rows = queries.facts(centre.records, device_no)
    return {"facts": [{"key": row.key, "value": row.value, "since": rfc3339(row.since_ms)} for row in rows]}


def event_object(row: EventRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": rfc3339(row.at_ms),
        "source": row.source,
        "kind": row.kind,
        "severity": row.severity,
        "text": row.text,
        "count": row.count,
        "cursor": row.cursor,
        "inferred": row.inferred,
        "late": row.late,
    }
