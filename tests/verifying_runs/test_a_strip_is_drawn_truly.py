"""The strips of a week: thinned without losing what passed a limit, and never a line where nothing was read."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checklists.verdicts import Language
from server.verification.strip_svg import strip_svg
from server.verification.strips import Strip, lines_of, strips, thinned

HOUR = 3_600_000
START = 1_795_478_400_000
MINUTES = 168 * 60
Value = float | None


def course(values: list[Value], **more: Any) -> dict[str, Any]:
    series = {"metric": "cpu_busy_ratio", "part": "", "zh": "CPU 使用率", "en": "CPU busy", "unit": "ratio"}
    return {
        "start_ms": START,
        "end_ms": START + len(values) * 60_000,
        "series": [{**series, "limit": 0.8, "values": values}],
        "holes": [],
        "marks": [],
        **more,
    }


def drawn(values: list[Value], language: Language = "en", **more: Any) -> str:
    return str(strip_svg(strips(course(values, **more))[0], language, "s0"))


def lines_in(svg: str) -> list[list[tuple[float, float]]]:
    return [
        [(float(x), float(y)) for x, y in (pair.split(",") for pair in points.split())]
        for points in re.findall(r'<polyline class="course" points="([^"]*)"', svg)
    ]


@pytest.fixture
def week() -> Strip:
    values: list[Value] = [0.2 + (minute % 1440) / 4000 for minute in range(MINUTES)]
    values[3000:3100] = [None] * 100
    values[5000] = 0.97
    told = course(
        values,
        holes=[[START + 3000 * 60_000, START + 3100 * 60_000, "unreachable"]],
        marks=[
            {"at_ms": START + 50 * HOUR, "text": "EXT4-fs error <sda1>"},
            {"at_ms": START + 50 * HOUR + 60_000, "text": "EXT4-fs error again"},
            {"at_ms": START + 120 * HOUR, "text": "usb 1-1: reset"},
        ],
    )
    return strips(told)[0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_week_as_it_is_drawn(week: Strip, golden: Callable[[str, str], None], language: Language) -> None:
    svg = str(strip_svg(week, language, "cpu"))

    ET.fromstring(svg)
    golden(f"week.{language}.svg", svg.replace("><", ">\n<") + "\n")


def test_no_line_goes_over_a_gap_and_the_gap_is_hatched(week: Strip) -> None:
    svg = str(strip_svg(week, "en", "cpu"))
    hole = re.search(r'<rect class="hole" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"[^>]*fill="url\(#cpu-none\)"', svg)
    assert hole is not None
    left, right = float(hole[1]), float(hole[1]) + float(hole[2])

    for line in lines_in(svg):
        assert not any(before[0] < right and after[0] > left for before, after in pairwise(line))


def test_one_minute_above_the_limit_is_not_thinned_away(week: Strip) -> None:
    assert len(week.points) <= 800
    assert max(point.value for point in week.points if point.value is not None) == 0.97


def test_a_single_missing_minute_breaks_the_line() -> None:
    values: list[Value] = [0.5] * 60
    values[30] = None

    assert len(lines_in(drawn(values))) == 2


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=300), st.integers(1, 20))
def test_every_known_slice_is_drawn_once_and_lines_join_only_whole_neighbours(
    values: list[Value], minutes: int
) -> None:
    points = thinned(values, minutes)
    lines = lines_of(points)

    assert sorted(place for line in lines for place in line) == [
        place for place, point in enumerate(points) if point.value is not None
    ]
    for line in lines:
        assert line == list(range(line[0], line[0] + len(line)))
        assert len(line) == 1 or all(points[place].whole for place in line)


def test_marks_that_would_lie_on_each_other_are_one(week: Strip) -> None:
    svg = str(strip_svg(week, "en", "cpu"))

    assert svg.count('class="mark"') == 2
    assert "EXT4-fs error &lt;sda1&gt;\nEXT4-fs error again" in svg


@pytest.mark.parametrize("days", [1, 7, 60])
def test_labels_of_days_keep_their_distance(days: int) -> None:
    svg = drawn([0.5] * (days * 1440))
    places = [float(x) for x in re.findall(r'<text class="label" x="([\d.]+)"', svg)]

    assert places
    assert all(after - before >= 48 for before, after in pairwise(places))


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([], id="not a minute"),
        pytest.param([None] * 10, id="nothing read"),
        pytest.param([0.0] * 10, id="all zero"),
        pytest.param([5.0, -5.0, None], id="below nothing"),
    ],
)
def test_whatever_was_read_is_drawn_inside_its_box(values: list[Value]) -> None:
    svg = drawn(values, "zh")

    ET.fromstring(svg)
    for x, y in (point for line in lines_in(svg) for point in line):
        assert 64 <= x <= 792
        assert 20 <= y <= 112


def test_it_has_no_colour_of_its_own_and_says_what_it_shows(week: Strip) -> None:
    svg = str(strip_svg(week, "en", "cpu"))

    assert re.search(r"style=|stroke=|fill=\"(?!url)", svg) is None
    assert "limit 80.0 %; 100 minutes missing, 3 events" in svg
    assert 'role="img"' in svg
