"""A strip drawn: inline SVG that says in words what it shows, has no colour of its own, draws no line over a gap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from checklists.sentences import GAPS, shown
from checklists.verdicts import Language
from server.verification.strips import Mark, Strip, lines_of

WIDTH, HEIGHT = 800.0, 132.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 792.0, 20.0, 112.0
DAY_MS = 86_400_000
LABEL_WIDTH = 48.0  # a day's label with room around it
MARK_WIDTH = 6.0
NARROWEST = 3.0  # a gap of minutes in a week must still be seen
MOST_TITLES = 5
HATCHING = (
    '<defs><pattern id="{key}-none" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>'
)


class Scale:
    """From moments and values to places in the box."""

    def __init__(self, strip: Strip) -> None:
        self._start, self._span = strip.start_ms, max(1, strip.end_ms - strip.start_ms)
        known = [point.value for point in strip.points if point.value is not None]
        edges = [*known, *([] if strip.limit is None else [strip.limit])]
        self.low = 0.0 if not edges or min(edges) >= 0 else min(edges)
        self.high = 1.0 if strip.unit == "ratio" and max(edges, default=0) <= 1 else max(edges, default=1.0)
        if self.high <= self.low:
            self.high = self.low + 1.0

    def x(self, at_ms: int) -> float:
        share = (at_ms - self._start) / self._span
        return LEFT + min(1.0, max(0.0, share)) * (RIGHT - LEFT)

    def y(self, value: float) -> float:
        return BOTTOM - (value - self.low) / (self.high - self.low) * (BOTTOM - TOP)


def strip_svg(strip: Strip, language: Language, key: str) -> Markup:
    """``key`` is unique on the page: names of the pattern and of the texts are made of it."""
    scale = Scale(strip)
    title = strip.title.zh if language == "zh" else strip.title.en
    parts = [
        f'<svg class="strip" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-labelledby="{key}-t {key}-d">',
        f'<title id="{key}-t">{escape(title)}</title><desc id="{key}-d">{escape(said(strip, language))}</desc>',
        HATCHING.format(key=key),
        f'<rect class="frame" x="{LEFT:g}" y="{TOP:g}" width="{RIGHT - LEFT:g}" height="{BOTTOM - TOP:g}"/>',
        *_planned(strip, scale, language),
        *_days(strip, scale, language),
        *_holes(strip, scale, language, key),
        *_axis(strip, scale, language),
        *_course(strip, scale),
        *_marks(strip, scale, language),
        "</svg>",
    ]
    return Markup("".join(parts))  # noqa: S704 - numbers, and texts that were escaped


def said(strip: Strip, language: Language) -> str:
    """The strip in one sentence, for who cannot see it."""
    chinese = language == "zh"
    known = [point.value for point in strip.points if point.value is not None]
    if not known:
        first = "没有读数" if chinese else "no reading"
    else:
        low, high = (shown(edge, strip.unit, language) for edge in (min(known), max(known)))
        first = f"{low} 至 {high}" if chinese else f"from {low} to {high}"
    limit = ""
    if strip.limit is not None:
        limit = (
            f"，限值 {shown(strip.limit, strip.unit, language)}"
            if chinese
            else (f", limit {shown(strip.limit, strip.unit, language)}")
        )
    missing = sum(hole.end_ms - hole.start_ms for hole in strip.holes) // 60_000
    rest = (
        f"；缺失 {missing} 分钟，事件 {len(strip.marks)} 条"
        if chinese
        else f"; {missing} minutes missing, {len(strip.marks)} events"
    )
    work = sum(work.end_ms - work.start_ms for work in strip.planned) // 60_000
    if work:
        rest += f"，计划维护 {work} 分钟" if chinese else f", {work} minutes of planned work"
    return first + limit + rest


def _days(strip: Strip, scale: Scale, language: Language) -> Iterator[str]:
    """A line every 24 h from the start, and as many labels as have room."""
    days = range(max(1, -(-(strip.end_ms - strip.start_ms) // DAY_MS)))
    apart = scale.x(strip.start_ms + DAY_MS) - LEFT
    every = max(1, -(-LABEL_WIDTH // max(apart, 1e-9)))
    for day in days:
        x = scale.x(strip.start_ms + day * DAY_MS)
        if day:
            yield f'<line class="day" x1="{x:.1f}" y1="{TOP:g}" x2="{x:.1f}" y2="{BOTTOM:g}"/>'
        if day % every == 0 and x + LABEL_WIDTH <= RIGHT + 8:
            label = f"第 {day + 1} 天" if language == "zh" else f"day {day + 1}"
            yield f'<text class="label" x="{x + 3:.1f}" y="{BOTTOM + 14:g}">{label}</text>'


def _planned(strip: Strip, scale: Scale, language: Language) -> Iterator[str]:
    for work in strip.planned:
        left, right = scale.x(work.start_ms), scale.x(work.end_ms)
        words = "计划维护" if language == "zh" else "planned work"
        yield (
            f'<rect class="planned" x="{left:.1f}" y="{TOP:g}" width="{max(right - left, NARROWEST):.1f}" '
            f'height="{BOTTOM - TOP:g}"><title>{escape(f"{words}: {work.reason}")}</title></rect>'
        )


def _holes(strip: Strip, scale: Scale, language: Language, key: str) -> Iterator[str]:
    for hole in strip.holes:
        left, right = scale.x(hole.start_ms), scale.x(hole.end_ms)
        words = GAPS.get(hole.reason, (hole.reason, hole.reason))
        minutes = (hole.end_ms - hole.start_ms) // 60_000
        text = f"{minutes} 分钟：{words[0]}" if language == "zh" else f"{minutes} min: {words[1]}"
        yield (
            f'<rect class="hole" x="{left:.1f}" y="{TOP:g}" width="{max(right - left, NARROWEST):.1f}" '
            f'height="{BOTTOM - TOP:g}" fill="url(#{key}-none)"><title>{escape(text)}</title></rect>'
        )


def _axis(strip: Strip, scale: Scale, language: Language) -> Iterator[str]:
    """The ends of the scale on the left; the limit's line, its label inside on the right, clear of both edges."""
    for value, y in ((scale.high, TOP + 8), (scale.low, BOTTOM)):
        text = escape(shown(value, strip.unit, language))
        yield f'<text class="label end" text-anchor="end" x="{LEFT - 5:g}" y="{y:g}">{text}</text>'
    if strip.limit is not None:
        y = scale.y(strip.limit)
        words = (
            f"限值 {shown(strip.limit, strip.unit, language)}"
            if language == "zh"
            else (f"limit {shown(strip.limit, strip.unit, language)}")
        )
        below = y - TOP < 14
        yield f'<line class="limit" x1="{LEFT:g}" y1="{y:.1f}" x2="{RIGHT:g}" y2="{y:.1f}"/>'
        yield (
            f'<text class="label limit" text-anchor="end" x="{RIGHT - 4:g}" y="{y + (11 if below else -4):.1f}">'
            f"{escape(words)}</text>"
        )


