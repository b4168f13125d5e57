"""Readings that are lost never improve a verdict, whatever befell the device and whichever readings they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from checklists.verification.counters import all_fallen
from checklists.verification.evidence import Evidence, Track
from checklists.verification.judging import judge
from checklists.verification.outcome import Judgement, Outcome, Result, RunVerdict
from checklists.verification.profile import Profile
from tests.verifying.befalling import TICKS, Befallen, Change, befallen, falls, lost, planned, read_more
from tests.verifying.profiles import short_profile
from tests.verifying.weeks import (
    BUSY,
    COUNTERS,
    MINUTE,
    START,
    SWITCHES,
    WEEK_MINUTES,
)

HOURS = 3
MINUTES = HOURS * 60
PROFILE = short_profile(HOURS)
ORDER = [Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS]
RUN_ORDER = [RunVerdict.FAIL, RunVerdict.INCONCLUSIVE, RunVerdict.PASS]


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


WORKED = Change(TICKS, 60, 20, planned(60, 20, 3, 5))
FELL = Change(SWITCHES, 30, 3, lambda week: week.fall(SWITCHES, 30, 40_000))
SPARE = Change(BUSY, 10, 20, read_more(BUSY, 10, 20, [0.95] * 4))
FLICKERED = Change(BUSY, 10, 20, lambda week: week.flicker(BUSY, 10, 20, 1.0, 0.7))


@settings(max_examples=250, deadline=None)
@given(week=befallen(MINUTES, phases=(4_000, 500)))
@example(week=Befallen(MINUTES, 4_000, [FLICKERED], [(BUSY, ("highest", 0, 1.0))]))
@example(week=Befallen(MINUTES, 4_000, [SPARE], [(BUSY, ("highest", 0, 1.0))]))
@example(week=Befallen(MINUTES, 4_000, [WORKED], [(TICKS, ("minutes", 55, 10))]))
@example(week=Befallen(MINUTES, 4_000, [FELL], [(SWITCHES, ("minutes", 30, 4))]))
def test_removing_readings_never_improves_a_verdict(week: Befallen) -> None:
    assert_no_better(PROFILE, week.whole(), week.less())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(week=befallen(WEEK_MINUTES))
def test_nor_over_a_whole_week(server: Profile, week: Befallen) -> None:
    assert_no_better(server, week.whole(), week.less())


@settings(max_examples=150, deadline=None)
@given(week=befallen(MINUTES, phases=(4_000, 500)))
def test_nor_does_losing_more_of_what_is_left(week: Befallen) -> None:
    """Readings go one lot after another; the centre judges between and notes what it saw."""
    evidence, before = week.whole(), judge(PROFILE, week.whole(), PROFILE.window_ms)
    found: dict[str, Result] = {}
    for loss in week.lost:
        found |= proven(before)
        evidence = lost(replace(evidence, setbacks=all_fallen(evidence)), loss)
        after = judge(PROFILE, evidence, PROFILE.window_ms, found)
        for result in before.results:
            assert ORDER.index(after.of(result.criterion).outcome) <= ORDER.index(result.outcome), result.criterion
        assert RUN_ORDER.index(after.verdict) <= RUN_ORDER.index(before.verdict)
        before = after


@settings(max_examples=150, deadline=None)
@given(week=befallen(MINUTES, odd=(falls,)))
def test_what_arrives_later_never_undoes_a_fail(week: Befallen) -> None:
    """A FAIL is kept for good, so it must not rest on what a late reading would have put right."""
    early, late = (judge(PROFILE, evidence, PROFILE.window_ms) for evidence in (week.left(), week.whole()))
    assert proven(early).keys() <= proven(late).keys()


@settings(max_examples=150, deadline=None)
@given(week=befallen(MINUTES, odd=(falls,)), minutes=st.integers(0, MINUTES))
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
@given(week=befallen(MINUTES, odd=()))
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
