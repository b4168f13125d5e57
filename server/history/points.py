"""Points of a series as they are drawn: raw or in buckets, as read or as a rate, and never a line through a gap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readings.model import Gap

MOST_POINTS = 20_000
INTERVAL_MS = 15_000  # assumed where one point alone does not show how far apart they are
HOLE_INTERVALS = 2.5

Times = NDArray[np.int64]
Values = NDArray[np.float64]
Codes = NDArray[np.uint8]
Number = float | None


class TooManyPointsError(ValueError):
    """The answer would be too long: ask for a shorter span or a longer step."""


@dataclass(slots=True)
class Points:
    """Of one series, sorted by time. ``gap`` is a Gap's number where ``value`` is NaN, 0 where it is a number."""

    t: Times
    value: Values
    gap: Codes


@dataclass(slots=True)
class Range:
    """Lists of one length. With ``step_ms`` each entry is a bucket that begins at ``t``; without, a reading
    (min = avg = max). An entry of None is a gap; ``gaps`` has its word where somebody said it.
    """

    step_ms: int | None
    t: list[int]
    min: list[Number]
    avg: list[Number]
    max: list[Number]
    count: list[int]
    gaps: list[str | None]


@dataclass(frozen=True, slots=True)
class Summary:
    """Over the numbers in a span; None where there was none. ``gaps`` counts what was asked for and not had."""

    count: int
    gaps: int
    min: Number
    avg: Number
    max: Number
    first: Number
    last: Number


NO_POINTS = Points(np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.uint8))


def interval_of(t: Times) -> float:
    """How far apart the points of this series are, ms: the median."""
    return float(np.median(np.diff(t))) if len(t) > 1 else float(INTERVAL_MS)


def as_rate(points: Points) -> Points:
    """Increase per second of a counter, each at its later point.

    A fall is a reset: what was counted since is the increase. Nothing is said across a gap or a hole, nor of a point
    that has none before it.
    """
    if len(points.t) < 2:
        return NO_POINTS
    apart = np.diff(points.t)
    before, after = points.value[:-1], points.value[1:]
    with np.errstate(invalid="ignore"):
        increase = np.where(after < before, after, after - before)
    near = (apart > 0) & (apart <= HOLE_INTERVALS * interval_of(points.t))
    gaps = np.isnan(after)
    keep = gaps | (near & ~np.isnan(before))
    rate = increase[keep] / (apart[keep] / 1000.0) if keep.any() else np.empty(0)
    return Points(points.t[1:][keep], rate, points.gap[1:][keep])


def raw(points: Points) -> Range:
    """Every reading; where readings are missing altogether, one entry of None stands in the hole."""
    if len(points.t) > MOST_POINTS:
        raise TooManyPointsError(f"{len(points.t)} readings in this span, at most {MOST_POINTS}: give a step")
    interval = interval_of(points.t)
    holes = np.flatnonzero(np.diff(points.t) > HOLE_INTERVALS * interval) + 1
    t = np.insert(points.t, holes, points.t[holes - 1] + round(interval))
    value = np.insert(points.value, holes, np.nan)
    gap = np.insert(points.gap, holes, 0)
    numbers = _numbers(value)
    counts = (~np.isnan(value)).astype(int).tolist()
    return Range(None, t.tolist(), numbers, numbers, numbers, counts, [_word(code) for code in gap.tolist()])


def in_buckets(points: Points, start_ms: int, end_ms: int, step_ms: int) -> Range:
    """Buckets begin at multiples of the step. One without a number is None if it lies in a gap or a hole; one that only
    falls between two readings because the step is shorter than they are apart is left out.
    """
    first = start_ms // step_ms
    buckets = max(0, -(-end_ms // step_ms) - first)
    if buckets > MOST_POINTS:
        raise TooManyPointsError(f"{buckets} steps of {step_ms} ms in this span, at most {MOST_POINTS}")
    begins = (first + np.arange(buckets, dtype=np.int64)) * step_ms
    place = points.t // step_ms - first
    valid = ~np.isnan(points.value)
    at, value = place[valid], points.value[valid]
    count = np.bincount(at, minlength=buckets)[:buckets] if len(at) else np.zeros(buckets, np.int64)
    low, high, mean = (np.full(buckets, np.nan) for _ in range(3))
    filled = np.flatnonzero(count)
    if len(filled):
        edges = np.searchsorted(at, filled)
        low[filled] = np.minimum.reduceat(value, edges)
        high[filled] = np.maximum.reduceat(value, edges)
        mean[filled] = np.add.reduceat(value, edges) / count[filled]
        mean = np.clip(mean, low, high)  # a sum of equals may round to just beside them
    code = np.zeros(buckets, np.uint8)
    code[place[~valid][::-1]] = points.gap[~valid][::-1]  # the first reason in a bucket stays
    code[filled] = 0
    keep = (count > 0) | (code > 0) | _in_hole(points.t, begins, step_ms)
    return Range(
        step_ms,
        begins[keep].tolist(),
        _numbers(low[keep]),
        _numbers(mean[keep]),
        _numbers(high[keep]),
        count[keep].tolist(),
        [_word(number) for number in code[keep].tolist()],
    )


def _in_hole(t: Times, begins: Times, step_ms: int) -> NDArray[np.bool_]:
    """Whether no reading is near enough on both sides of each bucket for a line to be drawn across it."""
    if not len(t):
        return np.ones(len(begins), np.bool_)
    reach = HOLE_INTERVALS * interval_of(t)
    after = np.searchsorted(t, begins)
    # Before the first and after the last reading the span itself is the other side.
    left = np.where(after > 0, t[np.maximum(after - 1, 0)], begins)
    right = np.where(after < len(t), t[np.minimum(after, len(t) - 1)], begins + step_ms)
    wide: NDArray[np.bool_] = right - left > reach
    return wide


def summary(points: Points) -> Summary:
    value = points.value[~np.isnan(points.value)]
    missing = len(points.value) - len(value)
    if not len(value):
        return Summary(0, missing, None, None, None, None, None)
    first, last = float(value[0]), float(value[-1])
    return Summary(len(value), missing, float(value.min()), float(value.mean()), float(value.max()), first, last)


def _numbers(values: Values) -> list[Number]:
    return [None if number != number else number for number in values.tolist()]  # noqa: PLR0124 - NaN alone differs from itself


def _word(code: int) -> str | None:
    return Gap(code).word if code else None
