"""Ticks into the judge, findings out: at once, in any order, once, across restarts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlmodel import select

from checklists.criteria import at_least, at_most, between
from checklists.presence import Absent, Heard
from checklists.rule import Parts, Rule, Scope
from checklists.verdicts import Health, RuleSeverity, Verdict
from checklists.windows import IncreaseAtMost
from readings.model import Gap
from server.alarms.queries import open_alarms
from server.alarms.tables import Alarm
from server.judge.judge import Judge
from server.judge.tables import FindingChange
from server.records import Records
from tests.judging.sent import START, Host, Values

WARNING, FAULT = RuleSeverity.WARNING, RuleSeverity.FAULT
CPU, DISK, DATA, ERRORS = ("cpu", "total"), ("disk", "/"), ("disk", "/data"), ("errors_total", "eth0")
RULES = [
    Rule("cpu", at_most("cpu", 0.9, 0.8), WARNING, "CPU", "CPU", "ratio", for_ms=30_000),
    Rule("disk", at_most("disk", 0.95), FAULT, "磁盘", "disk", "ratio"),
    Rule("errors", IncreaseAtMost("errors_total", 2, 60_000), WARNING, "错误", "errors"),
    Rule("silent", Heard(3), FAULT, "上报", "reporting"),
]
GOOD: Values = {CPU: 0.1, DISK: 0.5, ERRORS: 7.0}


@pytest.fixture
def judge(records: Records) -> Judge:
    return Judge(records, RULES, START)


def again(records: Records) -> Judge:
    return Judge(records, RULES, START)


def verdicts(judge: Judge, device_no: str = "SRV-1") -> dict[tuple[str, str], str]:
    return {finding.key: finding.verdict.value for finding in judge.findings(device_no)}


def changes(records: Records) -> list[tuple[str, int, str]]:
    """(rule, tick, verdict) of every change row, in order of time."""
    with records.session() as session:
        rows = session.exec(select(FindingChange).order_by(FindingChange.at_ms, FindingChange.id)).all()  # type: ignore[arg-type]  # columns
    return [(row.rule, (row.at_ms - START) // 15_000, row.verdict) for row in rows]


def with_(**values: float | Gap) -> Values:
    keys = {"cpu": CPU, "disk": DISK, "errors": ERRORS}
    return {**GOOD, **{keys[name]: value for name, value in values.items()}}


def test_good_readings_make_a_device_normal(judge: Judge, host: Host) -> None:
    judge.apply([host.arrival([(number, GOOD)]) for number in range(6)])
    assert set(verdicts(judge).values()) == {"met"}
    health = judge.health("SRV-1")
    assert health.health is Health.NORMAL
    assert health.reason.zh == "4 项判定全部正常"


def test_a_full_disk_is_a_fault_at_once_with_its_evidence(judge: Judge, host: Host, records: Records) -> None:
    judge.apply([host.arrival([(0, GOOD)])])
    judge.apply([host.arrival([(1, with_(disk=0.97))])])
    finding = next(finding for finding in judge.findings("SRV-1") if finding.rule == "disk")
    assert (finding.verdict, finding.value, finding.at_ms) == (Verdict.NOT_MET, 0.97, host.at(1))
    assert finding.text.zh == "磁盘 /：97.0 %，上限 95.0 %"
    assert finding.text.en == "disk /: 97.0 %, at most 95.0 %"
    assert judge.health("SRV-1").health is Health.FAULT
    assert [(alarm.rule, alarm.opened_ms) for alarm in open_alarms(records)] == [("disk", host.at(1))]


def test_recovery_closes_the_alarm_and_the_next_fault_opens_another(judge: Judge, host: Host, records: Records) -> None:
    for number, disk in enumerate([0.5, 0.97, 0.97, 0.5, 0.98]):
        judge.apply([host.arrival([(number, with_(disk=disk))])])
    with records.session() as session:
        alarms = session.exec(select(Alarm).order_by(Alarm.opened_ms)).all()  # type: ignore[arg-type]  # a column
    assert [(alarm.opened_ms, alarm.closed_ms) for alarm in alarms] == [
        (host.at(1), host.at(3)),
        (host.at(4), None),
    ]


def test_only_changes_are_written(judge: Judge, host: Host, records: Records) -> None:
    for number in range(20):
        judge.apply([host.arrival([(number, with_(cpu=number / 100, disk=0.3 + number / 1000))])])
    assert [change for change in changes(records) if change[0] in {"cpu", "disk"}] == [
        ("cpu", 0, "met"),
        ("disk", 0, "met"),
    ]


def test_a_source_that_fails_turns_its_findings_to_unknown_with_the_reason(judge: Judge, host: Host) -> None:
    judge.apply([host.arrival([(number, with_(disk=0.99))]) for number in range(6)])
    judge.apply([host.arrival([(6, Gap.TIMED_OUT)])])
    assert verdicts(judge) == {
        ("cpu", "total"): "unknown",
        ("disk", "/"): "unknown",
        ("errors", "eth0"): "unknown",
        ("silent", ""): "met",
    }
    health = judge.health("SRV-1")
    assert health.health is Health.UNKNOWN
    assert "超时" in health.reason.zh
    judge.apply([host.arrival([(7, with_(disk=0.99))])])
    assert verdicts(judge)["disk", "/"] == "not_met"


def test_what_a_device_never_offered_is_not_spoken_of(judge: Judge, host: Host) -> None:
    judge.apply([host.arrival([(number, with_(disk=Gap.NOT_OFFERED))]) for number in range(6)])
    assert ("disk", "/") not in verdicts(judge)
    assert judge.health("SRV-1").health is Health.NORMAL


def test_a_value_that_is_lost_afterwards_is_unknown(judge: Judge, host: Host) -> None:
    judge.apply([host.arrival([(0, GOOD)]), host.arrival([(1, with_(disk=Gap.NOT_OFFERED))])])
    assert verdicts(judge)["disk", "/"] == "unknown"


def test_pending_time_survives_a_restart(host: Host, records: Records) -> None:
    first = again(records)
    first.apply([host.arrival([(0, GOOD)])])
    first.apply([host.arrival([(1, with_(cpu=0.95))])])
    assert verdicts(first)["cpu", "total"] == "met"
    second = again(records)
    second.apply([host.arrival([(2, with_(cpu=0.95))]), host.arrival([(3, with_(cpu=0.95))])])
    assert verdicts(second)["cpu", "total"] == "not_met"


def test_hysteresis_survives_a_restart(host: Host, records: Records) -> None:
    first = again(records)
    first.apply([host.arrival([(number, with_(cpu=0.95))]) for number in range(4)])
    second = again(records)
    second.apply([host.arrival([(4, with_(cpu=0.85))])])
    assert verdicts(second)["cpu", "total"] == "not_met"
    second.apply([host.arrival([(5, with_(cpu=0.79))])])
    assert verdicts(second)["cpu", "total"] == "met"


def test_a_replay_changes_nothing_and_fills_the_windows_again(host: Host, records: Records) -> None:
    first = again(records)
    for number in range(8):
        first.apply([host.arrival([(number, with_(errors=7.0 + (number > 5)))])])
    assert first.cursor() == 0, "young batches stay behind the cursor"
    before = changes(records), verdicts(first)
    second = again(records)
    second.apply(host.sent)
    assert (changes(records), verdicts(second)) == before
    second.apply([host.arrival([(8, with_(errors=8.0))])])
    assert verdicts(second)["errors", "eth0"] == "met"


def test_the_cursor_follows_at_a_distance(judge: Judge, host: Host) -> None:
    for number in range(100):
        judge.apply([host.arrival([(number, GOOD)])])
    assert 50 <= judge.cursor() <= 61


def test_the_newest_tick_is_judged_at_once_and_the_backlog_alters_nothing(
    judge: Judge, host: Host, records: Records
) -> None:
    judge.apply([host.arrival([(0, GOOD)])])
    bad, worse = with_(disk=0.99), with_(disk=0.97)
    judge.apply([host.arrival([(1, worse), (2, worse), (3, worse)], newest=(100, GOOD))])
    assert verdicts(judge)["disk", "/"] == "met"
    judge.apply([host.arrival([(4, bad), (5, GOOD)], newest=(101, GOOD))])
    assert verdicts(judge)["disk", "/"] == "met"
    assert open_alarms(records) == [], "no storm from the backlog"
    disk = [(tick, verdict) for rule, tick, verdict in changes(records) if rule == "disk"]
    assert disk == [(0, "met"), (1, "not_met"), (5, "met")], "each at its own time"


def test_a_newest_tick_that_comes_alone_is_judged_and_moves_no_cursor(judge: Judge, host: Host) -> None:
    judge.apply([host.arrival([(0, GOOD)])])
    alone = host.arrival([(5, GOOD)], newest=(5, with_(disk=0.99)))
    alone.id, alone.batch, alone.times = 0, None, []
    judge.apply([alone])
    assert verdicts(judge)["disk", "/"] == "not_met"
    assert judge.cursor() == 0


def test_a_backlog_that_ends_badly_opens_its_alarm_once(judge: Judge, host: Host, records: Records) -> None:
    judge.apply([host.arrival([(0, GOOD)])])
    judge.apply([host.arrival([(1, with_(disk=0.99))], newest=(9, with_(disk=0.99)))])
    judge.apply([host.arrival([(number, with_(disk=0.99)) for number in range(2, 10)])])
    assert [alarm.rule for alarm in open_alarms(records)] == ["disk"]
    assert verdicts(judge)["disk", "/"] == "not_met"


def test_a_backlog_fulfils_a_for_that_the_newest_tick_could_not(judge: Judge, host: Host) -> None:
    judge.apply([host.arrival([(0, GOOD)])])
    judge.apply([host.arrival([(1, with_(cpu=0.99))], newest=(5, with_(cpu=0.99)))])
    assert verdicts(judge)["cpu", "total"] == "met"
    judge.apply([host.arrival([(number, with_(cpu=0.99)) for number in range(2, 6)])])
    assert verdicts(judge)["cpu", "total"] == "not_met"


def test_a_newest_tick_is_remembered_over_a_restart(host: Host, records: Records) -> None:
    first = again(records)
    first.apply([host.arrival([(0, with_(disk=0.99))])])
    first.apply([host.arrival([(1, with_(disk=0.99))], newest=(50, GOOD))])
    second = again(records)
    second.apply([host.arrival([(2, with_(disk=0.99))])])
    assert verdicts(second)["disk", "/"] == "met"
    assert open_alarms(records) == []


def test_several_ticks_in_one_batch_are_judged_in_order(judge: Judge, host: Host, records: Records) -> None:
    rows: list[tuple[int, Values | Gap]] = [(0, GOOD), (1, with_(disk=0.99)), (2, Gap.LOST), (3, GOOD)]
    judge.apply([host.arrival(rows)])
    assert [(tick, verdict) for rule, tick, verdict in changes(records) if rule == "disk"] == [
        (0, "met"),
        (1, "not_met"),
        (2, "unknown"),
        (3, "met"),
    ]
    assert open_alarms(records) == [], "it was over before anybody could look"


def test_what_could_not_be_written_goes_with_the_next_write(
    judge: Judge, host: Host, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise OSError(28, "no space left")

    first = host.arrival([(0, with_(disk=0.99))])
    with monkeypatch.context() as patch:
        patch.setattr(records, "writing", full)
        with pytest.raises(OSError, match="no space"):
            judge.apply([first])
    assert changes(records) == []
    judge.apply([first])
    assert ("disk", 0, "not_met") in changes(records)
    assert [alarm.rule for alarm in open_alarms(records)] == ["disk"]


def test_a_part_that_comes_later_does_not_disturb_the_others(judge: Judge, host: Host) -> None:
    judge.apply([host.arrival([(number, GOOD)]) for number in range(6)])
    more: Values = {**GOOD, DATA: 0.2}
    judge.apply([host.arrival([(6, more)])])
    assert verdicts(judge)["disk", "/data"] == "met"
    assert verdicts(judge)["errors", "eth0"] == "met", "its window went on"


def test_rules_know_kinds_and_parts(records: Records, host: Host) -> None:
    rules: Sequence[Rule] = [
        Rule("ups", at_least("cpu", 0.5), FAULT, "U", "U", "ratio", scope=Scope(frozenset({"ups"}))),
        Rule("root", between("disk", 0, 0.9), FAULT, "R", "R", "ratio", parts=Parts(only=("/",))),
        Rule("rest", between("disk", 0, 0.9), FAULT, "S", "S", "ratio", parts=Parts(besides=("/",))),
        Rule("none", Absent("errors_total", "host"), FAULT, "N", "N"),
    ]
    judge = Judge(records, rules, START)
    judge.apply([host.arrival([(0, {**GOOD, DATA: 0.2})])])
    assert verdicts(judge) == {("root", "/"): "met", ("rest", "/data"): "met", ("none", ""): "not_met"}
