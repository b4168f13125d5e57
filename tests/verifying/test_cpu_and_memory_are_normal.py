"""Proved bad, good whatever is missing, or neither: one table each, at their limits."""

from __future__ import annotations

import pytest

from checklists.verification.judging import judge
from checklists.verification.outcome import Outcome
from tests.verifying.profiles import with_texts
from tests.verifying.runs import MINUTES, PROFILE, Change, both, hide, judged, nothing, thin
from tests.verifying.weeks import BUSY, LOAD, MINUTE, PRESSURE, START, STEAL, SWAP_IN, USED, Week

case = pytest.param
FAIL, INCONCLUSIVE, PASS = Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS


@pytest.mark.parametrize(
    ("change", "outcome", "clause"),
    [
        case(nothing, PASS, "busy", id="idle"),
        case(lambda week: week.set(BUSY, 10, 15, 0.85), PASS, "busy", id="over 80 % for 5 % of the time"),
        case(lambda week: week.set(BUSY, 10, 16, 0.85), FAIL, "busy", id="over 80 % for longer"),
        case(lambda week: week.set(BUSY, 0, MINUTES, 0.80), PASS, "busy", id="at 80 % all the time"),
        case(hide(BUSY, 10, 15), PASS, "busy", id="missing for 5 % of the time"),
        case(hide(BUSY, 10, 16), INCONCLUSIVE, "busy", id="missing for longer"),
        case(both(lambda w: w.set(BUSY, 10, 9, 0.85), hide(BUSY, 40, 7)), INCONCLUSIVE, "busy", id="both together"),
        case(both(lambda w: w.set(BUSY, 10, 16, 0.85), thin(BUSY, 10, 1)), INCONCLUSIVE, "busy", id="one not certain"),
        case(thin(BUSY, 0, MINUTES), PASS, "busy", id="idle, a reading lost in every minute"),
        case(lambda week: week.without(BUSY), INCONCLUSIVE, "busy", id="never read"),
        case(lambda week: week.set(LOAD, 10, 16, 2.5), FAIL, "load_per_core", id="load over 2"),
        case(lambda week: week.set(LOAD, 0, MINUTES, 2.0), PASS, "load_per_core", id="load at 2"),
        case(thin(LOAD, 0, 15), PASS, "load_per_core", id="a load lost in 5 % of the minutes"),
        case(thin(LOAD, 0, 16), INCONCLUSIVE, "load_per_core", id="a load lost in more"),
        case(lambda week: week.set(STEAL, 10, 16, 0.06), FAIL, "steal", id="steal over 5 %"),
        case(lambda week: week.set(STEAL, 0, MINUTES, 0.05), PASS, "steal", id="steal at 5 %"),
        case(lambda week: week.without(STEAL), INCONCLUSIVE, "steal", id="steal never read"),
    ],
)
def test_s14_the_cpu_is_normal(change: Change, outcome: Outcome, clause: str) -> None:
    result = judged("S14", change)
    assert (result.outcome, result.evidence[clause]["outcome"]) == (outcome, outcome.value)


@pytest.mark.parametrize(
    ("change", "outcome", "minutes", "missing"),
    [
        case(lambda week: week.set(BUSY, 100, 60, 0.95), PASS, 60, 0, id="60 min"),
        case(lambda week: week.set(BUSY, 100, 61, 0.95), FAIL, 61, 0, id="61 min"),
        case(both(lambda w: w.set(BUSY, 100, 61, 0.95), hide(BUSY, 130, 1)), INCONCLUSIVE, 61, 1, id="a gap joins"),
        case(both(lambda w: w.set(BUSY, 100, 62, 0.95), hide(BUSY, 161, 1)), FAIL, 61, 0, id="proved without the gap"),
        case(hide(BUSY, 100, 61), INCONCLUSIVE, 61, 61, id="a gap alone"),
    ],
)
def test_s14_a_run_may_last_an_hour(change: Change, outcome: Outcome, minutes: int, missing: int) -> None:
    """The run alone: of so short a window an hour is more than 5 % anyway."""
    run = judged("S14", change).evidence["saturated"]
    assert (run["outcome"], run["longest"], run["missing"]) == (outcome.value, minutes, missing)
    assert (run["start_ms"], run["end_ms"]) == (START + 100 * MINUTE, START + (100 + minutes) * MINUTE)


