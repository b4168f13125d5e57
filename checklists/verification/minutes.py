"""The window as whole minutes: which were watched, and between which bounds the mean of a gauge lies in each.

What was not read is unknown, so a minute has two means: the lowest it can have been (what is missing was nothing) and
the highest (what is missing was the worst). Taking a reading away can only move them apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checklists.verification.evidence import Evidence, Track

MINUTE_MS = 60_000
# A reading this close to the edge of a minute counts in both: a few milliseconds decide on which side it falls.
EDGE = 0.1

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Per minute that counts: the lowest and the highest mean it can have had, whether there is any reading in it, and
    which minute of the window it is.
    """

    low: Floats
    high: Floats
    seen: Bools
    minute: Ints


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of minutes in a row, ``first`` counted from the first one that counts."""

    minutes: int
    first: int


def minutes_of(times: Ints, evidence: Evidence) -> Ints:
    """The number of the minute each moment lies in; of those inside the window alone."""
    inside = times[(times >= evidence.start_ms) & (times < evidence.start_ms + evidence.minutes * MINUTE_MS)]
    return (inside - evidence.start_ms) // MINUTE_MS


def watched(evidence: Evidence) -> Bools:
    """Per minute, whether anything at all of the device was read."""
    there: Bools = np.bincount(minutes_of(evidence.ticks, evidence), minlength=evidence.minutes) > 0
    return there


def bounds(track: Track, evidence: Evidence, worst: float) -> Bounds:
    """``worst`` is what an unread value may have been: 1 for a ratio, infinity where there is no upper end.

    Of more readings than a minute should have the lowest count: otherwise one taken away could lower the mean.
    """
    total, interval_ms = evidence.minutes, intervals(evidence)
    expected = np.maximum(1, np.rint(MINUTE_MS / interval_ms)).astype(np.int64)
    minute, value = _placed(track, evidence, interval_ms)
    order = np.lexsort((value, minute))
    minute, value = minute[order], np.clip(value[order], 0.0, worst)
    there = np.bincount(minute, minlength=total)
    rank = np.arange(len(minute)) - (np.cumsum(there) - there)[minute]
    counts = rank < expected[minute]
    held = np.bincount(minute[counts], value[counts], minlength=total)
    missing = np.maximum(expected - there, 0)
    with np.errstate(invalid="ignore"):
        high = np.where(missing > 0, held + missing * worst, held) / expected
    counting = np.flatnonzero(kept(evidence))
    return Bounds((held / expected)[counting], high[counting], (there > 0)[counting], counting)


def kept(evidence: Evidence) -> Bools:
    """Per minute, whether it counts: not those of work that was announced before it began."""
    counting = np.ones(evidence.minutes, np.bool_)
    for work in evidence.announced:
        first = (work.from_ms - evidence.start_ms) // MINUTE_MS
        after = -((evidence.start_ms - work.to_ms) // MINUTE_MS)
        counting[max(0, first) : max(0, after)] = False
    return counting


def intervals(evidence: Evidence) -> Ints:
    """Per minute how often the device was to be read, ms: the shortest there was in it, so that no reading is spare."""
    interval_ms = np.full(evidence.minutes, evidence.interval_ms, np.int64)
    for pace in sorted(evidence.paces, key=lambda pace: pace.from_ms):
        first, into = divmod(pace.from_ms - evidence.start_ms, MINUTE_MS)
        if into > 0 and 0 <= first < evidence.minutes:
            interval_ms[first] = min(interval_ms[first], pace.interval_ms)
        interval_ms[max(0, first + (into > 0)) :] = pace.interval_ms
    return interval_ms


def means(track: Track, evidence: Evidence) -> Floats:
    """Per minute the mean of what was read, NaN where nothing was."""
    known = ~np.isnan(track.value)
    inside = known & (track.t >= evidence.start_ms) & (track.t < evidence.start_ms + evidence.minutes * MINUTE_MS)
    minute = (track.t[inside] - evidence.start_ms) // MINUTE_MS
    there = np.bincount(minute, minlength=evidence.minutes)
    held = np.bincount(minute, track.value[inside], minlength=evidence.minutes)
    mean: Floats = np.divide(held, there, out=np.full(evidence.minutes, np.nan), where=there > 0)
    return mean


def runs(mask: Bools) -> list[Run]:
    """Every stretch of consecutive True, in the order of time."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [Run(int(end - first), int(first)) for first, end in zip(edges[::2], edges[1::2], strict=True)]


def longest(mask: Bools) -> Run:
    """The longest stretch of True, the first of equal ones; of 0 minutes when there is none."""
    return max(runs(mask), key=lambda run: run.minutes, default=Run(0, 0))


def span_ms(run: Run, minute: Ints, evidence: Evidence) -> tuple[int, int]:
    """From when to when a stretch of those minutes lasts. Raises IndexError for one of no minutes."""
    first, last = minute[run.first], minute[run.first + run.minutes - 1]
    return evidence.start_ms + int(first) * MINUTE_MS, evidence.start_ms + (int(last) + 1) * MINUTE_MS


def allowed_minutes(share: float, minutes: int) -> int:
    """How many whole minutes ``share`` of ``minutes`` is.

    >>> allowed_minutes(0.05, 10080), allowed_minutes(0.29, 100), allowed_minutes(0.05, 19)
    (504, 29, 0)
    """
    return int(share * minutes + 1e-9)


def level(values: Floats, share: float) -> float:
    """The value that at most ``share`` of the minutes exceed (for 5 %: the 95th percentile); NaN of no minutes."""
    if not len(values):
        return float("nan")
    return float(np.sort(values)[len(values) - 1 - min(allowed_minutes(share, len(values)), len(values) - 1)])


def _placed(track: Track, evidence: Evidence, interval_ms: Ints) -> tuple[Ints, Floats]:
    """(minute, value) of every reading, those at an edge twice."""
    total = evidence.minutes
    if not total:
        return np.zeros(0, np.int64), np.zeros(0)
    known = ~np.isnan(track.value)
    at, value = track.t[known] - evidence.start_ms, track.value[known]
    minute, into = np.divmod(at, MINUTE_MS)
    edge = (np.minimum(interval_ms, MINUTE_MS) * EDGE).astype(np.int64)[np.clip(minute, 0, total - 1)]
    early, late = into < edge, into >= MINUTE_MS - edge
    minute = np.concatenate((minute, minute[early] - 1, minute[late] + 1))
    value = np.concatenate((value, value[early], value[late]))
    inside = (minute >= 0) & (minute < total)
    return minute[inside], value[inside]
