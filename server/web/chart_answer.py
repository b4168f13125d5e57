"""What the charts of a device page are drawn from: every panel of a range in one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from server.web.courses import Glance
from server.web.i18n import Words
from server.web.panels import MAX_LINES, PANELS, RANGES, Line, Panel, rates
from server.web.sight import Course, Hole, Ledger, Sight

EVENTS_DRAWN = 300
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
    step_ms = step_s * 1000 or None
    events = sight.events(ledger.device_no, start_ms, now_ms, EVENTS_DRAWN)
    cover = sight.coverage(ledger.device_no, start_ms, now_ms)
    frame = Frame(start_ms, now_ms, step_ms, [hole for hole in cover.holes if not hole.source])
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
    every_ms = frame.step_ms or int(ledger.interval_s * 1000)
    drawn: list[tuple[str, Course]] = []
    for line in panel.lines:
        for part in _parts(sight, ledger, line, panel):
            course = sight.course(
                ledger.device_no, line.metric, part, start_ms=frame.start_ms, end_ms=frame.end_ms, step_ms=frame.step_ms
            )
            if line.make == "rate":
                course = _rated(course, widest_ms=4 * every_ms)
            if any(value is not None for value in course.avg):
                drawn.append((_label(line, part, words), course))
    if not drawn and not any(_parts(sight, ledger, line, panel) for line in panel.lines):
        return None
    drawn = _busiest(drawn)
    times = sorted({at for _, course in drawn for at in course.t})
    times, breaks = _with_breaks(times, widest_ms=int(2.5 * every_ms))
    limits = [limit for line in panel.lines for limit in sight.limits(ledger.device_no, line.metric)]
    return {
        "id": panel.id,
        "title": words(panel.title),
        "unit": panel.unit,
        "from_zero": panel.from_zero,
        "t": [at / 1000 for at in times],
        "series": [_series(label, course, times, breaks) for label, course in drawn],
        "limits": [{"value": limit.value, "severity": limit.severity} for limit in limits],
        "gaps": [
            {
                "start": max(hole.start_ms, frame.start_ms) / 1000,
                "end": min(hole.end_ms, frame.end_ms) / 1000,
                "reason": hole.reason,
            }
            for hole in frame.holes
        ],
    }


def _parts(sight: Sight, ledger: Ledger, line: Line, panel: Panel) -> Sequence[str]:
    known = [part for part in sight.parts(ledger.device_no, line.metric) if part not in panel.skip_parts]
    return known if line.part is None else [part for part in known if part == line.part]


def _label(line: Line, part: str, words: Words) -> str:
    shown = "" if line.part is not None else part
    return " ".join(text for text in (shown, words(line.label) if line.label else "") if text)


def _rated(course: Course, *, widest_ms: int) -> Course:
    # Within a step a counter only grows, so its largest value is its last; min and max of a rate are not known.
    return Course(course.t, rates(course.t, course.max or course.avg, widest_ms=widest_ms))


def _busiest(drawn: list[tuple[str, Course]]) -> list[tuple[str, Course]]:
    """The ``MAX_LINES`` with the highest peaks, in their own order: more lines than colours say nothing."""
    if len(drawn) <= MAX_LINES:
        return drawn
    peaks = sorted(drawn, key=lambda pair: -max(value for value in pair[1].avg if value is not None))[:MAX_LINES]
    kept = {id(course) for _, course in peaks}
    return [pair for pair in drawn if id(pair[1]) in kept]


def _with_breaks(times: Sequence[int], *, widest_ms: int) -> tuple[list[int], set[int]]:
    """The times with one empty moment inside every hole wider than ``widest_ms``: no line is drawn through it."""
    out: list[int] = []
    breaks: set[int] = set()
    for at in times:
        if out and at - out[-1] > widest_ms:
            middle = out[-1] + (at - out[-1]) // 2
            out.append(middle)
            breaks.add(middle)
        out.append(at)
    return out, breaks


def _series(label: str, course: Course, times: Sequence[int], breaks: set[int]) -> dict[str, Any]:
    def placed(values: Numbers) -> list[float | None]:
        by_time = dict(zip(course.t, values, strict=True))
        return [None if at in breaks else by_time.get(at) for at in times]

    made: dict[str, Any] = {"label": label, "avg": placed(course.avg)}
    if course.min and course.max:
        made["min"], made["max"] = placed(course.min), placed(course.max)
    return made