@pytest.mark.parametrize(
    ("change", "outcome", "clause"),
    [
        case(nothing, PASS, "used", id="plenty"),
        case(lambda week: week.set(USED, 10, 15, 0.85), PASS, "used", id="over 80 % for 5 % of the time"),
        case(lambda week: week.set(USED, 10, 16, 0.85), FAIL, "used", id="over 80 % for longer"),
        case(lambda week: week.set(USED, 10, 14, 0.95), PASS, "nearly_full", id="over 90 % for 14 min"),
        case(lambda week: week.set(USED, 10, 15, 0.95), FAIL, "nearly_full", id="over 90 % for 15 min"),
        case(hide(USED, 10, 14), PASS, "nearly_full", id="missing for 14 min"),
        case(hide(USED, 10, 15), INCONCLUSIVE, "nearly_full", id="missing for 15 min"),
        case(both(lambda w: w.set(USED, 10, 9, 0.95), hide(USED, 19, 6)), INCONCLUSIVE, "nearly_full", id="joined"),
        case(lambda week: week.gain(SWAP_IN, 10, 13, 2), PASS, "swap_in", id="swapping for a little"),
        case(lambda week: week.gain(SWAP_IN, 10, 16, 2), FAIL, "swap_in", id="swapping for longer"),
        case(both(lambda w: w.gain(SWAP_IN, 10, 1, 2), hide(SWAP_IN, 2, 20)), INCONCLUSIVE, "swap_in", id="when?"),
        case(hide(SWAP_IN, 2, 200), PASS, "swap_in", id="not swapping, bridged"),
        case(hide(SWAP_IN, 280, 20), INCONCLUSIVE, "swap_in", id="swap counter gone"),
        case(lambda week: week.without(SWAP_IN), INCONCLUSIVE, "swap_in", id="no swap counter"),
        case(lambda week: week.gain(PRESSURE, 10, 17, 0.25), PASS, "pressure", id="waiting for 17 s"),
        case(lambda week: week.gain(PRESSURE, 10, 18, 0.25), FAIL, "pressure", id="waiting for 18 s"),
        case(hide(PRESSURE, 10, 200), PASS, "pressure", id="not waiting, bridged"),
        case(lambda week: week.without(PRESSURE), INCONCLUSIVE, "pressure", id="no pressure"),
        case(lambda week: week.reboot(50, 3), INCONCLUSIVE, "pressure", id="nobody knows over a restart"),
    ],
)
def test_s15_memory_is_normal(change: Change, outcome: Outcome, clause: str) -> None:
    result = judged("S15", change)
    assert (result.outcome, result.evidence[clause]["outcome"]) == (outcome, outcome.value)


@pytest.mark.parametrize(
    ("value", "margin", "marginal"),
    [case(0.4, 0.5, False, id="far"), case(0.72, 0.9, True, id="near"), case(0.8, 1.0, True, id="at the limit")],
)
def test_within_a_tenth_of_a_limit_is_marginal(value: float, margin: float, marginal: bool) -> None:
    result = judged("S15", lambda week: week.set(USED, 0, MINUTES, value))
    assert (result.outcome, result.marginal) == (PASS, marginal)
    assert result.margin == pytest.approx(margin)


def test_a_profile_may_leave_steal_swap_and_pressure_out() -> None:
    profile = with_texts({"    steal: 5 %\n": "", "    swap_in: 0 /s\n": "", "    pressure: 0.1 %\n": ""})
    week = Week(minutes=MINUTES).without(STEAL, SWAP_IN, PRESSURE)
    found = judge(profile, week.evidence(), PROFILE.window_ms)
    assert (found.of("S14").outcome, found.of("S15").outcome) == (PASS, PASS)
    assert "steal" not in found.of("S14").evidence