def _course(strip: Strip, scale: Scale) -> Iterator[str]:
    for line in lines_of(strip.points):
        places = [(scale.x(strip.at(place)), scale.y(strip.points[place].value or 0.0)) for place in line]
        if len(places) == 1:
            yield f'<circle class="course" cx="{places[0][0]:.1f}" cy="{places[0][1]:.1f}" r="1"/>'
        else:
            yield f'<polyline class="course" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>'


def _marks(strip: Strip, scale: Scale, language: Language) -> Iterator[str]:
    """Triangles above the box; those that would lie on each other are one, with how many it stands for."""
    together: list[tuple[float, list[Mark]]] = []
    for mark in sorted(strip.marks, key=lambda mark: mark.at_ms):
        x = scale.x(mark.at_ms)
        if together and x - together[-1][0] < MARK_WIDTH:
            together[-1][1].append(mark)
        else:
            together.append((x, [mark]))
    for x, marks in together:
        yield (
            f'<path class="mark" d="M{x - 3:.1f} {TOP - 8:g}h6l-3 7z"><title>{escape(_told(marks, language))}</title>'
            "</path>"
        )


def _told(marks: Sequence[Mark], language: Language) -> str:
    texts = "\n".join(mark.text[:200] for mark in marks[:MOST_TITLES])
    more = len(marks) - MOST_TITLES
    if more <= 0:
        return texts
    return f"{texts}\n……另有 {more} 条" if language == "zh" else f"{texts}\n… and {more} more"
