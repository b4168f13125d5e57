"""One table per kind of criterion: met, not met, unknown."""

from __future__ import annotations

import math

import pytest

from checklists.criteria import Criterion, Judgement, Reading, at_least, at_most, between, equals
from checklists.presence import Absent, Heard
from checklists.verdicts import Verdict
from checklists.windows import IncreaseAtMost, ShareOfTime
from readings.model import Gap

MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
FRESH = 45_000
case = pytest.param


def judged(criterion: Criterion, values: list[float | Gap], *, age_ms: int = 0, tripped: bool = False) -> Judgement:
    window = [Reading(at * 15_000, value) for at, value in enumerate(values)]
    now_ms = (window[-1].at_ms if window else 0) + age_ms
    return criterion.judge(window, now_ms, FRESH, tripped=tripped)


@pytest.mark.parametrize(
    "criterion",
    [at_least("m", 1), at_most("m", 1), between("m", 0, 1), equals("m", 1), IncreaseAtMost("m", 1, 30_000)],
    ids=lambda criterion: repr(criterion)[:40],
)
@pytest.mark.parametrize(
    ("values", "age_ms", "reason"),
    [
        case([], 0, "never", id="nothing yet"),
        case([1.0, 1.0, Gap.TIMED_OUT], 0, "timed_out", id="a gap"),
        case([1.0, 1.0, math.nan], 0, "unreadable", id="a bare NaN"),
        case([1.0, 1.0, 1.0], FRESH + 1, "stale", id="a stale value"),
    ],
)
def test_a_gap_and_a_stale_value_are_unknown(
    criterion: Criterion, values: list[float | Gap], age_ms: int, reason: str
) -> None:
    found = judged(criterion, values, age_ms=age_ms)
    assert (found.verdict, found.reason) == (UNKNOWN, reason)


@pytest.mark.parametrize(
    ("criterion", "value", "tripped", "verdict"),
    [
        case(at_least("m", 0.9), 0.9, False, MET, id="at the floor"),
        case(at_least("m", 0.9), 0.89, False, NOT_MET, id="below the floor"),
        case(at_least("m", 0.9, clear=0.95), 0.92, True, NOT_MET, id="not yet clear above the floor"),
        case(at_least("m", 0.9, clear=0.95), 0.95, True, MET, id="clear above the floor"),
        case(at_most("m", 90), 90, False, MET, id="at the ceiling"),
        case(at_most("m", 90), 90.1, False, NOT_MET, id="above the ceiling"),
        case(at_most("m", 90, clear=85), 86, True, NOT_MET, id="not yet clear below the ceiling"),
        case(at_most("m", 90, clear=85), 86, False, MET, id="the same value before it tripped"),
        case(at_most("m", 90), math.inf, False, NOT_MET, id="infinity"),
        case(between("m", 18, 27), 18, False, MET, id="at the lower edge"),
        case(between("m", 18, 27), 27.5, False, NOT_MET, id="outside"),
        case(between("m", 18, 27, margin=1), 26.5, True, NOT_MET, id="inside, not by the margin"),
        case(equals("m", 0), 0, False, MET, id="equal"),
        case(equals("m", 0), 1, False, NOT_MET, id="other"),
    ],
)
def test_the_newest_value_lies_in_its_band(criterion: Criterion, value: float, tripped: bool, verdict: Verdict) -> None:
    found = judged(criterion, [value], tripped=tripped)
    assert (found.verdict, found.value) == (verdict, value)


@pytest.mark.parametrize(
    ("values", "verdict", "grown"),
    [
        case([0, 0, 0, 0, 0], MET, 0, id="still"),
        case([0, 1, 2, 2, 2], MET, 2, id="at the limit"),
        case([0, 1, 2, 3, 3], NOT_MET, 3, id="more than the limit"),
        case([5, 5], UNKNOWN, 0, id="not watched for long enough"),
        case([0, 9], NOT_MET, 9, id="too much is too much at once"),
        case([7, 7, Gap.TIMED_OUT, Gap.TIMED_OUT, 8], MET, 1, id="it bridges gaps"),
        case([7, 7, 7, 0, 1], UNKNOWN, 1, id="set back: nothing is known of before"),
        case([7, 7, 7, 3, 3], NOT_MET, 3, id="set back and already more than the limit"),
        case([9, 0, 0, 0, 0, 0, 0], MET, 0, id="the set-back has left the window"),
    ],
)
def test_a_counter_grows_by_at_most(values: list[float | Gap], verdict: Verdict, grown: float) -> None:
    found = judged(IncreaseAtMost("m_total", 2, 60_000), values)
    assert (found.verdict, found.value) == (verdict, grown)


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        case([0.1] * 5, MET, id="always inside"),
        case([0.1, 0.1, 0.9, 0.1, 0.1], MET, id="outside for the share that may be"),
        case([0.1, 0.1, 0.9, 0.9, 0.1], NOT_MET, id="outside for longer"),
        case([0.1, 0.1, Gap.LOST, Gap.LOST, 0.1], UNKNOWN, id="missing for longer: nobody knows"),
        case([0.1, 0.9, Gap.LOST, 0.9, 0.1], NOT_MET, id="too much even if the missing was good"),
        case([0.1, 0.1], UNKNOWN, id="not watched for long enough"),
    ],
)
def test_a_value_is_outside_for_at_most_a_share_of_the_time(values: list[float | Gap], verdict: Verdict) -> None:
    found = judged(ShareOfTime("m", -math.inf, 0.5, limit=0.25, over_ms=60_000), values)
    assert found.verdict is verdict


@pytest.mark.parametrize(
    ("values", "age_ms", "verdict", "reason"),
    [
        case([Gap.NOT_OFFERED], 0, MET, "", id="the source answers without it"),
        case([1.0], 0, NOT_MET, "", id="it is there"),
        case([0.0], 0, NOT_MET, "", id="it is there and zero"),
        case([Gap.TIMED_OUT], 0, UNKNOWN, "timed_out", id="nobody could look"),
        case([Gap.NOT_OFFERED], FRESH + 1, UNKNOWN, "stale", id="looked too long ago"),
        case([], 0, UNKNOWN, "never", id="never looked"),
    ],
)
def test_what_must_not_exist_is_absent(values: list[float | Gap], age_ms: int, verdict: Verdict, reason: str) -> None:
    found = judged(Absent("m", "source"), values, age_ms=age_ms)
    assert (found.verdict, found.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("values", "age_ms", "verdict", "age_s"),
    [
        case([1.0], 45_000, MET, 45, id="three intervals ago"),
        case([1.0], 45_001, UNKNOWN, 45.001, id="longer ago"),
        case([], 0, UNKNOWN, None, id="never"),
    ],
)
def test_a_silent_device_is_unknown_and_never_merely_bad(
    values: list[float | Gap], age_ms: int, verdict: Verdict, age_s: float | None
) -> None:
    heard = Heard(intervals=3)
    found = heard.judge([Reading(0, value) for value in values], age_ms, heard.within_ms(15))
    assert (found.verdict, found.value) == (verdict, age_s)
