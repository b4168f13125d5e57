"""What time alone changes: silence, stale values, parts that are gone."""

from __future__ import annotations

import pytest

from checklists.criteria import at_most
from checklists.presence import Heard
from checklists.rule import Rule
from checklists.verdicts import Health, RuleSeverity
from server.alarms.queries import open_alarms
from server.judge.judge import Judge
from server.records import Records
from tests.judging.sent import START, Host, Values

RULES = [
    Rule("disk", at_most("disk", 0.95), RuleSeverity.FAULT, "磁盘", "disk", "ratio"),
    Rule("silent", Heard(3), RuleSeverity.FAULT, "上报", "reporting"),
]
GOOD: Values = {("disk", "/"): 0.5, ("disk", "/usb"): 0.1}
WITHOUT: Values = {("disk", "/"): 0.5}


@pytest.fixture
def judge(records: Records) -> Judge:
    return Judge(records, RULES, START)


def verdicts(judge: Judge) -> dict[tuple[str, str], str]:
    return {finding.key: finding.verdict.value for finding in judge.findings("SRV-1")}


def test_three_missed_intervals_make_a_device_unreachable(judge: Judge, host: Host, records: Records) -> None:
    judge.apply([host.arrival([(number, GOOD)]) for number in range(5)])
    assert judge.silence(host.at(4) + 45_000) == 0
    assert judge.health("SRV-1").health is Health.NORMAL
    judge.silence(host.at(4) + 45_001)
    health = judge.health("SRV-1")
    assert health.health is Health.UNREACHABLE
    assert health.reason.zh == "上报：已 45 秒没有上报"
    assert set(verdicts(judge).values()) == {"unknown"}
    assert [alarm.rule for alarm in open_alarms(records)] == ["silent"]


def test_it_is_normal_again_with_the_next_tick(judge: Judge, host: Host, records: Records) -> None:
    judge.apply([host.arrival([(0, GOOD)])])
    judge.silence(host.at(20))
    judge.apply([host.arrival([(21, GOOD)])])
    assert judge.health("SRV-1").health is Health.NORMAL
    assert open_alarms(records) == []
    judge.silence(host.at(21) + 45_001)
    assert judge.health("SRV-1").health is Health.UNREACHABLE, "and it is watched again"


def test_silence_is_said_once(judge: Judge, host: Host, records: Records) -> None:
    judge.apply([host.arrival([(0, GOOD)])])
    for later in range(4, 40):
        judge.silence(host.at(later))
    assert len(open_alarms(records)) == 1
    assert judge.version("SRV-1") == 6, "three findings, met and unknown"


def test_after_its_own_start_the_centre_listens_for_an_interval_first(host: Host, records: Records) -> None:
    first = Judge(records, RULES, START)
    first.apply([host.arrival([(0, GOOD)])])
    restarted = host.at(100)
    second = Judge(records, RULES, restarted)
    second.silence(restarted + 14_999)
    assert second.health("SRV-1").health is Health.NORMAL
    second.silence(restarted + 15_001)
    assert second.health("SRV-1").health is Health.UNREACHABLE


def test_a_source_that_stops_alone_makes_its_findings_stale(judge: Judge, host: Host) -> None:
    judge.apply([host.arrival([(0, GOOD)])])
    for number in range(1, 6):
        judge.apply([host.arrival([(number, {("other", ""): 1.0})], source="other")])
        judge.silence(host.at(number))
    assert verdicts(judge) == {("disk", "/"): "unknown", ("disk", "/usb"): "unknown", ("silent", ""): "met"}
    assert judge.health("SRV-1").health is Health.UNKNOWN
    assert "没有新读数" in judge.health("SRV-1").reason.zh


def test_a_part_that_is_gone_is_unknown_and_given_up_after_a_day(judge: Judge, host: Host) -> None:
    judge.apply([host.arrival([(0, GOOD)])])
    day = 24 * 3600 // 15
    for number in range(1, 8):
        judge.apply([host.arrival([(number, WITHOUT)])])
        judge.silence(host.at(number))
    assert verdicts(judge)["disk", "/usb"] == "unknown"
    assert verdicts(judge)["disk", "/"] == "met"
    assert "不再报告" in judge.health("SRV-1").reason.zh
    judge.apply([host.arrival([(day + 2, WITHOUT)])])
    judge.silence(host.at(day + 2))
    assert ("disk", "/usb") not in verdicts(judge)
    assert judge.health("SRV-1").health is Health.NORMAL


def test_a_device_nobody_heard_of_has_never_reported(judge: Judge) -> None:
    assert judge.health("SRV-9").health is Health.UNKNOWN
    assert judge.health("SRV-9").reason.zh == "从未上报"
