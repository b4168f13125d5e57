"""Counters over the window: where two readings bridge the time between them, and how much was counted when at most.

A counter needs no reading in every minute: what it gained between two readings of one boot is known. Where it fell, or
over a restart, nothing is. Taking a reading away joins two spans into one: what was gained stays, when is known less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from checklists.verification.evidence import Boot, Evidence, Track
from checklists.verification.minutes import MINUTE_MS, Bools, Floats, Ints

# Never judged: the first minute and the last two are where the first and the last reading fall.
LEAD_MINUTES = 1
TAIL_MINUTES = 2


@dataclass(frozen=True, slots=True)
class Spans:
    """Between each two successive readings: ``begin`` and ``end`` in ms from the window's start, what was gained."""

    begin: Ints
    end: Ints
    gained: Floats
    bridged: Bools  # in one boot and without a fall


@dataclass(frozen=True, slots=True)
class Increase:
    """Per minute judged: what was gained in it at least and at most (infinite: nobody knows)."""

    low: Floats
    high: Floats


def boots_at(times: Ints, boots: tuple[Boot, ...]) -> Ints:
    """The number of the boot in force at each moment, -1 before the first that is known."""
    return np.searchsorted(np.array([boot.at_ms for boot in boots], np.int64), times, side="right") - 1


def changes(evidence: Evidence) -> tuple[Boot, ...]:
    """The boots in the order of time, one entry for each change."""
    told: list[Boot] = []
    for boot in sorted(evidence.boots, key=lambda boot: boot.at_ms):
        if not told or told[-1].boot_id != boot.boot_id:
            told.append(boot)
    return tuple(told)


def spans(track: Track, evidence: Evidence) -> Spans:
    """What each two successive readings of ``track`` say of the time between them."""
    known = ~np.isnan(track.value)
    at, value = track.t[known], track.value[known]
    boot = boots_at(at, changes(evidence))
    gained = np.diff(value)
    bridged = (gained >= 0) & (np.diff(boot) == 0) & (boot[:-1] >= 0) if len(at) > 1 else np.zeros(0, np.bool_)
    from_start = at - evidence.start_ms
    return Spans(from_start[:-1], from_start[1:], gained, bridged)


def bridged_minutes(track: Track, evidence: Evidence) -> Bools | None:
    """Per minute, whether the counter goes on through it; None when the device never gave it."""
    if np.isnan(track.value).all():
        return None
    found, total = spans(track, evidence), evidence.minutes
    if not len(found.begin):
        return np.zeros(total, np.bool_)
    minute = np.arange(total)
    inside = (minute >= found.begin[0] // MINUTE_MS) & (minute <= found.end[-1] // MINUTE_MS)
    broken = ~found.bridged
    torn = _over(found.begin[broken], found.end[broken], np.ones(int(broken.sum())), total) > 0
    through: Bools = inside & ~torn
    return through


def increase(track: Track, evidence: Evidence) -> Increase:
    """Of the minutes that are judged. A span that lies over several minutes may have gained all it did in each of them.

    Exact for counters of whole numbers below 2⁵³.
    """
    total = evidence.minutes
    found = spans(track, evidence)
    good = found.bridged
    begin, end, gained = found.begin[good], found.end[good], found.gained[good]
    at_most = _over(begin, end, gained, total)
    within = begin // MINUTE_MS == (end - 1) // MINUTE_MS
    inside = within & (begin >= 0) & (begin < total * MINUTE_MS)
    at_least: Floats = np.bincount(begin[inside] // MINUTE_MS, gained[inside], minlength=total).astype(np.float64)
    covered = covered_ms(found, evidence)
    judged = slice(LEAD_MINUTES, max(LEAD_MINUTES, total - TAIL_MINUTES))
    return Increase(at_least[judged], np.where(covered == MINUTE_MS, at_most, np.inf)[judged])


def stalled_ms(track: Track, evidence: Evidence) -> tuple[float, float, int]:
    """Of a counter of seconds lost: how long at least and at most, and of how long, ms. Unbridged time is all lost."""
    begin_ms, end_ms = LEAD_MINUTES * MINUTE_MS, (evidence.minutes - TAIL_MINUTES) * MINUTE_MS
    if end_ms <= begin_ms:
        return 0.0, 0.0, 0
    found = spans(track, evidence)
    good = found.bridged
    begin, end = np.clip(found.begin[good], begin_ms, end_ms), np.clip(found.end[good], begin_ms, end_ms)
    gained = found.gained[good] * 1000
    lost = float(np.minimum(gained, end - begin).sum())
    whole = (found.begin[good] >= begin_ms) & (found.end[good] <= end_ms)
    return (
        float(np.minimum(gained, end - begin)[whole].sum()),
        lost + float(end_ms - begin_ms - (end - begin).sum()),
        end_ms - begin_ms,
    )


def covered_ms(found: Spans, evidence: Evidence) -> Ints:
    """Per minute, how much of it lies under bridged spans."""
    edges = np.arange(evidence.minutes + 1, dtype=np.int64) * MINUTE_MS
    begin, end = found.begin[found.bridged], found.end[found.bridged]
    if not len(begin):
        return np.zeros(evidence.minutes, np.int64)
    # How much lies under spans up to each edge: all that ended before it and its share of the one it falls into.
    before = np.concatenate(([0], np.cumsum(end - begin)))
    started = np.searchsorted(begin, edges, side="right")
    last = np.maximum(started - 1, 0)
    under = np.where(started > 0, before[last] + np.minimum(edges - begin[last], end[last] - begin[last]), 0)
    return np.diff(under)


def _over(begin: Ints, end: Ints, amount: Floats, total: int) -> Floats:
    """Per minute, the sum of the amounts of all spans that touch it."""
    first = np.clip(begin // MINUTE_MS, 0, total)
    after = np.clip((end - 1) // MINUTE_MS + 1, 0, total)
    steps = np.bincount(first, amount, minlength=total + 1) - np.bincount(after, amount, minlength=total + 1)
    summed: Floats = np.cumsum(steps)[:total]
    return summed
