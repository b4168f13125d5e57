"""The course of what was judged, a value a minute, with the stretches nobody watched and the events that count."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from checklists.sentences import Text
from checklists.verification.evidence import Evidence, Line
from checklists.verification.profile import Profile
from checklists.verification.strips import minute_series
from readings.model import Severity

MOST_MARKS = 200
MOST_HOLES = 1_000
LONGEST_MARK = 200


@dataclass(frozen=True, slots=True)
class Drawn:
    """``limit`` names the criterion's rule and the field that bounds this quantity."""

    title: Text
    unit: str
    limit: tuple[str, str]


# Counters are drawn as what they gain in a second.
DRAWN = {
    "cpu_busy_ratio": Drawn(Text("CPU 使用率", "CPU busy"), "ratio", ("cpu_normal", "busy")),
    "cpu_steal_ratio": Drawn(Text("CPU 被宿主机占用", "CPU stolen"), "ratio", ("cpu_normal", "steal")),
    "load_per_core": Drawn(Text("每核负载", "load per core"), "", ("cpu_normal", "load_per_core")),
    "memory_used_ratio": Drawn(Text("内存使用率", "memory used"), "ratio", ("memory_normal", "used")),
    "swap_in_pages_total": Drawn(Text("换入页", "pages swapped in"), "per_second", ("memory_normal", "swap_in")),
    "pressure_memory_full_seconds_total": Drawn(
        Text("内存等待时间占比", "time waited for memory"), "ratio", ("memory_normal", "pressure")
    ),
}


def course_of(evidence: Evidence, profile: Profile) -> dict[str, Any]:
    """{start_ms, end_ms, series: [{metric, part, zh, en, unit, limit, values}], planned, holes, marks}, as a record
    keeps it.

    ``values``: one a minute, None where nothing was read. What the profile does not ask for is left out.
    """
    judged = {metric for criterion in profile.criteria for metric in criterion.metrics}
    series = []
    for metric, values in minute_series(evidence).items():
        drawn = DRAWN.get(metric)
        if drawn is not None and metric in judged:
            written = {"zh": drawn.title.zh, "en": drawn.title.en, "unit": drawn.unit}
            limit = limit_of(profile, *drawn.limit)
            series.append({"metric": metric, "part": "", **written, "limit": limit, "values": values})
    return {
        "start_ms": evidence.start_ms,
        "end_ms": evidence.end_ms,
        "series": series,
        "planned": [[work.from_ms, work.to_ms, work.reason] for work in evidence.planned],
        "holes": [[hole.start_ms, hole.end_ms, hole.reason] for hole in evidence.holes[:MOST_HOLES]],
        "marks": [{"at_ms": line.at_ms, "text": line.text[:LONGEST_MARK]} for line in marked(evidence.lines)],
    }


def in_little_room(course: dict[str, Any]) -> dict[str, Any]:
    """The same for memory, where hundreds of runs may be kept: 4 bytes a minute, NaN where nothing was read."""
    packed = [
        {**series, "values": array("f", [math.nan if value is None else value for value in series["values"]])}
        for series in course["series"]
    ]
    return {**course, "series": packed}


def limit_of(profile: Profile, rule: str, field: str) -> float | None:
    found = next((criterion for criterion in profile.criteria if criterion.rule == rule), None)
    limit = getattr(found, field, None)
    return None if limit is None else float(limit)


def marked(lines: Iterable[Line]) -> list[Line]:
    """The events worth a mark on the course: errors and worse."""
    return [line for line in lines if line.severity <= Severity.ERROR][:MOST_MARKS]
