"""The table that says finding, checklist item, criterion and health in one line each."""

from __future__ import annotations

import pytest

from checklists.verdicts import HEALTH_TERMS, ROWS, TABLE, Health, RuleSeverity, Verdict, health_of, worst


@pytest.mark.parametrize(
    ("finding", "item", "criterion", "health"),
    [
        ("met", "normal 正常", "PASS 通过", ["normal 正常"]),
        ("not_met", "abnormal 异常", "FAIL 不通过", ["warning 告警", "fault 故障"]),
        ("unknown", "no_data 无数据", "INCONCLUSIVE 证据不足", ["unreachable 不可达", "unknown 无数据"]),
        (None, "not_applicable 不适用", "NOT_APPLICABLE 不适用", ["maintenance 维护"]),
    ],
)
def test_each_line_of_the_design_stands(finding: str | None, item: str, criterion: str, health: list[str]) -> None:
    row = next(row for row in TABLE if (row.finding.key if row.finding else None) == finding)
    said = [f"{term.key} {term.zh}" for term in (row.item, row.criterion, *row.health)]
    assert said == [item, criterion, *health]


def test_every_verdict_and_every_health_is_in_the_table() -> None:
    assert ROWS.keys() == set(Verdict)
    assert HEALTH_TERMS.keys() == set(Health)
    assert all(term.zh and term.en for term in HEALTH_TERMS.values())
    assert HEALTH_TERMS[Health.FAULT].said("zh") == "故障"
    assert HEALTH_TERMS[Health.FAULT].said("en") == "fault"


@pytest.mark.parametrize(
    ("verdict", "severity", "heard", "health"),
    [
        (Verdict.MET, RuleSeverity.FAULT, True, Health.NORMAL),
        (Verdict.NOT_MET, RuleSeverity.WARNING, True, Health.WARNING),
        (Verdict.NOT_MET, RuleSeverity.FAULT, True, Health.FAULT),
        (Verdict.UNKNOWN, RuleSeverity.FAULT, True, Health.UNKNOWN),
        (Verdict.UNKNOWN, RuleSeverity.WARNING, False, Health.UNREACHABLE),
    ],
)
def test_a_finding_makes_a_health(verdict: Verdict, severity: RuleSeverity, heard: bool, health: Health) -> None:
    assert health_of(verdict, severity, heard=heard) is health


def test_unknown_is_never_as_good_as_normal() -> None:
    assert worst([Health.NORMAL, Health.UNKNOWN]) is Health.UNKNOWN
    assert worst([Health.UNKNOWN, Health.WARNING, Health.FAULT]) is Health.FAULT
    assert worst([]) is Health.UNKNOWN
