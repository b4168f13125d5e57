"""One vocabulary of verdicts: what a rule found, said as a checklist item, as a criterion and as a device's health."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Language = Literal["zh", "en"]


class Verdict(StrEnum):
    """What a rule says of a part now. UNKNOWN is never as good as MET."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


class RuleSeverity(StrEnum):
    """How bad it is for the device when the rule is not met."""

    WARNING = "warning"
    FAULT = "fault"


class Health(StrEnum):
    """A device's health, worst first."""

    UNREACHABLE = "unreachable"
    FAULT = "fault"
    WARNING = "warning"
    UNKNOWN = "unknown"
    MAINTENANCE = "maintenance"
    NORMAL = "normal"


@dataclass(frozen=True, slots=True)
class Term:
    """One word of one of the four vocabularies: its key and how people say it."""

    key: str
    zh: str
    en: str

    def said(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``finding`` None: only people can say it (does not apply, under maintenance).

    ``health`` is by severity for what is not met, and by whether the device is heard at all for what is unknown.
    """

    finding: Term | None
    item: Term
    criterion: Term
    health: tuple[Term, ...]


NORMAL = Term("normal", "正常", "normal")
WARNING = Term("warning", "告警", "warning")
FAULT = Term("fault", "故障", "fault")
UNREACHABLE = Term("unreachable", "不可达", "unreachable")
NO_DATA = Term("unknown", "无数据", "no data")
MAINTENANCE = Term("maintenance", "维护", "maintenance")

TABLE: tuple[Row, ...] = (
    Row(Term("met", "正常", "met"), NORMAL, Term("PASS", "通过", "PASS"), (NORMAL,)),
    Row(
        Term("not_met", "异常", "not met"),
        Term("abnormal", "异常", "abnormal"),
        Term("FAIL", "不通过", "FAIL"),
        (WARNING, FAULT),
    ),
    Row(
        Term("unknown", "无数据", "unknown"),
        Term("no_data", "无数据", "no data"),
        Term("INCONCLUSIVE", "证据不足", "INCONCLUSIVE"),
        (UNREACHABLE, NO_DATA),
    ),
    Row(
        None,
        Term("not_applicable", "不适用", "not applicable"),
        Term("NOT_APPLICABLE", "不适用", "NOT APPLICABLE"),
        (MAINTENANCE,),
    ),
)
ROWS: dict[Verdict, Row] = {Verdict(row.finding.key): row for row in TABLE if row.finding}
HEALTH_TERMS: dict[Health, Term] = {Health(term.key): term for row in TABLE for term in row.health}


def health_of(verdict: Verdict, severity: RuleSeverity, *, heard: bool = True) -> Health:
    """What one finding alone makes of a device. ``heard`` False: nothing comes from the device any more."""
    if verdict is Verdict.MET:
        return Health.NORMAL
    if verdict is Verdict.NOT_MET:
        return Health(severity.value)
    return Health.UNKNOWN if heard else Health.UNREACHABLE


def worst(healths: list[Health]) -> Health:
    """The worst of several. Of none at all: nothing is known."""
    order = list(Health)
    return min(healths, key=order.index, default=Health.UNKNOWN)
