"""Which minutes' log and counters are accounted for, and which are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from checklists.verification.counters import all_fallen
from checklists.verification.coverage import account
from checklists.verification.evidence import ENDLESS_MS, Boot, Line, Setback
from tests.verifying.weeks import HOUR, LOG, MINUTE, START, SWAP_IN, SWITCHES, Week

case = pytest.param
MINUTES = 102  # the last two may be pending, and what vouches for the very last lies behind the window


def share(week: Week, counter: str = "context_switches_total") -> tuple[float | None, float | None]:
    coverage = account(week.evidence(), "kernel_log", counter).coverage
    return coverage.event, coverage.counter


def without_log(first: int, minutes: int) -> Callable[[Week], Week]:
    return lambda week: week.keep(LOG, ~week.within(LOG, first, minutes))


def lost(at_s: int, kind: str = "log_lost", source: str = "kernel_log") -> Callable[[Week], Week]:
    def change(week: Week) -> Week:
        week.lines.append(Line(START + at_s * 1000, source, kind, 4, "9 lost"))
        return week

    return change


def boots(*at_minutes: int) -> Callable[[Week], Week]:
    def change(week: Week) -> Week:
        week.boots = [Boot(START + at * MINUTE + 4_000, f"boot {at}") for at in at_minutes]
        return week

    return change


def twice_the_same(week: Week) -> Week:
    week.boots.append(Boot(START + 50 * MINUTE, "boot-a"))
    return week


@pytest.mark.parametrize(
    ("change", "missed", "of"),
    [
        case(lambda week: week, 0, 101, id="read all the time"),
        case(without_log(20, 40), 0, 101, id="read again in the same boot"),
        case(lambda week: week.set(LOG, 20, 40, 0.0), 0, 101, id="failed for a while"),
        case(lambda week: week.silent(20, 40), 0, 101, id="the agent away for a while"),
        case(without_log(101, 1), 0, 100, id="the last minutes may be pending"),
        case(without_log(92, 10), 9, 100, id="never read again"),
        case(lambda week: week.set(LOG, 92, 10, 0.0), 9, 100, id="failing to the end"),
        case(lambda week: week.reboot(50, 3), 5, 101, id="down for three minutes"),
        case(lambda week: without_log(40, 10)(week).reboot(50, 3), 15, 101, id="not read before it went down"),
        case(boots(), 100, 100, id="no boot known"),
        case(boots(0), 0, 101, id="the boot told in the first minute"),
        case(boots(10), 10, 101, id="the boot told later"),
        case(twice_the_same, 0, 101, id="the same boot told twice"),
        case(lost(50 * 60 + 30), 1, 101, id="a loss since the reading before"),
        case(lost(50 * 60 + 30, "log_held_back"), 1, 101, id="lines held back"),
        case(lost(50 * 60 + 2), 2, 101, id="a loss across the edge of a minute"),
        case(lambda week: lost(60 * 60 + 1)(without_log(50, 10)(week)), 12, 101, id="a loss since long ago"),
        case(lost(2), 1, 101, id="a loss before the first reading"),
        case(lost(50 * 60 + 30, source="journal"), 0, 101, id="a loss of another log"),
        case(lambda week: week.silent(20, 4, "dropped"), 4, 101, id="ticks the spool gave up"),
    ],
)
def test_the_log_is_accounted_for(change: Callable[[Week], Week], missed: int, of: int) -> None:
    assert share(change(Week(minutes=MINUTES)))[0] == (of - missed) / of


@pytest.mark.parametrize(
    "change",
    [
        case(lambda week: week.without(LOG), id="no such series"),
        case(lambda week: week.set(LOG, 0, MINUTES, 0.0), id="never once"),
        case(lambda week: week.set(LOG, 0, MINUTES, float("nan")), id="the device does not offer it"),
    ],
)
def test_a_log_that_was_never_read_has_no_share(change: Callable[[Week], Week]) -> None:
    assert share(change(Week(minutes=MINUTES)))[0] is None


def fell(week: Week) -> Week:
    return week.gain(SWITCHES, 50, 1, -20_000)


@pytest.mark.parametrize(
    ("change", "missed", "of"),
    [
        case(lambda week: week, 0, 102, id="goes on"),
        case(lambda week: week.keep(SWITCHES, ~week.within(SWITCHES, 20, 40)), 0, 102, id="bridged"),
        case(lambda week: week.keep(SWITCHES, ~week.within(SWITCHES, 100, 2)), 0, 100, id="the last minutes pending"),
        case(lambda week: week.keep(SWITCHES, ~week.within(SWITCHES, 90, 12)), 10, 100, id="given up"),
        case(lambda week: week.keep(SWITCHES, ~week.within(SWITCHES, 0, 10)), 10, 102, id="begun late"),
        case(lambda week: week.reboot(50, 3), 5, 102, id="over a restart"),
        case(fell, 2, 102, id="set back in one boot"),
    ],
)
def test_a_counter_goes_on(change: Callable[[Week], Week], missed: int, of: int) -> None:
    assert share(change(Week(minutes=MINUTES)))[1] == (of - missed) / of


def seen(*falls: tuple[int, int]) -> list[Setback]:
    """(after, before) in seconds from the start."""
    return [Setback(SWITCHES, START + after * 1000, START + before * 1000) for after, before in falls]


@pytest.mark.parametrize(
    ("remembered", "change", "missed"),
    [
        case(seen((3004, 3019)), lambda week: week, 1, id="nothing of it shows any more"),
        case(
            seen((3004, 3019)),
            lambda week: week.keep(SWITCHES, ~week.within(SWITCHES, 50, 10)),
            12,
            id="the readings around it were lost with it",
        ),
        case(seen((2704, 3304)), lambda week: week.fall(SWITCHES, 50, 20_000), 1, id="it shows more closely by now"),
        case(seen((2704, 3304), (3004, 3019)), lambda week: week, 1, id="it was seen more closely"),
        case(seen((3004, 3019), (3604, 3619)), lambda week: week, 2, id="it fell twice"),
        case(seen((3004, 3019), (2989, 3004)), lambda week: week, 2, id="it fell twice in a row"),
        case([Setback(SWAP_IN, START, START + HOUR)], lambda week: week, 0, id="another counter fell"),
        case(seen((-500, -400)), lambda week: week, 0, id="before the first reading"),
        case(seen((9_000, 9_100)), lambda week: week, 0, id="after the last"),
        case(
            [Setback(SWITCHES, START + 50 * MINUTE + 4_000, ENDLESS_MS), *seen((3604, 3619))],
            lambda week: week,
            52,
            id="it fell too often to keep count",
        ),
    ],
)
def test_a_fall_that_was_seen_stays(remembered: Sequence[Setback], change: Callable[[Week], Week], missed: int) -> None:
    evidence = replace(change(Week(minutes=MINUTES)).evidence(), setbacks=remembered)
    accounted = account(evidence, "kernel_log", "context_switches_total")
    assert accounted.counter is not None
    assert int((~accounted.counter).sum()) == missed


def test_what_fell_is_told_once_and_in_order() -> None:
    week = Week(minutes=MINUTES).fall(SWITCHES, 50, 20_000).fall(SWITCHES, 20, 20_000).fall(SWAP_IN, 30, 5)
    found = all_fallen(replace(week.evidence(), setbacks=seen((1204, 1219), (600, 601), (0, 5000))))
    assert [((fall.after_ms - START) // 1000, fall.pair) for fall in found] == [
        (600, SWITCHES),
        (1204, SWITCHES),
        (3004, SWITCHES),
        (1804, SWAP_IN),
    ]


def test_a_counter_the_device_does_not_have_has_no_share() -> None:
    assert share(Week(minutes=MINUTES), counter="interrupts_total")[1] is None


def test_a_window_that_has_not_begun_has_no_share_of_anything() -> None:
    coverage = account(Week(minutes=0).evidence(), "kernel_log", "context_switches_total").coverage
    assert (coverage.sample, coverage.event, coverage.counter) == (0.0, None, None)
