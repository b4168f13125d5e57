"""What the criteria come to together, and what stays once it was found."""

from __future__ import annotations

import pytest

from checklists.verification.judging import judge, run_verdict
from checklists.verification.outcome import Coverage, Outcome, RunVerdict
from checklists.verification.profile import Profile
from tests.verifying.profiles import short_profile, with_texts
from tests.verifying.weeks import BUSY, HOUR, LOAD, LOG, MINUTE, Week

FAIL, INCONCLUSIVE, PASS, NOT_APPLICABLE = Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS, Outcome.NOT_APPLICABLE
case = pytest.param


@pytest.mark.parametrize(
    ("deciding", "event", "whole", "verdict"),
    [
        case([PASS, PASS], 1.0, True, RunVerdict.PASS, id="all pass"),
        case([PASS, NOT_APPLICABLE], 1.0, True, RunVerdict.PASS, id="one does not apply"),
        case([PASS, INCONCLUSIVE, FAIL], None, False, RunVerdict.FAIL, id="a fail wins"),
        case([PASS, INCONCLUSIVE], 1.0, True, RunVerdict.INCONCLUSIVE, id="one inconclusive"),
        case([PASS], 0.9999, True, RunVerdict.INCONCLUSIVE, id="events missed"),
        case([PASS], None, True, RunVerdict.INCONCLUSIVE, id="nothing known of events"),
        case([PASS], 1.0, False, RunVerdict.INCONCLUSIVE, id="too short"),
        case([], 1.0, True, RunVerdict.INCONCLUSIVE, id="nothing was asked"),
        case([NOT_APPLICABLE], 1.0, True, RunVerdict.INCONCLUSIVE, id="nothing applied"),
    ],
)
def test_the_worst_decides(deciding: list[Outcome], event: float | None, whole: bool, verdict: RunVerdict) -> None:
    assert run_verdict(deciding, Coverage(1.0, event, 1.0), whole=whole) is verdict


def test_a_fail_that_was_found_stays_with_its_evidence() -> None:
    profile = short_profile(2)
    first = judge(profile, Week(minutes=120).set(BUSY, 10, 20, 0.95).evidence(), profile.window_ms)
    found = first.of("S14")
    later = judge(profile, Week(minutes=120).without(BUSY).evidence(), profile.window_ms, {"S14": found})
    assert later.of("S14") is found
    assert (found.outcome, later.verdict) == (FAIL, RunVerdict.FAIL)


def test_nothing_but_a_fail_is_remembered() -> None:
    profile = short_profile(2)
    passed = judge(profile, Week(minutes=120).evidence(), profile.window_ms).of("S14")
    later = judge(profile, Week(minutes=120).without(BUSY).evidence(), profile.window_ms, {"S14": passed})
    assert (passed.outcome, later.of("S14").outcome) == (PASS, INCONCLUSIVE)


def test_a_review_is_shown_and_decides_nothing() -> None:
    review = {
        "rule: cpu_normal\n    blocker: true": "rule: cpu_normal\n    blocker: false",
        "every: 24 h": "every: 7 d",
    }
    profile = with_texts(review)
    judged = judge(profile, Week(minutes=120).set(LOAD, 0, 120, 9.0).evidence(), 2 * HOUR)
    assert (judged.of("S14").outcome, judged.verdict) == (FAIL, RunVerdict.PASS)


def test_a_trial_is_judged_by_its_own_window(server: Profile) -> None:
    evidence = Week(minutes=120).evidence()
    assert judge(server, evidence, 2 * HOUR).verdict is RunVerdict.PASS
    assert judge(server, evidence, server.window_ms).verdict is RunVerdict.INCONCLUSIVE


def test_what_is_too_much_so_far_is_no_fail_before_the_window_could_tell(server: Profile) -> None:
    """Ten busy minutes of the first hour are too many of an hour and few of a week."""
    judged = judge(server, Week(minutes=60).set(BUSY, 10, 10, 0.85).evidence(), server.window_ms)
    assert judged.of("S14").outcome is INCONCLUSIVE


@pytest.mark.parametrize("minutes", [0, 1, 2, 3])
def test_a_run_that_has_hardly_begun_is_inconclusive(server: Profile, minutes: int) -> None:
    judged = judge(server, Week(minutes=minutes).evidence(), server.window_ms)
    assert (judged.verdict, judged.effective_ms) == (RunVerdict.INCONCLUSIVE, minutes * MINUTE)


def test_a_device_never_heard_of_passes_nothing_but_what_is_not_due(server: Profile) -> None:
    week = Week(minutes=120).silent(0, 120)
    week.boots = []
    judged = judge(server, week.evidence(), server.window_ms)
    assert [result.criterion for result in judged.results if result.outcome is not INCONCLUSIVE] == ["S22"]


def test_a_run_of_no_minute_is_refused(server: Profile) -> None:
    with pytest.raises(ValueError, match="a minute at least"):
        judge(server, Week(minutes=1).without(LOG).evidence(), MINUTE - 1)
