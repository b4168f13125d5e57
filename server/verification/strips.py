"""Strips: the course of one quantity over the whole verification, thinned to what a line of the page can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

from checklists.sentences import Text

MOST_POINTS = 800
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Point:
    """The highest minute of a slice; None: no minute of it is known. ``whole``: every minute of it is."""

    value: float | None
    whole: bool


@dataclass(frozen=True, slots=True)
class Hole:
    start_ms: int
    end_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, with its raw line."""

    at_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Work:
    """Planned, and so no evidence."""

    start_ms: int
    end_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Strip:
    """``points`` divide start…end into slices of ``slice_ms``; the last may reach beyond the end."""

    title: Text
    unit: str
    limit: float | None
    start_ms: int
    end_ms: int
    slice_ms: int
    points: Sequence[Point]
    holes: Sequence[Hole] = ()
    marks: Sequence[Mark] = ()
    planned: Sequence[Work] = ()

    def at(self, place: int) -> int:
        """The middle of a slice."""
        return self.start_ms + place * self.slice_ms + self.slice_ms // 2


def strips(course: Mapping[str, Any], most: int = MOST_POINTS) -> list[Strip]:
    """Of a record's ``minutes`` or a running verification's ``course``: one strip for each series."""
    holes = [Hole(start, end, reason) for start, end, reason in course["holes"]]
    marks = [Mark(mark["at_ms"], mark["text"]) for mark in course["marks"]]
    planned = [Work(*work) for work in course.get("planned", ())]  # older records have none
    found: list[Strip] = []
    for series in course["series"]:
        minutes = max(1, -(-len(series["values"]) // most))
        part = f" {series['part']}" if series["part"] else ""
        found.append(
            Strip(
                title=Text(series["zh"] + part, series["en"] + part),
                unit=series["unit"],
                limit=series["limit"],
                start_ms=course["start_ms"],
                end_ms=course["end_ms"],
                slice_ms=minutes * MINUTE_MS,
                points=thinned(
                    [None if value is None or isnan(value) else value for value in series["values"]], minutes
                ),
                holes=holes,
                marks=marks,
                planned=planned,
            )
        )
    return found


def thinned(values: Sequence[float | None], minutes: int) -> list[Point]:
    """A point for each so many minutes: the highest, because what counts is whether a limit was passed."""
    points: list[Point] = []
    for first in range(0, len(values), minutes):
        piece = values[first : first + minutes]
        known = [value for value in piece if value is not None]
        points.append(Point(max(known) if known else None, len(known) == len(piece)))
    return points


def lines_of(points: Sequence[Point]) -> list[list[int]]:
    """Places that one line may join. A slice with a missing minute stands alone: no line is drawn through a gap."""
    lines: list[list[int]] = []
    joins = False
    for place, point in enumerate(points):
        if point.value is None:
            joins = False
            continue
        if joins and point.whole:
            lines[-1].append(place)
        else:
            lines.append([place])
        joins = point.whole
    return lines
