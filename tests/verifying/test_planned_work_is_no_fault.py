"""Work entered before it began: it may hold a restart, its minutes are no evidence, and nothing else is excused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checklists.verification.judging import judge
from checklists.verification.outcome import Outcome, RunVerdict
from checklists.verification.profile import Profile
from tests.verifying.runs import MINUTES, PROFILE, Change, both, judged
from tests.verifying.weeks import BUSY, PRESSURE, SWAP_IN, USED, WEEK_MINUTES, Week, after

case = pytest.param
FAIL, INCONCLUSIVE, PASS = Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS


def work(first: int, minutes: int, noted: int | None = None) -> Change:
    return lambda week: week.work(first, minutes, noted=noted)


def restart(at: int, severity: int | None = 5, down: int = 3) -> Change:
    """The device goes down at that minute, and says afterwards how it stopped."""
    return lambda week: week.reboot(at, down) if severity is None else week.reboot(at, down).restarted(at, severity)


@pytest.mark.parametrize(
    ("change", "outcome", "kinds"),
    [
        case(both(work(100, 20), restart(105)), PASS, ["planned"], id="inside, in order"),
        case(both(work(100, 20, noted=99), restart(105)), PASS, ["planned"], id="entered long before"),
        case(both(work(100, 20, noted=101), restart(105)), FAIL, ["unplanned"], id="entered when it had begun"),
        case(both(work(100, 20, noted=200), restart(105)), FAIL, ["unplanned"], id="entered afterwards"),
        case(both(work(100, 20), restart(105, 2)), FAIL, ["unplanned"], id="inside, and not in order"),
        case(both(work(100, 20), restart(105, 3)), INCONCLUSIVE, ["unknown"], id="nobody knows how it stopped"),
        case(both(work(100, 20), restart(105, None)), INCONCLUSIVE, ["unknown"], id="it has not said how it stopped"),
        case(both(work(100, 20), restart(98)), INCONCLUSIVE, ["unknown"], id="gone before it began"),
        case(both(work(100, 20), restart(118)), INCONCLUSIVE, ["unknown"], id="back after its end"),
        case(both(work(100, 20), restart(60)), FAIL, ["unplanned"], id="before"),
        case(both(work(100, 20), restart(130)), FAIL, ["unplanned"], id="after"),
        case(both(work(100, 40), restart(105), restart(120)), PASS, ["planned"] * 2, id="twice"),
        case(both(work(100, 40), *map(restart, (105, 115, 125))), FAIL, ["planned"] * 3, id="three times"),
        case(both(work(100, 20), restart(105), restart(60)), FAIL, ["unplanned", "planned"], id="and another one"),
        case(work(100, 20), PASS, [], id="work without a restart"),
    ],
)
def test_s12_a_restart_in_planned_work(change: Change, outcome: Outcome, kinds: list[str]) -> None:
    result = judged("S12", change)
    assert [each["kind"] for each in result.evidence["restarts"]] == kinds
    assert result.outcome is outcome


@pytest.mark.parametrize(
    ("criterion", "change", "outcome"),
    [
        case("S14", lambda week: week.set(BUSY, 100, 20, 1.0), PASS, id="busy in it"),
        case("S14", lambda week: week.set(BUSY, 80, 62, 0.95), FAIL, id="busy before, in and after it"),
        case("S14", lambda week: week.set(BUSY, 40, 16, 1.0), FAIL, id="busy elsewhere"),
        case("S15", lambda week: week.set(USED, 100, 20, 1.0), PASS, id="memory full in it"),
        case("S15", lambda week: week.set(USED, 93, 35, 0.95), FAIL, id="memory nearly full around it"),
        case("S15", lambda week: week.gain(SWAP_IN, 100, 20, 50), PASS, id="swapping in it"),
        case("S15", lambda week: week.gain(PRESSURE, 100, 20, 14), PASS, id="waiting in it"),
        case("S15", lambda week: week.gain(PRESSURE, 130, 2, 14), FAIL, id="waiting after it"),
        case("S2", lambda week: week.silent(100, 20), PASS, id="silent in it"),
        case("S2", lambda week: week.silent(90, 5), INCONCLUSIVE, id="silent before it"),
        case("S10", lambda week: week.says(110, "EDAC MC0: 1 UE"), FAIL, id="an error of the kernel in it"),
    ],
)
def test_its_minutes_are_no_evidence(criterion: str, change: Change, outcome: Outcome) -> None:
    assert judged(criterion, both(work(100, 20), change)).outcome is outcome


def test_what_lies_on_both_sides_of_it_is_joined() -> None:
    """A run of high minutes is not cut in two by planning work into it."""
    result = judged("S14", both(work(100, 20), lambda week: week.set(BUSY, 60, 101, 0.95)))
    assert result.outcome is FAIL
    assert result.evidence["saturated"]["longest"] == 81
    start_ms = Week().evidence().start_ms
    assert result.evidence["saturated"]["start_ms"] == start_ms + 60 * 60_000
    assert result.evidence["saturated"]["end_ms"] == start_ms + 161 * 60_000


def test_it_stops_the_clock() -> None:
    week = Week(minutes=MINUTES).work(100, 20)
    result = judge(PROFILE, week.evidence(), PROFILE.window_ms)
    assert result.effective_ms == (MINUTES - 20) * 60_000
    assert result.of("S1").outcome is INCONCLUSIVE
    longer = Week(minutes=MINUTES + 20).work(100, 20)
    assert judge(PROFILE, longer.evidence(), PROFILE.window_ms).of("S1").outcome is PASS


def test_a_week_with_a_planned_restart_passes_when_its_time_is_made_up(server: Profile) -> None:
    def updated(week: Week) -> Week:
        return week.work(5000, 30).reboot(5005).restarted(5005)

    week = Week(minutes=WEEK_MINUTES + 30)
    judged_ = judge(server, after(updated, week), server.window_ms)
    assert [result.criterion for result in judged_.results if result.outcome is not PASS] == []
    assert (judged_.verdict, judged_.coverage.sample, judged_.coverage.event) == (RunVerdict.PASS, 1.0, 1.0)


def test_a_profile_that_says_nothing_of_it_allows_none() -> None:
    profile = replace(
        PROFILE,
        criteria=[
            replace(each, planned=0) if each.named.id == "S12" else each  # type: ignore[type-var]  # the one that has it
            for each in PROFILE.criteria
        ],
    )
    week = Week(minutes=MINUTES).work(100, 20).reboot(105).restarted(105)
    assert judge(profile, week.evidence(), PROFILE.window_ms).of("S12").outcome is FAIL
