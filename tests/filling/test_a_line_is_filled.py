"""What readings make of a line: normal only by a fresh value inside its limits; what nobody knows is no data."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from checklists.duty.filling import SILENT, Filled, filled_from, judge_item
from checklists.duty.seen import AlarmSeen, DeviceSeen, LogSeen, PartSeen
from checklists.duty.template import Check, canonical
from checklists.rule import Parts

NOW = 1_800_000_000_000
MINUTE = 60_000
DAY = 24 * 60 * MINUTE
FULL = Check("at_most", 10 * MINUTE, "filesystem_used_ratio", "ratio", high=0.8)
CLOCK = Check("between", 10 * MINUTE, "clock_offset_seconds", "seconds", low=-1.0, high=1.0)
HEARD = Check("heard", 10 * MINUTE, intervals=3)
ERRORS = Check("no_events", 10 * MINUTE, source="kernel_log", severity=3, over_ms=DAY)
ALARMS = Check("no_alarms", 10 * MINUTE)
LOG = ("kernel_log", 3, DAY)


def part(name: str, value: float | None, *, age: int = 15_000, gap: str = "") -> PartSeen:
    return PartSeen(name, NOW - age, value, gap, "filesystems")


def seen(*parts: PartSeen, heard: int | None = 15_000, metric: str = FULL.metric) -> DeviceSeen:
    """A device whose newest tick is ``heard`` ms old."""
    return DeviceSeen(None if heard is None else NOW - heard, readings={metric: parts} if parts else {})


@pytest.mark.parametrize(
    ("parts", "verdict", "named", "why"),
    [
        pytest.param([part("/", 0.4)], "normal", "/", "", id="fresh"),
        pytest.param([part("/", 0.8)], "normal", "/", "", id="at the limit"),
        pytest.param([part("/", 0.8001)], "abnormal", "/", "outside", id="over"),
        pytest.param([part("/", 0.4, age=10 * MINUTE)], "normal", "/", "", id="as old as may be"),
        pytest.param([part("/", 0.4, age=10 * MINUTE + 1)], "no_data", "/", "stale", id="stale"),
        pytest.param([part("/", 0.99, age=10 * MINUTE + 1)], "no_data", "/", "stale", id="stale and over"),
        pytest.param([part("/", None, gap="timed_out")], "no_data", "/", "timed_out", id="a gap"),
        pytest.param([part("/", None)], "no_data", "/", "unreadable", id="a gap without a word"),
        pytest.param([], "no_data", "", "never", id="never"),
        pytest.param([part("/", 0.4), part("/var", 0.7)], "normal", "/var", "", id="several: the fullest is named"),
        pytest.param([part("/", 0.85), part("/var", 0.9)], "abnormal", "/var", "outside", id="several over: the worst"),
        pytest.param([part("/", 0.4), part("/nfs", None, gap="timed_out")], "no_data", "/nfs", "timed_out", id="a gap"),
        pytest.param(
            [part("/", 0.95), part("/nfs", None, gap="timed_out")], "abnormal", "/", "outside", id="over beside a gap"
        ),
        pytest.param([part("/", 0.0)], "normal", "/", "", id="zero is a value"),
    ],
)
def test_the_newest_readings_decide(parts: list[PartSeen], verdict: str, named: str, why: str) -> None:
    filled = judge_item(FULL, seen(*parts), NOW)
    assert (filled.verdict, filled.part, filled.why) == (verdict, named, why)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        pytest.param(-1.001, "abnormal", id="behind"),
        pytest.param(-1.0, "normal", id="at the lower limit"),
        pytest.param(1.0, "normal", id="at the upper limit"),
        pytest.param(1.001, "abnormal", id="ahead"),
    ],
)
def test_a_value_must_lie_between(value: float, verdict: str) -> None:
    assert judge_item(CLOCK, seen(part("", value), metric=CLOCK.metric), NOW).verdict == verdict


def test_equal_means_equal() -> None:
    check = Check("equals", MINUTE, "filesystem_readonly", low=0.0, high=0.0)
    for value, verdict in ((0.0, "normal"), (1.0, "abnormal")):
        assert judge_item(check, seen(part("/", value), metric=check.metric), NOW).verdict == verdict


def test_the_worst_of_values_between_is_the_one_nearest_to_either_limit() -> None:
    parts = [part("a", 0.5), part("b", -0.9), part("c", 0.8)]
    assert judge_item(CLOCK, seen(*parts, metric=CLOCK.metric), NOW).part == "b"


def test_only_the_named_parts_are_looked_at() -> None:
    check = replace(FULL, parts=Parts(only=("/*",), besides=("/mnt*",)))
    filled = judge_item(check, seen(part("/", 0.4), part("/mnt/usb", 1.0)), NOW)
    assert (filled.verdict, filled.part) == ("normal", "/")


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        pytest.param([part("/", 0.4), part("/efi", None, gap="not_offered")], "normal", id="another has it"),
        pytest.param([part("/", None, gap="not_offered")], "no_data", id="none has it"),
        pytest.param([part("/", None, gap="refused"), part("/efi", None, gap="not_offered")], "no_data", id="a gap"),
    ],
)
def test_parts_that_have_no_such_thing_may_be_passed_over(parts: list[PartSeen], verdict: str) -> None:
    assert judge_item(replace(FULL, offered_only=True), seen(*parts), NOW).verdict == verdict
    assert judge_item(FULL, seen(*parts), NOW).verdict == "no_data"


@pytest.mark.parametrize(
    ("check", "device"),
    [
        pytest.param(FULL, seen(part("/", 0.4), heard=45_001), id="a value"),
        pytest.param(FULL, seen(part("/", 0.99), heard=45_001), id="a value over its limit"),
        pytest.param(FULL, seen(heard=45_001), id="no value"),
        pytest.param(HEARD, seen(heard=45_001), id="heard"),
        pytest.param(ERRORS, replace(seen(heard=45_001), logs={LOG: LogSeen(NOW - 45_001)}), id="errors"),
        pytest.param(ALARMS, seen(heard=45_001), id="alarms"),
    ],
)
def test_of_a_silent_device_nothing_is_known(check: Check, device: DeviceSeen) -> None:
    filled = judge_item(check, device, NOW)
    assert (filled.verdict, filled.why) == ("no_data", SILENT)
    assert filled.value != 0
    assert filled.reason.zh == "设备没有上报"


def test_what_was_read_last_is_told_with_its_age_though_it_decides_nothing() -> None:
    filled = judge_item(FULL, seen(part("/", 0.4, age=11 * MINUTE)), NOW)
    assert (filled.verdict, filled.value, filled.age_ms) == ("no_data", 0.4, 11 * MINUTE)


@pytest.mark.parametrize("check", [FULL, HEARD, ERRORS, ALARMS], ids=lambda check: check.rule)
def test_of_a_device_that_never_spoke_nothing_is_known(check: Check) -> None:
    filled = judge_item(check, DeviceSeen(), NOW)
    assert (filled.verdict, filled.why, filled.value, filled.at_ms) == ("no_data", "never", None, None)


def test_a_device_is_heard_by_its_own_interval() -> None:
    slow = replace(seen(heard=170_000), interval_s=60.0, silent_ms=180_000)
    assert judge_item(HEARD, slow, NOW).verdict == "normal"
    assert judge_item(HEARD, replace(slow, interval_s=15.0), NOW).verdict == "no_data"


@pytest.mark.parametrize(
    ("log", "verdict", "why"),
    [
        pytest.param(LogSeen(NOW - 15_000), "normal", "", id="read, nothing found"),
        pytest.param(LogSeen(None), "no_data", "never", id="never read"),
        pytest.param(LogSeen(NOW - 15_000, gap="refused"), "no_data", "refused", id="could not be read"),
        pytest.param(LogSeen(NOW - 10 * MINUTE - 1), "no_data", "stale", id="read long ago"),
        pytest.param(LogSeen(NOW - 15_000, missing="lost"), "no_data", "lost", id="lines went by unread"),
        pytest.param(
            LogSeen(NOW - 15_000, count=2, newest="I/O error", newest_ms=NOW - MINUTE),
            "abnormal",
            "lines",
            id="an error",
        ),
        pytest.param(
            LogSeen(NOW - 15_000, gap="refused", count=1, newest="oops", newest_ms=NOW - MINUTE, missing="lost"),
            "abnormal",
            "lines",
            id="an error, and then the log could not be read",
        ),
    ],
)
def test_no_errors_is_said_only_of_a_log_that_was_read(log: LogSeen, verdict: str, why: str) -> None:
    filled = judge_item(ERRORS, replace(seen(), logs={LOG: log}), NOW)
    assert (filled.verdict, filled.why) == (verdict, why)
    assert log.newest in filled.reason.en


def test_an_open_alarm_is_named_even_of_a_silent_device() -> None:
    alarms = [AlarmSeen(2, NOW, "磁盘使用率 /：91 %", "disk space used /: 91 %"), AlarmSeen(1, NOW, "旧", "old")]
    filled = judge_item(ALARMS, replace(seen(heard=DAY), alarms=alarms), NOW)
    assert (filled.verdict, filled.value) == ("abnormal", 2.0)
    assert "磁盘使用率" in filled.reason.zh
    assert judge_item(ALARMS, seen(), NOW).verdict == "normal"


def test_a_line_tells_its_reading_in_both_languages() -> None:
    filled = judge_item(FULL, seen(part("/", 0.4), part("/var", 0.912)), NOW)
    assert (filled.shown.zh, filled.limit.zh, filled.reason.zh) == (
        "91.2 %",
        "上限 80.0 %",
        "2 个中 1 个超出范围：/var",
    )
    assert (filled.value, filled.unit, filled.source, filled.age_ms) == (0.912, "ratio", "filesystems", 15_000)


KEYS: list[tuple[Filled, bool]] = [
    (judge_item(FULL, seen(part("/", 0.41)), NOW), True),
    (judge_item(FULL, seen(part("/", 0.81)), NOW), False),
    (judge_item(FULL, seen(part("/", None, gap="refused")), NOW), False),
    (judge_item(FULL, seen(part("/", 0.4), part("/var", 0.5)), NOW), False),
]


@pytest.mark.parametrize(("later", "same"), KEYS, ids=["another value", "another verdict", "a gap", "another part"])
def test_only_another_verdict_reason_or_part_is_another_finding(later: Filled, same: bool) -> None:
    assert (judge_item(FULL, seen(part("/", 0.4)), NOW).key == later.key) is same


def test_one_more_file_system_or_one_more_error_is_another_finding() -> None:
    one = judge_item(FULL, seen(part("/", 0.99), part("/var", 0.5)), NOW)
    both = judge_item(FULL, seen(part("/", 0.99), part("/var", 0.9)), NOW)
    assert one.part == both.part
    assert one.key != both.key
    logs = [LogSeen(NOW, count=count, newest="x", newest_ms=NOW, newest_id="a") for count in (1, 2)]
    first, second = (judge_item(ERRORS, replace(seen(), logs={LOG: log}), NOW) for log in logs)
    assert first.key != second.key


def test_very_many_parts_leave_a_short_mark() -> None:
    parts = [part(f"/mnt/{number:04}", 0.9) for number in range(2000)]
    assert len(judge_item(FULL, seen(*parts), NOW).mark) == 64


@pytest.mark.parametrize(
    "device",
    [
        pytest.param(seen(part("/", 0.4)), id="normal"),
        pytest.param(seen(part("/", 0.9)), id="abnormal"),
        pytest.param(seen(part("/", None, gap="lost")), id="a gap"),
        pytest.param(DeviceSeen(), id="never"),
    ],
)
def test_a_filled_line_comes_back_from_its_json(device: DeviceSeen) -> None:
    filled = judge_item(FULL, device, NOW)
    assert filled_from(json.loads(canonical(filled.as_json()))) == filled
