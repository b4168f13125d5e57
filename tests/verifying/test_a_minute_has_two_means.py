"""A minute lies between what its gauge was at least and what it may have been; what was not read may be the worst."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from checklists.verification.counters import increase, stalled_ms
from checklists.verification.evidence import Boot, Evidence, Pace, Track
from checklists.verification.minutes import bounds, level, longest, runs
from checklists.verification.strips import minute_series
from tests.verifying.weeks import BUSY, MINUTE, SWAP_IN, Week

case = pytest.param
NAN = math.nan
COUNTER = ("swap_in_pages_total", "")


def track(readings: Sequence[tuple[float, float]]) -> Track:
    """(seconds from the start, value)."""
    return Track(np.array([round(at * 1000) for at, _ in readings], np.int64), np.array([v for _, v in readings]))


def window(minutes: int) -> Evidence:
    return Evidence(0, minutes * MINUTE, 15_000, np.empty(0, np.int64))


def counted(readings: Sequence[tuple[float, float]], minutes: int = 5, boots: Sequence[int] = (0,)) -> Evidence:
    """What COUNTER said; ``boots``: seconds at which the device came up."""
    told = tuple(Boot(at * 1000, f"boot {at}") for at in boots)
    return replace(window(minutes), tracks={COUNTER: track(readings)}, boots=told)


@pytest.mark.parametrize(
    ("readings", "low", "high", "seen"),
    [
        case([(4, 0.2), (19, 0.2), (34, 0.4), (49, 0.4)], 0.3, 0.3, True, id="all of them"),
        case([(4, 0.2), (19, 0.2), (34, 0.4)], 0.2, 0.45, True, id="one missing"),
        case([(4, 0.2), (19, 0.2), (34, 0.4), (49, NAN)], 0.2, 0.45, True, id="one asked for and not had"),
        case([(34, 0.8)], 0.2, 0.95, True, id="one alone"),
        case([], 0.0, 1.0, False, id="none"),
        case([(64, 0.2), (-20, 0.2)], 0.0, 1.0, False, id="in other minutes"),
        case([(0.5, 0.2), (15, 0.2), (30, 0.2), (45, 0.2), (60.2, 0.9)], 0.2, 0.2, True, id="one more across the edge"),
        case([(15, 0.2), (30, 0.2), (45, 0.2), (60.2, 0.4)], 0.25, 0.25, True, id="one just over the edge"),
        case([(4, 0.2), (9, 0.9), (19, 0.2), (34, 0.2), (49, 0.2)], 0.2, 0.2, True, id="one too many"),
        case([(4, 1.2), (19, 1.0), (34, 1.0), (49, 1.0)], 1.0, 1.0, True, id="more than the worst"),
    ],
)
def test_a_ratio_lies_between(readings: list[tuple[float, float]], low: float, high: float, seen: bool) -> None:
    found = bounds(track(readings), window(1), 1.0)
    assert (found.low.tolist(), found.high.tolist()) == (pytest.approx([low]), pytest.approx([high]))
    assert found.seen.tolist() == [seen]


@pytest.mark.parametrize(
    ("paces", "low", "high"),
    [
        case([], [0.2, 0.2, 0.2], [0.2, 0.2, 0.2], id="never"),
        case([(60, 60)], [0.2, 0.2, 0.2], [0.2, 0.2, 0.2], id="less often, and yet read as before"),
        case([(60, 5)], [0.2, 0.2 / 3, 0.2 / 3], [0.2, 2.2 / 3, 2.2 / 3], id="more often, and not so read"),
        case([(90, 5)], [0.2, 0.2 / 3, 0.2 / 3], [0.2, 2.2 / 3, 2.2 / 3], id="within a minute, to more often"),
        case([(60, 5), (90, 15)], [0.2, 0.2 / 3, 0.2], [0.2, 2.2 / 3, 0.2], id="within a minute, to less often"),
        case([(-60, 5)], [0.2 / 3] * 3, [2.2 / 3] * 3, id="before the window"),
        case([(180, 5)], [0.2] * 3, [0.2] * 3, id="after it"),
    ],
)
def test_a_minute_is_measured_by_how_often_it_was_to_be_read(
    paces: list[tuple[int, int]], low: list[float], high: list[float]
) -> None:
    told = [Pace(at * 1000, interval * 1000) for at, interval in paces]
    found = bounds(track([(at, 0.2) for at in range(4, 180, 15)]), replace(window(3), paces=told), 1.0)
    assert found.low.tolist() == pytest.approx(low)
    assert found.high.tolist() == pytest.approx(high)


def test_what_has_no_upper_end_may_have_been_anything() -> None:
    found = bounds(track([(4, 1), (19, 1), (34, 1), (49, 1), (64, 1), (79, 1), (94, 1)]), window(3), math.inf)
    assert found.low.tolist() == [1.0, 0.75, 0.0]
    assert found.high.tolist() == [1.0, math.inf, math.inf]


def test_jitter_at_the_edge_of_the_minute_costs_nothing() -> None:
    """Read on the minute, a few milliseconds early or late: three readings in one minute, five in the next."""
    late = np.random.default_rng(1).integers(-40, 40, 400)
    times = np.arange(400) * 15_000 + late
    found = bounds(Track(times.astype(np.int64), np.full(400, 0.3)), window(100), math.inf)
    assert found.high[1:-1].tolist() == pytest.approx([0.3] * 98)
    assert found.low[1:-1].tolist() == pytest.approx([0.3] * 98)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        case([1.0] * 5 + [0.2] * 95, 0.05, 0.2, id="so many may lie above"),
        case([1.0] * 6 + [0.2] * 94, 0.05, 1.0, id="one more may not"),
        case([0.1, 0.9], 0.05, 0.9, id="of few none may"),
        case([0.1, 0.9], 1.0, 0.1, id="all may"),
    ],
)
def test_the_level_is_what_at_most_a_share_exceeds(values: list[float], share: float, expected: float) -> None:
    assert level(np.array(values), share) == expected


def test_runs_are_found_at_both_ends() -> None:
    mask = np.array([True, True, False, True, False, True, True])
    assert [(run.first, run.minutes) for run in runs(mask)] == [(0, 2), (3, 1), (5, 2)]
    assert (longest(mask).first, longest(np.zeros(3, np.bool_)).minutes) == (0, 0)


# Minutes 1 and 2 of 5 are judged: the first one and the last two hold the first and the last reading.
@pytest.mark.parametrize(
    ("readings", "boots", "low", "high"),
    [
        case([(30, 7), (90, 7), (150, 7), (210, 7)], [0], [0, 0], [0, 0], id="still"),
        case([(30, 7), (75, 7), (105, 9), (150, 9), (210, 9)], [0], [2, 0], [2, 0], id="inside a minute"),
        case([(30, 7), (90, 7), (150, 9), (210, 9)], [0], [0, 0], [2, 2], id="in one of two minutes"),
        case([(30, 7), (210, 9)], [0], [0, 0], [2, 2], id="a gap is bridged"),
        case([(90, 7), (210, 7)], [0], [0, 0], [math.inf, 0], id="begun too late"),
        case([(30, 7), (150, 7)], [0], [0, 0], [0, math.inf], id="ended too early"),
        case([(30, 7), (90, 7), (150, 2), (210, 2)], [0], [0, 0], [math.inf, math.inf], id="it fell"),
        case([(30, 7), (90, 7), (105, 0), (210, 0)], [0, 100], [0, 0], [math.inf, 0], id="a restart"),
        case([(30, 7), (90, 7), (105, 8), (210, 8)], [0, 100], [0, 0], [math.inf, 0], id="a restart without a fall"),
        case([(30, NAN), (90, NAN)], [0], [0, 0], [math.inf, math.inf], id="never had"),
    ],
)
def test_a_counter_gained_between(
    readings: list[tuple[float, float]], boots: list[int], low: list[float], high: list[float]
) -> None:
    found = increase(counted(readings, boots=boots), COUNTER)
    assert (found.low.tolist(), found.high.tolist()) == (low, high)


@pytest.mark.parametrize(
    ("readings", "boots", "least", "most"),
    [
        case([(30, 0), (200, 0)], [0], 0, 0, id="never"),
        case([(30, 0), (70, 0), (170, 4), (200, 4)], [0], 4, 4, id="inside"),
        case([(30, 0), (70, 4), (200, 4)], [0], 0, 4, id="perhaps before"),
        case([(30, 0), (70, 40), (200, 40)], [0], 0, 10, id="no longer than the time that is judged"),
        case([(80, 0), (170, 0)], [0], 0, 30, id="nothing known at both ends"),
        case([(30, 0), (80, 0), (110, 0), (200, 0)], [0, 100], 0, 30, id="nothing known over a restart"),
        case([], [0], 0, 120, id="never had"),
    ],
)
def test_time_was_lost_between(
    readings: list[tuple[float, float]], boots: list[int], least: float, most: float
) -> None:
    assert stalled_ms(counted(readings, boots=boots), COUNTER) == (least * 1000, most * 1000, 120_000)


def test_a_window_too_short_for_counters_judges_none() -> None:
    assert stalled_ms(counted([(30, 0), (100, 0)], 3), COUNTER) == (0.0, 0.0, 0)
    assert increase(counted([(30, 0), (100, 0)], 3), COUNTER).high.tolist() == []


def test_strips_show_what_was_read_and_nothing_where_nothing_was() -> None:
    week = Week(minutes=6).set(BUSY, 2, 1, 0.123456).silent(3, 1).gain(SWAP_IN, 1, 1, 6)
    series = minute_series(week.evidence())
    assert series["cpu_busy_ratio"] == [0.2, 0.2, 0.1235, None, 0.2, 0.2]
    assert series["memory_used_ratio"] == [0.4, 0.4, 0.4, None, 0.4, 0.4]
    # Bridged over the silence; unknown only where the first and the last reading leave part of a minute open.
    assert series["swap_in_pages_total"] == [None, 0.3267, 0.0, 0.0, 0.0, None]
    assert series.keys() == {
        "cpu_busy_ratio",
        "cpu_steal_ratio",
        "load_per_core",
        "memory_used_ratio",
        "swap_in_pages_total",
        "pressure_memory_full_seconds_total",
    }
