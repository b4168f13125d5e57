"""What the charts of a device page are drawn from: every panel of a range in one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from server.web.courses import Glance
from server.web.equipment.parts import part_word
from server.web.i18n import Words
from server.web.panels import MAX_LINES, PANELS, RANGES, Line, Panel
from server.web.sight import Course, Hole, Ledger, Series, Sight

EVENTS_DRAWN = 300
SHORTEST_MS = 3 * 60_000
HOLE_STEPS = 2.5
MINUTE_MS = 60_000
Numbers = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Frame:
    """The stretch drawn; ``step_ms`` None: as read. ``holes`` are those of the whole device."""

    start_ms: int
    end_ms: int
    step_ms: int | None
    holes: Sequence[Hole]


def answer(glance: Glance, ledger: Ledger, span: str) -> dict[str, Any]:
    """Times in seconds, as uPlot takes them. Raises KeyError for a range nobody offers."""
    sight, now_ms = glance.sight, glance.now_ms
    back_s, step_s = RANGES[span]
    start_ms = now_ms - back_s * 1000
    whole = sight.coverage(ledger.device_no, start_ms, now_ms - now_ms % MINUTE_MS)
    if not step_s:  # the first minutes of a new device fill the picture instead of its right edge
        begun = max((hole.end_ms for hole in whole.holes if hole.reason == "not_offered"), default=start_ms)
        start_ms = max(start_ms, min(begun - MINUTE_MS // 2, now_ms - SHORTEST_MS))
    step_ms = step_s * 1000 or None
    events = sight.events(ledger.device_no, start_ms, now_ms, EVENTS_DRAWN)
    frame = Frame(start_ms, now_ms, step_ms, whole.holes)
    return {
        "range": span,
        "start": start_ms / 1000,
        "end": now_ms / 1000,
        "events": [{"at": event.at_ms / 1000, "severity": event.severity, "text": event.text} for event in events],
        "panels": [
            panel for panel in (_panel(glance, ledger, wanted, frame) for wanted in PANELS) if panel is not None
        ],
    }


def _panel(glance: Glance, ledger: Ledger, panel: Panel, frame: Frame) -> dict[str, Any] | None:
    """One chart, None for what this device does not have (a virtual machine without sensors)."""
    sight, words = glance.sight, glance.words
    wanted = {
        Series(line.metric, part, line.rate): _label(line, part, words)
        for line in panel.lines
        for part in _parts(sight, ledger, line, panel)
    }
    if not wanted:
        return None
    courses = sight.courses(
        ledger.device_no, list(wanted), start_ms=frame.start_ms, end_ms=frame.end_ms, step_ms=frame.step_ms
    )
    drawn = _busiest(
        [
            (label, courses[series])
            for series, label in wanted.items()
            if series in courses and any(value is not None for value in courses[series].avg)
        ]
    )
    times = sorted({at for _, course in drawn for at in course.t})
    known = {at for _, course in drawn for at, value in zip(course.t, course.avg, strict=True) if value is not None}
    every_ms = max(frame.step_ms or 0, int(ledger.interval_s * 1000))
    limits = {limit: None for series in wanted for limit in sight.limits(ledger.device_no, series.metric, series.part)}
    return {
        "id": panel.id,
        "title": words(panel.title),
        "unit": panel.unit,
        "from_zero": panel.from_zero,
        "t": [at / 1000 for at in times],
        "series": [_series(label, course, times, panel.times) for label, course in drawn],
        "limits": [{"value": limit.value * panel.times, "severity": limit.severity} for limit in limits],
        "gaps": [
            {"start": hole.start_ms / 1000, "end": hole.end_ms / 1000, "reason": hole.reason}
            for hole in _holes(sorted(known), frame, every_ms)
        ],
    }


def _holes(known: Sequence[int], frame: Frame, every_ms: int) -> list[Hole]:
    """Every stretch of the frame in which this chart has no value, from the last known point to the next.

    Wider than the whole minutes of the coverage, and also there where one source alone gave nothing; the reason is
    that of the device's hole which shares most of it, else that this could not be read.
    """
    lasts_ms = frame.step_ms or 0
    edges = [frame.start_ms, *(edge for at in known for edge in (at, at + lasts_ms)), frame.end_ms]
    found = []
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin > HOLE_STEPS * every_ms:
            shared = {hole.reason: min(end, hole.end_ms) - max(begin, hole.start_ms) for hole in frame.holes}
            reason = max(shared, key=lambda word: shared[word], default="")
            found.append(Hole(begin, end, reason if shared.get(reason, 0) > 0 else "unreadable"))
    return found


def _parts(sight: Sight, ledger: Ledger, line: Line, panel: Panel) -> Sequence[str]:
    known = [part for part in sight.parts(ledger.device_no, line.metric) if part not in panel.skip_parts]
    named = [part for part in known if part == line.part]
    return known if line.part is None or (line.or_each and not named) else named


def _label(line: Line, part: str, words: Words) -> str:
    shown = part if line.part is None or part != line.part else ""
    return " ".join(text for text in (part_word(shown, words), words(line.label) if line.label else "") if text)


def _busiest(drawn: list[tuple[str, Course]]) -> list[tuple[str, Course]]:
    """The ``MAX_LINES`` with the highest peaks, in their own order: more lines than colours say nothing."""
    if len(drawn) <= MAX_LINES:
        return drawn
    peaks = sorted(drawn, key=lambda pair: -max(value for value in pair[1].avg if value is not None))[:MAX_LINES]
    kept = {id(course) for _, course in peaks}
    return [pair for pair in drawn if id(pair[1]) in kept]


def _series(label: str, course: Course, times: Sequence[int], factor: float) -> dict[str, Any]:
    def placed(values: Numbers) -> list[float | None]:
        scaled = (None if value is None else value * factor for value in values)
        by_time = dict(zip(course.t, scaled, strict=True))
        return [by_time.get(at) for at in times]

    made: dict[str, Any] = {"label": label, "avg": placed(course.avg)}
    if course.min and course.max:
        made["min"], made["max"] = placed(course.min), placed(course.max)
    return made
