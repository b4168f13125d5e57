"""Time, continuity, kernel, restarts and rounds, one table each, at their limits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checklists.verification.evidence import Boot, Line, Seen
from checklists.verification.judging import judge
from checklists.verification.outcome import Outcome
from tests.verifying.profiles import with_texts
from tests.verifying.runs import MINUTES, PROFILE, Change, both, hide, judged, nothing
from tests.verifying.weeks import HOUR, LOG, MINUTE, START, Week

case = pytest.param
FAIL, INCONCLUSIVE, PASS = Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS
UNTIL_2027 = """allow:
  - {pattern: "ACPI Error: AE_", reason: firmware of this model, approver: wang, expires: 2027-01-15}
"""


@pytest.mark.parametrize(
    ("change", "minutes", "outcome", "said"),
    [
        case(nothing, MINUTES, PASS, "watched for 5 h, 5 h are asked for", id="the whole window"),
        case(nothing, MINUTES - 1, INCONCLUSIVE, "watched for 4.9 h, 1 min are still missing", id="a minute less"),
        case(lambda week: week.silent(9, 3), MINUTES + 3, PASS, "watched for 5 h, 5 h are asked for", id="made good"),
        case(lambda week: week.silent(9, 3), MINUTES, INCONCLUSIVE, "watched for 4.9 h, 3 min", id="a gap"),
        case(nothing, 0, INCONCLUSIVE, "watched for 0 min, 5 h", id="not begun"),
    ],
)
def test_s1_minutes_that_were_watched_fill_the_window(
    change: Change, minutes: int, outcome: Outcome, said: str
) -> None:
    result = judged("S1", change, minutes)
    assert result.outcome is outcome
    assert result.sentence.en.startswith(said)
    assert not result.marginal


@pytest.mark.parametrize(
    ("change", "outcome", "said"),
    [
        case(lambda week: week.silent(9, 3), PASS, "samples cover 99 % (3 min missing", id="99 %"),
        case(
            lambda week: week.silent(9, 4), INCONCLUSIVE, "100 min more without a gap are needed", id="less than 99 %"
        ),
        case(lambda week: week.silent(9, 15), INCONCLUSIVE, "20 h more without a gap are needed", id="5 % missing"),
        case(lambda week: week.silent(9, 16), INCONCLUSIVE, "restart the window", id="more than 5 % missing"),
        case(hide(LOG, 200, 100), INCONCLUSIVE, "events cover 66.77 %, 100 % asked", id="the log not read to the end"),
        case(lambda week: week.without(LOG), INCONCLUSIVE, "events cover unknown", id="no log"),
        case(nothing, PASS, "samples cover 100 % (0 min missing", id="nothing missing"),
    ],
)
def test_s2_nothing_much_is_missing(change: Change, outcome: Outcome, said: str) -> None:
    result = judged("S2", change)
    assert result.outcome is outcome
    assert said in result.sentence.en


def test_s2_lists_every_gap_of_three_minutes_with_its_reason() -> None:
    result = judged("S2", lambda week: week.silent(9, 2).silent(20, 3, "blind").silent(40, 4, "timed_out"))
    assert result.evidence["gaps_total"] == 2
    assert [(gap["start_ms"], gap["end_ms"], gap["reason"], gap["zh"]) for gap in result.evidence["gaps"]] == [
        (START + 20 * MINUTE, START + 23 * MINUTE, "blind", "监控自身不在线"),
        (START + 40 * MINUTE, START + 44 * MINUTE, "timed_out", "超时"),
    ]


def test_s2_a_gap_over_four_hours_restarts_a_week() -> None:
    week = Week().silent(100, 241)
    result = judge(with_texts({}), week.evidence(), 168 * HOUR).of("S2")
    assert (result.outcome, result.evidence["sample"]["restart"]) == (INCONCLUSIVE, True)
    assert "窗口须重新开始" in result.sentence.zh
    again = judge(with_texts({}), Week().silent(100, 240).evidence(), 168 * HOUR).of("S2")
    assert (again.outcome, again.evidence["sample"]["restart"]) == (INCONCLUSIVE, False)


@pytest.mark.parametrize(
    ("change", "outcome", "count"),
    [
        case(nothing, PASS, 0, id="silence, and the whole log read"),
        case(lambda week: week.says(50, "EDAC MC0: 1 CE memory read error"), FAIL, 1, id="an error"),
        case(lambda week: week.says(50, "Kernel panic", severity=0), FAIL, 1, id="worse"),
        case(lambda week: week.says(50, "thermal trip", severity=4), PASS, 0, id="a warning"),
        case(
            lambda week: week.says(50, "panic: I/O error", kind="user_log"), PASS, 0, id="user space, whatever it says"
        ),
        case(lambda week: week.says(-9, "EDAC MC0: 1 CE memory read error"), PASS, 0, id="before the window"),
        case(lambda week: week.without(LOG), INCONCLUSIVE, 0, id="silence of a log nobody read"),
        case(lambda week: week.says(50, "9 lost", "log_lost", 4), INCONCLUSIVE, 0, id="silence with lines lost"),
        case(lambda week: week.without(LOG).says(50, "md0: failed"), FAIL, 1, id="an error in a log hardly read"),
    ],
)
def test_s10_the_kernel_has_nothing_to_complain_of(change: Change, outcome: Outcome, count: int) -> None:
    result = judged("S10", change)
    assert (result.outcome, result.evidence["lines_total"]) == (outcome, count)


def test_s10_keeps_so_many_lines_and_says_how_many_there_were() -> None:
    result = judged("S10", lambda week: [week.says(50, f"md{number}: failed") for number in range(80)])
    assert (len(result.evidence["lines"]), result.evidence["lines_total"]) == (50, 80)
    assert "md0: failed" in result.sentence.en


@pytest.mark.parametrize(
    ("day", "text", "outcome"),
    [
        case((2027, 1, 15, 23), "ACPI Error: AE_NOT_FOUND", PASS, id="on its last day"),
        case((2027, 1, 16, 0), "ACPI Error: AE_NOT_FOUND", FAIL, id="after it"),
        case((2027, 1, 15, 23), "ACPI BIOS Error: 7", FAIL, id="another line"),
        case((2027, 1, 15, 23), "ACPI Error: AE_BAD, I/O error, dev sda", FAIL, id="one that can never be allowed"),
        case((2027, 1, 15, 23), "ACPI Error: AE_TIME, task jbd2 blocked for more than 120 s", FAIL, id="a hung task"),
    ],
)
def test_s10_an_approved_exception_holds_until_its_day(
    day: tuple[int, int, int, int], text: str, outcome: Outcome
) -> None:
    profile = with_texts({"allow: []\n": UNTIL_2027})
    week = Week(minutes=MINUTES)
    at_ms = round(datetime(*day, 30, tzinfo=UTC).timestamp() * 1000)
    assert at_ms >= START
    week.lines.append(Line(at_ms, "kernel_log", "kernel_log", 3, text))
    result = judge(profile, week.evidence(), PROFILE.window_ms).of("S10")
    assert result.outcome is outcome
    assert result.evidence["ignored_total"] == (1 if outcome is PASS else 0)


def boots(*told: tuple[int, str]) -> Change:
    def change(week: Week) -> None:
        week.boots = [Boot(START + at * MINUTE + 4_000, name) for at, name in told]

    return change


@pytest.mark.parametrize(
    ("change", "outcome", "restarts"),
    [
        case(boots((-500, "a")), PASS, 0, id="the same boot"),
        case(boots((-500, "a"), (-100, "b")), PASS, 0, id="restarted before the window"),
        case(boots((-500, "a"), (100, "a")), PASS, 0, id="told again"),
        case(boots((0, "a")), PASS, 0, id="first told at the start"),
        case(boots((-500, "a"), (100, "b")), FAIL, 1, id="restarted"),
        case(boots((-500, "a"), (100, "b"), (120, "c")), FAIL, 2, id="twice"),
        case(boots((0, "a"), (1, "b")), FAIL, 1, id="restarted at the start"),
        case(boots(), INCONCLUSIVE, 0, id="no boot known"),
        case(boots((30, "a")), INCONCLUSIVE, 0, id="no boot known at first"),
        case(lambda week: week.silent(MINUTES - 2, 2), INCONCLUSIVE, 0, id="silent at the end"),
        case(lambda week: week.silent(MINUTES - 1, 1), PASS, 0, id="silent for a moment"),
        case(lambda week: week.silent(100, 100), PASS, 0, id="silent, and back in the same boot"),
    ],
)
def test_s12_the_boot_stays_the_same(change: Change, outcome: Outcome, restarts: int) -> None:
    result = judged("S12", change)
    assert (result.outcome, result.evidence["restarts_total"]) == (outcome, restarts)


def observed(*hours: float, alarm: bool = False) -> Change:
    def change(week: Week) -> None:
        week.seen = [Seen(START + round(hour * HOUR), "li", alarm, "fan 3 dark" if alarm else "") for hour in hours]

    return change


@pytest.mark.parametrize(
    ("change", "minutes", "outcome"),
    [
        case(observed(0, 3.9), MINUTES, PASS, id="every time, the last not yet due"),
        case(observed(0), MINUTES, INCONCLUSIVE, id="once too few"),
        case(observed(0, 1, 4.5), MINUTES, INCONCLUSIVE, id="often, but not each time"),
        case(observed(), 119, PASS, id="none is due yet"),
        case(observed(), 120, INCONCLUSIVE, id="the first is due"),
        case(observed(0.5, alarm=True), 60, FAIL, id="an alarm before any is due"),
        case(both(observed(0, 3, alarm=True)), MINUTES, FAIL, id="an alarm"),
        case(observed(-1, 2.5), MINUTES, INCONCLUSIVE, id="one before the window"),
        case(observed(-1, alarm=True), 60, PASS, id="an alarm before the window"),
    ],
)
def test_s22_somebody_looked_every_day(change: Change, minutes: int, outcome: Outcome) -> None:
    result = judged("S22", change, minutes)
    assert result.outcome is outcome
    if outcome is FAIL:
        assert "fan 3 dark" in result.sentence.zh
