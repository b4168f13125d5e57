"""The System log by record number: what it says becomes events of the right weight, once, and no loss goes unsaid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agent.hardware.command import Answer
from agent.oslog.telling import MOST_EVENTS
from agent.windows.event_log import MOST_NEWEST, MOST_QUESTIONS, MOST_RECORDS, SystemLog
from checklists.verification.allowing import never
from readings.model import Clocks, Event, Gap, Sample, Severity, SourceFailed

Windows = Any  # the one of conftest, which a test folder without packages cannot import
Record = Callable[..., str]
LAST = "4117 1795507500000000000"


def told(log: SystemLog) -> list[Event]:
    return [item for item in log.read() if isinstance(item, Event)]


def counted(log: SystemLog) -> dict[str, float]:
    return {item.metric: float(item.value) for item in log.read() if isinstance(item, Sample)}


@pytest.fixture
def open_log(windows: Windows, clocks: Callable[[], Clocks]) -> Callable[..., SystemLog]:
    return lambda mark="": SystemLog(windows, clocks, mark, monotonic=lambda: 0.0)


def test_every_trouble_has_its_kind_and_severity(open_log: Callable[..., SystemLog]) -> None:
    assert {int(event.cursor): (event.kind, event.severity) for event in told(open_log())} == {
        4102: ("kernel_log", Severity.CRITICAL),
        4104: ("kernel_log", Severity.ERROR),
        4105: ("kernel_log", Severity.ALERT),
        4106: ("hardware_corrected", Severity.ERROR),
        4107: ("kernel_log", Severity.CRITICAL),
        4108: ("kernel_log", Severity.ERROR),
        4109: ("kernel_log", Severity.ERROR),
        4110: ("kernel_log", Severity.ERROR),
        4111: ("kernel_log", Severity.ERROR),
        4114: ("kernel_log", Severity.ERROR),
        4115: ("user_log", Severity.ERROR),
        4116: ("log_cleared", Severity.ERROR),
        4117: ("kernel_log", Severity.CRITICAL),
    }


def test_an_event_says_what_windows_said_and_when(open_log: Callable[..., SystemLog]) -> None:
    power, unclean = told(open_log())[:2]
    assert power.source == "kernel_log"
    assert power.text.startswith("Microsoft-Windows-Kernel-Power 41: unplanned stop")
    assert power.text.endswith("系统已在未先正常关机的情况下重新启动。")
    assert power.wall_ns == 1_795_499_002_123_456_700
    assert power.boottime_ns == 2_123_456_700
    assert "6008: unplanned stop: 上一次系统" in unclean.text


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        pytest.param(4105, "machine check", id="a fatal hardware error"),
        pytest.param(4107, "machine check", id="an uncorrected one"),
        pytest.param(4108, "I/O error", id="a bad block"),
        pytest.param(4110, "I/O error", id="a device that was reset"),
        pytest.param(4111, "I/O error", id="a damaged file system"),
        pytest.param(4117, "panic", id="a bug check"),
    ],
)
def test_what_nobody_may_ignore_is_known_in_every_language(
    number: int, kind: str, open_log: Callable[..., SystemLog]
) -> None:
    (event,) = [event for event in told(open_log()) if event.cursor == str(number)]
    assert never(event.text) == kind


def test_a_record_without_a_message_says_its_fields(open_log: Callable[..., SystemLog]) -> None:
    said = {event.cursor: event.text for event in told(open_log())}
    assert said["4107"].endswith("uncorrected hardware error: Length=672")
    assert "Channel=Application" in said["4116"]


def test_what_was_told_is_told_no_more(windows: Windows, open_log: Callable[..., SystemLog], record: Record) -> None:
    log = open_log()
    assert told(log)
    log.commit()
    assert told(log) == []
    assert log.mark == LAST
    windows.log.append(record(4118))
    assert [event.text for event in told(log)] == ["driver 1: broken"]


def test_without_a_commit_it_is_told_again_and_the_same(open_log: Callable[..., SystemLog]) -> None:
    log = open_log()
    assert told(log) == told(log) != []


def test_a_restart_goes_on_from_the_mark(windows: Windows, open_log: Callable[..., SystemLog], record: Record) -> None:
    windows.log.append(record(4118, "while away"))
    assert [event.text for event in told(open_log(LAST))] == ["driver 1: while away"]


def test_the_first_look_ever_tells_this_boot(
    windows: Windows, open_log: Callable[..., SystemLog], record: Record
) -> None:
    windows.log.insert(0, record(4100, "of the boot before", at="2026-11-24T05:40:00.0000000Z"))
    assert [event for event in told(open_log()) if "of the boot before" in event.text] == []


def test_records_that_are_gone_are_lost_to_the_number(
    windows: Windows, open_log: Callable[..., SystemLog], record: Record
) -> None:
    windows.log = [record(4200, "the oldest that is left"), record(4207, "after a hole")]
    log = open_log(LAST)
    first, _, second, _ = events = told(log)
    assert [(event.kind, event.count) for event in (first, second)] == [("log_lost", 82), ("log_lost", 6)]
    assert "(4118 to 4199)" in first.text
    assert [event.text for event in events if event.kind == "kernel_log"] == [
        "driver 1: the oldest that is left",
        "driver 1: after a hole",
    ]
    assert counted(log)["log_messages_lost_total"] == 88


def test_a_log_that_begins_right_after_the_mark_has_lost_nothing(
    windows: Windows, open_log: Callable[..., SystemLog], record: Record
) -> None:
    windows.log = [record(4118)]
    assert [event.kind for event in told(open_log(LAST))] == ["kernel_log"]


@pytest.mark.parametrize(
    ("numbers", "kinds"),
    [
        pytest.param([], ["log_cleared", "log_lost"], id="and is empty"),
        pytest.param([1, 2], ["log_cleared", "log_lost", "kernel_log", "kernel_log"], id="and is short"),
        pytest.param([3], ["log_cleared", "log_lost", "log_lost", "kernel_log"], id="and lost its first"),
        pytest.param(
            [4117, 4118],
            ["log_cleared", "log_lost", "log_lost", "kernel_log", "kernel_log"],
            id="and came as far as the mark",
        ),
    ],
)
def test_a_log_that_began_anew_is_an_event_and_read_from_its_start(
    numbers: list[int], kinds: list[str], windows: Windows, open_log: Callable[..., SystemLog], record: Record
) -> None:
    windows.log = [record(number, f"new {number}") for number in numbers]
    log = open_log(LAST)
    events = told(log)
    log.commit()
    events += told(log)
    assert [event.kind for event in events] == kinds
    log.commit()
    assert told(log) == []
    assert log.mark == (f"{numbers[-1]} 1795510800000000000" if numbers else "0 0")


def test_a_cleared_log_whose_numbers_go_on_loses_nothing_that_was_read(
    windows: Windows, open_log: Callable[..., SystemLog]
) -> None:
    windows.log = [windows.log[15].replace("4116", "4118").replace("Application", "System")]
    assert [event.kind for event in told(open_log(LAST))] == ["log_cleared"]


def test_a_storm_waits_in_the_log_and_each_pass_is_bounded(
    windows: Windows, open_log: Callable[..., SystemLog], record: Record
) -> None:
    windows.log += [record(4118 + number, f"storm {number}") for number in range(1000)]
    log = open_log(LAST)
    seen: list[Event] = []
    for _ in range(6):
        windows.asked.clear()
        events = told(log)
        log.commit()
        assert len(events) <= MOST_EVENTS
        assert len(windows.asked) <= MOST_QUESTIONS + 1
        seen += events
    assert [event.text for event in seen] == [f"driver 1: storm {number}" for number in range(1000)]


@pytest.mark.parametrize("more", [0, 1, MOST_NEWEST - 1, MOST_NEWEST], ids="{} more".format)
def test_few_new_records_cost_one_short_question(
    more: int, windows: Windows, open_log: Callable[..., SystemLog], record: Record
) -> None:
    windows.log += [record(4118 + number, f"new {number}") for number in range(more)]
    assert [event.text for event in told(open_log(LAST))] == [f"driver 1: new {number}" for number in range(more)]
    assert (len(windows.asked) == 1) == (more < MOST_NEWEST)


def test_harmless_records_are_passed_over_in_one_pass(
    windows: Windows, open_log: Callable[..., SystemLog], record: Record
) -> None:
    windows.log += [record(4118 + number, level=4) for number in range(MOST_RECORDS * 3)]
    windows.log.append(record(4118 + MOST_RECORDS * 3, "behind them"))
    assert [event.text for event in told(open_log(LAST))] == ["driver 1: behind them"]


@pytest.mark.parametrize(
    ("answer", "gap", "words"),
    [
        pytest.param(Answer(5, "", "拒绝访问。"), Gap.REFUSED, "Event Log Readers", id="no permission"),
        pytest.param(Answer(15007, "", "no channel"), Gap.NOT_OFFERED, "no channel", id="no such log"),
        pytest.param(Answer(1, "", "RPC"), Gap.UNREADABLE, "RPC", id="the service is down"),
        pytest.param(Answer(0, "<Event xmlns='", ""), Gap.UNREADABLE, "1 records", id="cut off within the first"),
        pytest.param(SourceFailed(Gap.TIMED_OUT, "5 s"), Gap.TIMED_OUT, "5 s", id="it hangs"),
    ],
)
def test_a_log_that_cannot_be_read_is_a_gap_and_keeps_its_place(
    answer: Answer | SourceFailed, gap: Gap, words: str, windows: Windows, open_log: Callable[..., SystemLog]
) -> None:
    windows.answer = answer
    log = open_log(LAST)
    with pytest.raises(SourceFailed, match=words) as failed:
        log.read()
    assert failed.value.gap is gap
    assert log.mark == LAST


def test_a_damaged_record_is_lost_once_another_follows(
    windows: Windows, open_log: Callable[..., SystemLog], record: Record
) -> None:
    windows.log += [record(4118).replace("</System>", ""), record(4119, "whole")]
    assert [(event.kind, event.count) for event in told(open_log(LAST))] == [("log_lost", 1), ("kernel_log", 1)]


def test_a_host_without_wevtutil_says_so(windows: Windows, open_log: Callable[..., SystemLog]) -> None:
    windows.missing = {"wevtutil.exe"}
    with pytest.raises(SourceFailed, match="wevtutil") as failed:
        open_log().read()
    assert failed.value.gap is Gap.NOT_OFFERED
