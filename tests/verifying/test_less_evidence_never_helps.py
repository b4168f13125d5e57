"""Readings that are lost never improve a verdict, whatever befell the device and whichever readings they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from checklists.verification.evidence import Evidence, Hole, Seen, Track
from checklists.verification.judging import judge
from checklists.verification.minutes import Bools
from checklists.verification.outcome import Judgement, Outcome, Result, RunVerdict
from checklists.verification.profile import Profile
from tests.verifying.profiles import short_profile
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
    USED,
    WEEK_MINUTES,
    Week,
    empty_runs,
)

HOURS = 3
MINUTES = HOURS * 60
PROFILE = short_profile(HOURS)
ORDER = [Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS]
RUN_ORDER = [RunVerdict.FAIL, RunVerdict.INCONCLUSIVE, RunVerdict.PASS]
TICKS = "ticks"
SERIES = [TICKS, *GAUGES, *COUNTERS]
HIGH = {BUSY: [0.7, 0.85, 0.95], USED: [0.7, 0.85, 0.95], LOAD: [3.0], STEAL: [0.06], LOG: [0.0]}
GAINS = {SWAP_IN: [3.0], PRESSURE: [0.04, 0.5, 14.0]}
KINDS = [("kernel_log", 3), ("user_log", 3), ("log_lost", 4), ("log_held_back", 4)]


@dataclass(frozen=True)
class Change:
    """Something that befalls ``series`` (a pair or the ticks) from minute ``first`` on."""

    series: object
    first: int
    minutes: int
    act: Callable[[Week], object]


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
def happenings(draw: st.DrawFn, minutes: int) -> Change:
    """A line of a log, a restart, an alarm somebody saw."""
    at = draw(st.integers(0, minutes - 1))
    kind = draw(st.sampled_from(["line", "restart", "alarm"]))
    if kind == "restart":
        return Change(TICKS, at, 3, lambda week: week.reboot(at))
    if kind == "alarm":
        return Change(LOG, at, 1, lambda week: week.seen.append(Seen(START + at * MINUTE, "li", alarm=True)))
    line = draw(st.sampled_from(KINDS))
    return Change(LOG, at, 1, lambda week: week.says(at, "EDAC MC0: 1 CE", *line))


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
        """What happened, happened still: lines, boots and what people saw stay."""
        whole = self.whole()
        ticks, tracks = whole.ticks, dict(whole.tracks)
        for series, how in self.lost:
            if series == TICKS:
                ticks = ticks[kept(Track(ticks, np.zeros(len(ticks))), how, whole)]
            for pair in [pair for pair in tracks if pair == series]:
                left = kept(tracks[pair], how, whole)
                tracks[pair] = Track(tracks[pair].t[left], tracks[pair].value[left])
                if how == "all":
                    del tracks[pair]
        holes = [Hole(start, end, "lost") for start, end in empty_runs(ticks, whole.minutes)]
        return replace(whole, ticks=ticks, tracks=tracks, holes=[*whole.holes, *holes])


@st.composite
def befallen(draw: st.DrawFn, minutes: int, phases: Sequence[int] = (4_000, 9_000)) -> Befallen:
    changes = draw(st.lists(stretches(minutes), max_size=3))
    changes += draw(st.lists(happenings(minutes), max_size=1))
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


def proven(judged: Judgement) -> dict[str, Result]:
    return {result.criterion: result for result in judged.results if result.outcome is Outcome.FAIL}


def assert_no_better(profile: Profile, whole: Evidence, less: Evidence) -> None:
    before = judge(profile, whole, profile.window_ms)
    remembered = judge(profile, less, profile.window_ms, proven(before))
    forgotten = judge(profile, less, profile.window_ms)
    for result in before.results:
        name = result.criterion
        assert ORDER.index(remembered.of(name).outcome) <= ORDER.index(result.outcome), name
        assert result.outcome is Outcome.PASS or forgotten.of(name).outcome is not Outcome.PASS, name
    assert RUN_ORDER.index(remembered.verdict) <= RUN_ORDER.index(before.verdict)
    assert before.verdict is RunVerdict.PASS or forgotten.verdict is not RunVerdict.PASS
    assert forgotten.coverage.sample <= before.coverage.sample
    assert (forgotten.coverage.event or 0) <= (before.coverage.event or 0)


FLICKERED = Change(BUSY, 10, 20, lambda week: week.flicker(BUSY, 10, 20, 1.0, 0.7))


@settings(max_examples=250, deadline=None)
@given(week=befallen(MINUTES, phases=(4_000, 500)))
@example(week=Befallen(MINUTES, 4_000, [FLICKERED], [(BUSY, ("highest", 0, 1.0))]))
def test_removing_readings_never_improves_a_verdict(week: Befallen) -> None:
    assert_no_better(PROFILE, week.whole(), week.less())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(week=befallen(WEEK_MINUTES))
def test_nor_over_a_whole_week(server: Profile, week: Befallen) -> None:
    assert_no_better(server, week.whole(), week.less())


@settings(max_examples=150, deadline=None)
@given(week=befallen(MINUTES))
def test_what_arrives_later_never_undoes_a_fail(week: Befallen) -> None:
    """A FAIL is kept for good, so it must not rest on what a late reading would have put right."""
    early, late = (judge(PROFILE, evidence, PROFILE.window_ms) for evidence in (week.less(), week.whole()))
    assert proven(early).keys() <= proven(late).keys()


@settings(max_examples=150, deadline=None)
@given(week=befallen(MINUTES), minutes=st.integers(0, MINUTES))
def test_a_fail_found_on_the_way_is_one_at_the_end(week: Befallen, minutes: int) -> None:
    whole, cut_ms = week.whole(), START + minutes * MINUTE
    halfway = replace(
        whole,
        end_ms=cut_ms,
        ticks=whole.ticks[whole.ticks < cut_ms],
        tracks={pair: Track(t.t[t.t < cut_ms], t.value[t.t < cut_ms]) for pair, t in whole.tracks.items()},
        lines=[line for line in whole.lines if line.at_ms < cut_ms],
        boots=[boot for boot in whole.boots if boot.at_ms < cut_ms],
        seen=[seen for seen in whole.seen if seen.at_ms < cut_ms],
    )
    found, at_the_end = (proven(judge(PROFILE, evidence, PROFILE.window_ms)) for evidence in (halfway, whole))
    assert found.keys() <= at_the_end.keys()


@settings(max_examples=60, deadline=None)
@given(week=befallen(MINUTES))
def test_a_restart_is_never_taken_for_a_fall_of_a_counter(week: Befallen) -> None:
    """Where counters begin anew with a boot, the verdict on memory is that of counters that went on."""
    whole = week.whole()
    boots = np.array([boot.at_ms for boot in whole.boots])

    def going_on(track: Track) -> Track:
        fell = np.concatenate(([0.0], np.minimum(np.diff(track.value), 0.0)))
        assert np.all((fell == 0) | (np.diff(np.searchsorted(boots, track.t, "right"), prepend=1) > 0))
        return Track(track.t, track.value - np.cumsum(fell))

    tracks = {pair: going_on(track) if pair in COUNTERS else track for pair, track in whole.tracks.items()}
    went_on, began_anew = (
        judge(PROFILE, evidence, PROFILE.window_ms) for evidence in (replace(whole, tracks=tracks), whole)
    )
    assert went_on.of("S15").outcome is began_anew.of("S15").outcome
    assert went_on.coverage == began_anew.coverage
