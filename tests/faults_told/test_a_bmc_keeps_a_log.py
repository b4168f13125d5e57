"""ipmitool's answers about the event log of a BMC, recorded: new records, a log that was erased, one that lost some."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.hardware.bmc import Bmc
from agent.hardware.bmc_log import BmcLog, parse_info, wall_ns
from agent.hardware.bmc_words import severity
from readings.model import Clocks, Event, Gap, Sample, Severity, SourceFailed

Programs = Any  # the one of conftest, which a test folder without packages cannot import
ANSWERS = Path(__file__).parents[1] / "fixtures" / "hardware" / "answers"


def values(items: Iterable[object]) -> dict[str, float | Gap]:
    samples = [item for item in items if isinstance(item, Sample)]
    return {f"{item.metric} {item.part}".rstrip(): item.value for item in samples}


def events(items: Iterable[object]) -> list[tuple[str, Severity, str]]:
    return [(item.kind, item.severity, item.text) for item in items if isinstance(item, Event)]


class Passing:
    """Clocks that go on by a minute when told to, and the monotonic one with them."""

    def __init__(self, start: Clocks) -> None:
        self.now = start

    def __call__(self) -> Clocks:
        return self.now

    def minute(self) -> None:
        step = 60 * 10**9
        self.now = replace(self.now, boottime_ns=self.now.boottime_ns + step, wall_ns=self.now.wall_ns + step)


@pytest.fixture
def passing(clocks: Callable[[], Clocks]) -> Passing:
    return Passing(clocks())


def record(programs: Programs, state: str, log: str = "") -> None:
    programs.say("ipmitool sel info", f"ipmitool_sel_info_{state}.txt")
    programs.say("ipmitool sel elist", f"ipmitool_sel_{log or state}.txt")
    programs.say("ipmitool sel time get", "ipmitool_sel_time.txt")


def log_of(bmc: Bmc, passing: Passing, mark: str = "") -> BmcLog:
    return BmcLog(bmc, passing, mark, wait_s=20, pace_s=0)


def settle(log: BmcLog) -> None:
    for thread in threading.enumerate():
        if thread.name == log.name:
            thread.join(20)


def read(log: BmcLog) -> list[Sample | Event]:
    """One pass that sees the answer to a question asked from now on."""
    settle(log)
    list(log.read())
    settle(log)
    return list(log.read())


def test_what_the_log_held_before_the_first_look_is_not_told_one_by_one(
    bmc: Bmc, programs: Programs, passing: Passing
) -> None:
    record(programs, "healthy")
    log = log_of(bmc, passing)
    told = list(log.read())
    assert [(kind, level) for kind, level, _ in events(told)] == [("log_begins", Severity.NOTICE)]
    assert values(told) | {
        "bmc_log_records_count": 2,
        "bmc_log_used_ratio": 0.01,
        "bmc_log_dropped_count": 0,
        "bmc_log_erased_time_seconds": 1_795_071_600,
        "bmc_clock_offset_seconds": 30,
    } == values(told)
    assert log.mark == "11/19/26 07:00:00 UTC|2"


def test_new_records_are_events_with_the_severity_of_their_words(
    bmc: Bmc, programs: Programs, passing: Passing
) -> None:
    record(programs, "healthy")
    log = log_of(bmc, passing)
    read(log)
    log.commit()
    passing.minute()
    record(programs, "fault")
    told = read(log)
    assert [(kind, level) for kind, level, _ in events(told)] == [
        ("bmc_event", Severity.CRITICAL),
        ("bmc_event", Severity.CRITICAL),
        ("bmc_event", Severity.NOTICE),
        ("bmc_event", Severity.CRITICAL),
    ]
    assert "Temperature CPU1 Temp, Upper Critical going high, Asserted, Reading 98 > Threshold 95" in events(told)[0][2]
    assert values(told)["bmc_log_dropped_count"] == 1
    log.commit()
    assert events(log.read()) == []
    assert log.mark == "11/19/26 07:00:00 UTC|10"  # record ah


def test_a_record_that_came_between_two_looks_happened_between_them(
    bmc: Bmc, programs: Programs, passing: Passing
) -> None:
    record(programs, "healthy")
    log = log_of(bmc, passing)
    read(log)
    before = passing().boottime_ns
    passing.minute()
    record(programs, "fault")
    stamps = [item.boottime_ns for item in read(log) if isinstance(item, Event) and item.kind == "bmc_event"]
    assert len(stamps) == 4
    # The BMC says hours ago, or nothing: its clock is not to be trusted further than that.
    assert all(stamp is not None and before <= stamp <= passing().boottime_ns for stamp in stamps)


def test_after_a_restart_only_what_is_new_is_told_at_the_corrected_time(
    bmc: Bmc, programs: Programs, passing: Passing
) -> None:
    record(programs, "fault")
    log = log_of(bmc, passing, "11/19/26 07:00:00 UTC|4")
    found = [item for item in log.read() if isinstance(item, Event)]
    assert [item.cursor for item in found] == ["5h", "ah"]
    said = wall_ns("11/24/26 08:32:00 UTC")
    assert said is not None
    assert [(item.boottime_ns, item.wall_ns) for item in found] == [(None, said - 30 * 10**9), (None, None)]


def test_erasing_the_log_is_an_event_and_what_it_holds_now_is_told(
    bmc: Bmc, programs: Programs, passing: Passing
) -> None:
    record(programs, "fault")
    log = log_of(bmc, passing)
    read(log)
    passing.minute()
    record(programs, "cleared")
    told = events(read(log))
    assert [(kind, level) for kind, level, _ in told[1:]] == [
        ("bmc_log_erased", Severity.ERROR),
        ("bmc_event", Severity.WARNING),
    ]
    assert "erased at 11/24/26 10:00:00 UTC by its clock" in told[1][2]


def test_erasing_the_log_while_the_agent_was_away_is_an_event_too(
    bmc: Bmc, programs: Programs, passing: Passing
) -> None:
    record(programs, "cleared")
    kinds = [kind for kind, _, _ in events(log_of(bmc, passing, "11/19/26 07:00:00 UTC|4").read())]
    assert kinds == ["bmc_log_erased", "bmc_event"]


def test_a_record_that_is_gone_without_an_erasure_is_a_loss(bmc: Bmc, programs: Programs, passing: Passing) -> None:
    record(programs, "healthy")
    told = events(log_of(bmc, passing, "11/19/26 07:00:00 UTC|255").read())
    assert [kind for kind, _, _ in told] == ["log_lost", "bmc_event", "bmc_event"]
    assert "(ffh) is gone" in told[0][2]


def test_the_log_is_listed_only_when_its_summary_changed(bmc: Bmc, programs: Programs, passing: Passing) -> None:
    record(programs, "healthy")
    log = log_of(bmc, passing)
    for _ in range(3):
        read(log)
    assert sum("elist" in asked for asked in programs.asked) == 1


def test_an_uncommitted_event_is_told_again(bmc: Bmc, programs: Programs, passing: Passing) -> None:
    record(programs, "fault")
    log = log_of(bmc, passing, "11/19/26 07:00:00 UTC|4")
    assert len(events(log.read())) == 2
    assert len(events(log.read())) == 2
    log.commit()
    assert events(log.read()) == []


def test_what_freeipmi_calls_it_is_understood() -> None:
    info = parse_info((ANSWERS / "freeipmi_sel_info.txt").read_text())
    assert (info.entries, info.erased, info.dropped, info.used) == (12, "", 1.0, Gap.NOT_OFFERED)


@pytest.mark.parametrize("text", ["", "SEL Information\nEntries : many\n", "Get SEL Info command failed"])
def test_a_summary_without_a_number_of_entries_is_unreadable(text: str) -> None:
    with pytest.raises(SourceFailed) as failed:
        parse_info(text)
    assert failed.value.gap is Gap.UNREADABLE


@pytest.mark.parametrize(
    ("description", "level"),
    [
        ("Upper Non-recoverable going high", Severity.ALERT),
        ("CPU IERR", Severity.ALERT),
        ("Lower Critical going low", Severity.CRITICAL),
        ("Upper Non-critical going high", Severity.WARNING),
        ("Uncorrectable ECC (@DIMMB3(CPU1))", Severity.CRITICAL),
        ("Correctable ECC logging limit reached", Severity.CRITICAL),
        ("Correctable ECC", Severity.ERROR),
        ("Power Supply AC lost", Severity.CRITICAL),
        ("Failure detected", Severity.CRITICAL),
        ("Predictive failure", Severity.ERROR),
        ("Drive Fault", Severity.CRITICAL),
        ("Bus Fatal Error", Severity.ALERT),
        ("Bus Correctable error", Severity.ERROR),
        ("General Chassis intrusion", Severity.ERROR),
        ("Log area reset/cleared", Severity.WARNING),
        ("Fully Redundant", Severity.NOTICE),
        ("Presence detected", Severity.NOTICE),
        ("OEM record df", Severity.NOTICE),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_words_of_a_record_have_their_severity(description: str, level: Severity) -> None:
    assert severity(description, "Asserted") is level
    good = description in {"Fully Redundant", "Presence detected"}
    assert severity(description, "Deasserted") is (Severity.WARNING if good else Severity.NOTICE)
