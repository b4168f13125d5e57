"""What was read of a device, over HTTP: the newest of everything, a course over time, how much was watched."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from fastapi import APIRouter, Query

from server.centre import Centre
from server.devices.known import known_device
from server.history.points import Range, TooManyPointsError
from server.live import LatestValue, stale_before
from server.times import parse_moment, rfc3339, rfc3339_or_none, to_ms
from server.web.access import CentreDep, NowDep, ReaderDep
from server.web.problems import Problem

router = APIRouter(prefix="/api/v1/devices/{device_no}", tags=["readings"])

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LONGEST_STEP_MS = 31 * DAY_MS
LONGEST_SPAN_MS = 3700 * DAY_MS
STEP = re.compile(r"(\d{1,9})(s|m|h|d)?")
STEP_UNITS_MS = {None: 1000, "s": 1000, "m": 60_000, "h": HOUR_MS, "d": DAY_MS}

Moment = Annotated[str | None, Query(description="RFC 3339, or seconds since the epoch")]


@router.get("/latest")
def latest(device_no: str, _caller: ReaderDep, centre: CentreDep, now: NowDep) -> dict[str, Any]:
    """The newest reading of every series: a value, or the gap that stands for it. ``stale``: it should be newer."""
    known_device(centre, device_no)
    seen = centre.live.devices.get(device_no)
    oldest_ms = stale_before(seen, to_ms(now)) if seen is not None else 0
    readings = [reading_object(centre, value, oldest_ms) for value in centre.live.latest(device_no)]
    at_ms = seen.newest_ms if seen is not None and seen.newest_ms else None
    return {"device_no": device_no, "at": rfc3339_or_none(at_ms), "readings": readings}


@router.get("/readings")
def readings(  # noqa: PLR0917 - the parameters of the query
    device_no: str,
    metric: str,
    _caller: ReaderDep,
    centre: CentreDep,
    now: NowDep,
    part: str | None = None,
    start: Moment = None,
    end: Moment = None,
    step: Annotated[str | None, Query(description="60, 60s, 5m, 1h, 1d; without: every reading")] = None,
    rate: Annotated[bool, Query(description="increase per second of a counter")] = False,
) -> dict[str, Any]:
    """start ≤ t < end, by default the last hour. Without ``part`` every part of the metric."""
    known_device(centre, device_no)
    start_ms, end_ms = span(start, end, to_ms(now))
    step_ms = step_of(step)
    parts = [known for key, known in centre.history.series(device_no) if key == metric]
    if not parts or (part is not None and part not in parts):
        what = metric if part is None else f"{metric} of part {part!r}"
        raise Problem(404, "No such series", f"{device_no} has no readings of {what}")
    row = centre.catalogue.get(metric)
    answer: dict[str, Any] = {
        "device_no": device_no,
        "metric": metric,
        "part": part,
        "unit": row.unit if row is not None else "",
        "step_seconds": None if step_ms is None else step_ms / 1000,
    }
    try:
        if part is not None:
            found = centre.history.range(device_no, metric, part, start_ms, end_ms, step_ms, rate=rate)
            return {**answer, "points": points_of(found), "limits": limits_of(centre, device_no, metric, part)}
        courses = centre.history.ranges(device_no, metric, start_ms, end_ms, step_ms, rate=rate)
    except TooManyPointsError as error:
        raise Problem(422, "Too many points", str(error)) from error
    series = [
        {"part": name, "points": points_of(found), "limits": limits_of(centre, device_no, metric, name)}
        for name, found in courses.items()
    ]
    return {**answer, "series": series}


@router.get("/coverage")
def coverage(
    device_no: str, _caller: ReaderDep, centre: CentreDep, now: NowDep, start: Moment = None, end: Moment = None
) -> dict[str, Any]:
    """Minutes with at least one tick of the device, by default of the last hour, and why others have none."""
    known_device(centre, device_no)
    start_ms, end_ms = span(start, end, to_ms(now))
    found = centre.history.coverage(device_no, start_ms, end_ms)
    return {
        "start": rfc3339(start_ms),
        "end": rfc3339(end_ms),
        "slot_seconds": 60,
        "slots": found.slots,
        "filled": found.filled,
        "ratio": found.ratio,
        "gaps": [
            {
                "start": rfc3339(gap.start_ms),
                "end": rfc3339(gap.end_ms),
                "reason": gap.reason,
                "source": gap.source,
            }
            for gap in found.gaps
        ],
    }


def reading_object(centre: Centre, value: LatestValue, oldest_ms: int) -> dict[str, Any]:
    row = centre.catalogue.get(value.metric)
    return {
        "metric": value.metric,
        "part": value.part,
        **({"gap": value.gap} if value.gap is not None else {"value": value.value}),
        "at": rfc3339(value.at_ms),
        "unit": row.unit if row is not None else "",
        "name": {"zh": row.zh, "en": row.en} if row is not None else {"zh": value.metric, "en": value.metric},
        "stale": value.at_ms < oldest_ms,
    }


def points_of(found: Range) -> list[list[Any]]:
    """[t ms, min, avg, max, count] of buckets, [t ms, value, gap] of readings."""
    if found.step_ms is None:
        return [list(point) for point in zip(found.t, found.avg, found.gaps, strict=True)]
    return [list(point) for point in zip(found.t, found.min, found.avg, found.max, found.count, strict=True)]


def limits_of(centre: Centre, device_no: str, metric: str, part: str) -> list[dict[str, Any]]:
    """The thresholds that rules put on the newest value of this series, with their severity."""
    state = centre.judge.states.get(device_no)
    rules = state.book.on(metric, part) if state is not None else ()
    return [
        {"rule": rule.id, "value": bound, "severity": rule.severity.value}
        for rule in rules
        if not rule.criterion.window_ms
        for bound in rule.criterion.band(False)
        if math.isfinite(bound)
    ]


def span(start: str | None, end: str | None, now_ms: int) -> tuple[int, int]:
    """(start, end) in ms. Raises Problem 422."""
    try:
        end_ms = now_ms if end is None else parse_moment(end)
        start_ms = end_ms - HOUR_MS if start is None else parse_moment(start)
    except (ValueError, OverflowError) as error:
        raise Problem(422, "Not a time", str(error)) from error
    if not 0 <= start_ms <= end_ms or end_ms - start_ms > LONGEST_SPAN_MS or end_ms > now_ms + LONGEST_SPAN_MS:
        raise Problem(422, "Not a span", f"from {start} to {end}: it must go forward, at most ten years, after 1970")
    return start_ms, end_ms


def step_of(text: str | None) -> int | None:
    """Milliseconds. Raises Problem 422."""
    if text is None or not text:
        return None
    match = STEP.fullmatch(text)
    step_ms = int(match[1]) * STEP_UNITS_MS[match[2]] if match else 0
    if not 0 < step_ms <= LONGEST_STEP_MS:
        raise Problem(422, "Not a step", f"step {text!r}: write 60, 60s, 5m, 1h or 1d, at most 31d")
    return step_ms
