"""Counters over the window: where two readings bridge the time between them, and how much was counted when at most.

A counter needs no reading in every minute: what it gained between two readings of one boot is known. Where it fell, or
over a restart, nothing is. Taking a reading away joins two spans into one: what was gained stays, when is known less.
A fall that was seen once is remembered: readings lost later do not let a span lead over it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from checklists.verification.evidence import ENDLESS_MS, Boot, Evidence, Pair, Setback
from checklists.verification.minutes import MINUTE_MS, Bools, Floats, Ints, kept, runs

# Never judged: the first minute and the last two are where the first and the last reading fall.
LEAD_MINUTES = 1
TAIL_MINUTES = 2


@dataclass(frozen=True, slots=True)
class Spans:
    """Between each two successive readings: ``begin`` and ``end`` in ms from the window's start, what was gained."""

    begin: Ints
    end: Ints
    gained: Floats
    bridged: Bools  # in one boot, without a fall now or one that was seen before
    fell: Bools  # in one boot, and the later reading is lower


@dataclass(frozen=True, slots=True)
class Increase:
    """Per minute judged: what was gained in it at least and at most (infinite: nobody knows), which minute it is."""

    low: Floats
    high: Floats
    minute: Ints


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


def spans(evidence: Evidence, pair: Pair) -> Spans:
    """What each two successive readings of a counter say of the time between them."""
    track = evidence.track(*pair)
    known = ~np.isnan(track.value)
    at, value = track.t[known], track.value[known]
    boot = boots_at(at, changes(evidence))
    gained = np.diff(value)
    one_boot = (np.diff(boot) == 0) & (boot[:-1] >= 0) if len(at) > 1 else np.zeros(0, np.bool_)
    fell = one_boot & (gained < 0)
    bridged = one_boot & ~fell
    if any(setback.pair == pair for setback in evidence.setbacks):
        for setback in narrowest(pair, evidence.setbacks, at[:-1][fell], at[1:][fell]):
            first = max(0, int(np.searchsorted(at, setback.after_ms, "right")) - 1)
            bridged[first : np.searchsorted(at, setback.before_ms)] = False
    from_start = at - evidence.start_ms
    return Spans(from_start[:-1], from_start[1:], gained, bridged, fell)


def fallen(evidence: Evidence, pair: Pair) -> list[Setback]:
    """Where this counter was set back, in the order of time: as it shows now, and as was seen before."""
    found = spans(evidence, pair)
    begin, end = (edge[found.fell] + evidence.start_ms for edge in (found.begin, found.end))
    return narrowest(pair, evidence.setbacks, begin, end)


def all_fallen(evidence: Evidence) -> list[Setback]:
    """Of every counter of the evidence: what has to be remembered for when the readings that show it are lost."""
    return [fall for pair in evidence.tracks if pair[0].endswith("_total") for fall in fallen(evidence, pair)]


def narrowest(pair: Pair, seen: Iterable[Setback], begin: Ints, end: Ints) -> list[Setback]:
    """Of what was seen and what shows now those that hold no other: readings that came later said more closely when.

    One without an end stays whatever it holds: the counter fell too often to keep count.
    """
    now = [Setback(pair, *at) for at in zip(begin.tolist(), end.tolist(), strict=True)]
    before = [setback for setback in seen if setback.pair == pair]
    kept: list[Setback] = []
    # By its end, and of equal ends the latest beginning first: whatever one holds comes before it.
    for setback in sorted([*before, *now], key=lambda each: (each.before_ms, -each.after_ms)):
        if not kept or kept[-1].after_ms < setback.after_ms or setback.before_ms == ENDLESS_MS:
            kept.append(setback)
    return kept


def bridged_minutes(evidence: Evidence, pair: Pair) -> Bools | None:
    """Per minute, whether the counter goes on through it; None when the device never gave it."""
    if np.isnan(evidence.track(*pair).value).all():
        return None
    found, total = spans(evidence, pair), evidence.minutes
    if not len(found.begin):
        return np.zeros(total, np.bool_)
    minute = np.arange(total)
    inside = (minute >= found.begin[0] // MINUTE_MS) & (minute <= found.end[-1] // MINUTE_MS)
    broken = ~found.bridged
    torn = _over(found.begin[broken], found.end[broken], np.ones(int(broken.sum())), total) > 0
    through: Bools = inside & ~torn
    return through


def increase(evidence: Evidence, pair: Pair) -> Increase:
    """Of the minutes that are judged. A span that lies over several minutes may have gained all it did in each of them.

    Exact for counters of whole numbers below 2⁵³.
    """
    total = evidence.minutes
    found = spans(evidence, pair)
    good = found.bridged
    begin, end, gained = found.begin[good], found.end[good], found.gained[good]
    at_most = _over(begin, end, gained, total)
    within = begin // MINUTE_MS == (end - 1) // MINUTE_MS
    inside = within & (begin >= 0) & (begin < total * MINUTE_MS)
    at_least: Floats = np.bincount(begin[inside] // MINUTE_MS, gained[inside], minlength=total).astype(np.float64)
    covered = covered_ms(found, evidence)
    minute = np.flatnonzero(kept(evidence))
    judged = minute[(minute >= LEAD_MINUTES) & (minute < total - TAIL_MINUTES)]
    return Increase(at_least[judged], np.where(covered == MINUTE_MS, at_most, np.inf)[judged], judged)


def stalled_ms(evidence: Evidence, pair: Pair) -> tuple[float, float, int]:
    """Of a counter of seconds lost: how long at least and at most, and of how long, ms. Unbridged time is all lost."""
    judged = kept(evidence)
    judged[:LEAD_MINUTES] = judged[max(0, len(judged) - TAIL_MINUTES) :] = False
    found = spans(evidence, pair)
    stretches = [
        _stalled_ms(found, run.first * MINUTE_MS, (run.first + run.minutes) * MINUTE_MS) for run in runs(judged)
    ]
    least, most, of = (sum(column) for column in zip(*stretches, strict=True)) if stretches else (0.0, 0.0, 0)
    return least, most, int(of)


def _stalled_ms(found: Spans, begin_ms: int, end_ms: int) -> tuple[float, float, int]:
    """The same of one stretch, ms from the window's start."""
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
