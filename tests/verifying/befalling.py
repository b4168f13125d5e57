"""Weeks drawn by hypothesis: what befalls a device, and which of its readings are lost afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from hypothesis import strategies as st

from checklists.verification.counters import all_fallen
from checklists.verification.evidence import Evidence, Hole, Pair, Seen, Track
from checklists.verification.minutes import Bools
from tests.verifying.weeks import (
    BUSY,
    COUNTERS,
    GAUGES,
    HOUR,
    LOAD,
    LOG,
    MINUTE,
    PRESSURE,
    START,
    STEAL,
    SWAP_IN,
    SWITCHES,
    USED,
    Week,
    empty_runs,
)

TICKS = "ticks"
SERIES = [TICKS, *GAUGES, *COUNTERS]
HIGH = {BUSY: [0.7, 0.85, 0.95], USED: [0.7, 0.85, 0.95], LOAD: [3.0], STEAL: [0.06], LOG: [0.0]}
GAINS = {SWAP_IN: [3.0], PRESSURE: [0.04, 0.5, 14.0]}
FALLS = {SWITCHES: [20_000.0, 1e6], SWAP_IN: [3.0, 1e3], PRESSURE: [0.04, 60.0]}
KINDS = [("kernel_log", 3), ("user_log", 3), ("log_lost", 4), ("log_held_back", 4)]


@dataclass(frozen=True)
class Change:
    """Something that befalls ``series`` (a pair or the ticks) from minute ``first`` on."""

    series: object
    first: int
    minutes: int
    act: Callable[[Week], object]


Odd = Callable[[int], st.SearchStrategy[Change]]


@st.composite
def stretches(draw: st.DrawFn, minutes: int) -> Change:
    """A gauge is high or was not had, a counter runs, or nothing is read, for some minutes."""
    series = draw(st.sampled_from([*HIGH, *GAINS, None]))
    first, most = draw(st.integers(0, minutes - 1)), max(minutes // 9, 16) if series else 7
    length = draw(st.integers(1, most))
    if series is None:
        reason = draw(st.sampled_from(["unreachable", "dropped"]))
        return Change(TICKS, first, length, lambda week: week.silent(first, length, reason))
    if series in GAINS:
        gain = draw(st.sampled_from(GAINS[series]))
        return Change(series, first, length, lambda week: week.gain(series, first, length, gain))
    if series in {BUSY, USED} and draw(st.booleans()):
        long = max(length, minutes // 12)
        return Change(series, first, long, lambda week: week.flicker(series, first, long, 1.0, 0.7))
    value = draw(st.sampled_from([*HIGH[series], *HIGH[series], np.nan]))
    return Change(series, first, length, lambda week: week.set(series, first, length, value))


@st.composite
def falls(draw: st.DrawFn, minutes: int) -> Change:
    """A counter goes down without a restart, and gains enough afterwards to hide it if readings are lost."""
    series, at = draw(st.sampled_from(sorted(FALLS))), draw(st.integers(0, minutes - 2))
    by, gain = draw(st.sampled_from(FALLS[series])), draw(st.sampled_from([0.0, 1e6]))

    def act(week: Week) -> Week:
        return week.gain(series, at + 1, 1, gain if series != PRESSURE else min(gain, 14.0)).fall(series, at, by)

    return Change(series, at, 3, act)


@st.composite
def spares(draw: st.DrawFn, minutes: int) -> Change:
    """For some minutes a gauge is read more often than asked, higher or lower."""
    series, first = draw(st.sampled_from(sorted(HIGH))), draw(st.integers(0, minutes - 1))
    length = draw(st.integers(1, min(20, minutes - first)))
    values = draw(st.lists(st.sampled_from([0.0, 0.3, 0.95, *HIGH[series]]), min_size=1, max_size=5))

    return Change(series, first, length, read_more(series, first, length, values))


def read_more(series: Pair, first: int, minutes: int, values: Sequence[float]) -> Callable[[Week], Week]:
    def act(week: Week) -> Week:
        for minute in range(first, first + minutes):
            week.spare(series, minute, values)
        return week

    return act


@st.composite
def happenings(draw: st.DrawFn, minutes: int) -> Change:
    """A line of a log, a restart, an alarm somebody saw."""
    at = draw(st.integers(0, minutes - 1))
    kind = draw(st.sampled_from(["line", "restart", "alarm", "work"]))
    if kind == "work":
        length, severity = draw(st.integers(4, 30)), draw(st.sampled_from([2, 3, 5, 5, None]))
        return Change(TICKS, at, length, planned(at, length, draw(st.integers(-2, length)), severity))
    if kind == "restart":
        return Change(TICKS, at, 3, lambda week: week.reboot(at))
    if kind == "alarm":
        return Change(LOG, at, 1, lambda week: week.seen.append(Seen(START + at * MINUTE, "li", alarm=True)))
    line = draw(st.sampled_from(KINDS))
    return Change(LOG, at, 1, lambda week: week.says(at, "EDAC MC0: 1 CE", *line))


def planned(at: int, minutes: int, into: int, severity: int | None) -> Callable[[Week], Week]:
    """Work from minute ``at`` on, with a restart so many minutes into it, which the device tells of if at all."""

    def act(week: Week) -> Week:
        week.work(at, minutes).reboot(max(0, at + into), 2)
        return week if severity is None else week.restarted(max(0, at + into) + 2, severity)

    return act


@dataclass(frozen=True)
class Befallen:
    """What befalls a device, and the readings of it that are lost afterwards."""

    minutes: int
    phase_ms: int
    changes: Sequence[Change]
    lost: Sequence[tuple[object, object]]

    def whole(self) -> Evidence:
        week = Week(minutes=self.minutes, phase_ms=self.phase_ms)
        week.seen = [Seen(START + hour * HOUR + MINUTE, "li", alarm=False) for hour in range(self.minutes // 60)]
        for change in self.changes:
            change.act(week)
        return week.evidence()

    def less(self) -> Evidence:
        """What happened, happened still: lines, boots, what people saw and the falls that were seen stay."""
        return replace(self.left(), setbacks=all_fallen(self.whole()))

    def left(self) -> Evidence:
        """The readings that are left, and no memory of those that are not."""
        return reduce(lost, self.lost, self.whole())


def lost(evidence: Evidence, loss: tuple[object, object]) -> Evidence:
    """The evidence without some readings of a series, or without some ticks."""
    series, how = loss
    ticks, tracks = evidence.ticks, dict(evidence.tracks)
    if series == TICKS:
        ticks = ticks[kept(Track(ticks, np.zeros(len(ticks))), how, evidence)]
    for pair in [pair for pair in tracks if pair == series]:
        left = kept(tracks[pair], how, evidence)
        tracks[pair] = Track(tracks[pair].t[left], tracks[pair].value[left])
        if how == "all":
            del tracks[pair]
    holes = [Hole(start, end, "lost") for start, end in empty_runs(ticks, evidence.minutes)]
    return replace(evidence, ticks=ticks, tracks=tracks, holes=[*evidence.holes, *holes])


@st.composite
def befallen(
    draw: st.DrawFn, minutes: int, phases: Sequence[int] = (4_000, 9_000), *, odd: Sequence[Odd] = (falls, spares)
) -> Befallen:
    """``odd``: what a sound device does not do, beside all that it may."""
    changes = draw(st.lists(stretches(minutes), max_size=3))
    changes += draw(st.lists(happenings(minutes), max_size=1))
    for each in odd:
        changes += draw(st.lists(each(minutes), max_size=2))
    # What is lost is mostly what was bad, at or around the time it was: that is where losing could help.
    touched = [change.series for change in changes]
    times = [(change.first, change.minutes) for change in changes] or [(0, minutes)]
    how = st.one_of(
        st.just("all"),
        st.just(("highest", 0, 1.0)),
        st.sampled_from(times).flatmap(
            lambda time: st.integers(0, 2).map(lambda pad: ("minutes", time[0] - pad, time[1] + 2 * pad))
        ),
        st.tuples(st.just("minutes"), st.integers(0, minutes - 1), st.integers(1, minutes // 5)),
        st.tuples(st.just("some"), st.integers(0, 2**16), st.sampled_from([0.002, 0.05, 0.5, 0.97])),
        st.tuples(st.just("highest"), st.integers(0, 2**16), st.sampled_from([0.5, 1.0])),
    )
    series = st.sampled_from([*touched, *touched, *SERIES])
    lost = draw(st.lists(st.tuples(series, how), min_size=1, max_size=3))
    return Befallen(minutes, draw(st.sampled_from(phases)), changes, lost)


def kept(track: Track, how: object, evidence: Evidence) -> Bools:
    """Which readings are left."""
    if not isinstance(how, tuple):
        return np.zeros(len(track.t), np.bool_)
    kind, first, much = how
    if kind == "minutes":
        begin = evidence.start_ms + first * MINUTE
        around: Bools = (track.t < begin) | (track.t >= begin + much * MINUTE)
        return around
    here_and_there: Bools = np.random.default_rng(first).random(len(track.t)) >= much
    if kind == "highest" and len(track.t):
        here_and_there |= track.value < np.nanmax(track.value, initial=-1.0)
    return here_and_there
