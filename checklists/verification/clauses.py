"""One limit of a criterion: what it asks, what was measured, and the outcome; several make the result."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from checklists.sentences import Text
from checklists.verification.criterion import Case
from checklists.verification.evidence import Setback
from checklists.verification.minutes import (
    Bounds,
    Floats,
    Ints,
    allowed_minutes,
    level,
    longest,
    span_ms,
)
from checklists.verification.outcome import Outcome, Result
from checklists.verification.phrases import listed, minutes, quantity, set_back

MARGINAL = 0.1
MOST_FALLS = 50
WORST_FIRST = tuple(Outcome)


@dataclass(frozen=True, slots=True)
class Clause:
    """``margin``: the share of the limit that is used up; None where there is no such number."""

    name: str
    outcome: Outcome
    required: Text
    measured: Text
    sentence: Text
    margin: float | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)


def together(criterion: str, clauses: Sequence[Clause], evidence: Mapping[str, Any] | None = None) -> Result:
    """The worst clause decides; when none is bad, all of them speak. ``evidence``: what is no figure of one clause."""
    outcome = min((clause.outcome for clause in clauses), key=WORST_FIRST.index)
    margins = [clause.margin for clause in clauses if clause.margin is not None and math.isfinite(clause.margin)]
    margin = max(margins, default=None)
    speaking = [clause for clause in clauses if clause.outcome is outcome]
    return Result(
        criterion,
        outcome,
        listed(clause.required for clause in clauses),
        listed(clause.measured for clause in clauses),
        listed(clause.sentence for clause in speaking),
        margin,
        margin is not None and abs(margin - 1) <= MARGINAL + 1e-9,
        {
            **{clause.name: {"outcome": clause.outcome.value, **clause.figures} for clause in clauses},
            **(evidence or {}),
        },
    )


def telling_falls(clause: Clause, falls: Sequence[Setback]) -> Clause:
    """The clause of a counter, and that it was set back where it was."""
    if not falls:
        return clause
    also, moments = set_back(falls), [{"after_ms": fall.after_ms, "before_ms": fall.before_ms} for fall in falls]
    return replace(
        clause,
        sentence=Text(clause.sentence.zh + also.zh, clause.sentence.en + also.en),
        figures={**clause.figures, "set_back": moments[:MOST_FALLS], "set_back_total": len(falls)},
    )


def outcome_of(*, proved: bool, reached: bool) -> Outcome:
    """``proved`` bad wins; what is not ``reached`` only for want of readings is inconclusive."""
    return Outcome.FAIL if proved else Outcome.PASS if reached else Outcome.INCONCLUSIVE


@dataclass(frozen=True, slots=True)
class Level:
    """In at most ``share`` of the minutes a mean may lie over ``limit``, and a minute not read lies over it."""

    name: str
    subject: Text
    unit: str
    limit: float
    share: float

    def judge(self, case: Case, bounds: Bounds) -> Clause:
        total = len(bounds.high)
        over, proved = bounds.high > self.limit, bounds.low > self.limit
        missing, count, certain = int((~bounds.seen).sum()), int(over.sum()), int(proved.sum())
        measured = level(bounds.high, self.share)
        reached = total > 0 and count <= allowed_minutes(self.share, total)
        outcome = outcome_of(proved=certain > allowed_minutes(self.share, case.whole_minutes), reached=reached)
        p = _percentile(self.share)
        limit, figure = quantity(self.limit, self.unit), _level(measured, self.unit)
        return Clause(
            self.name,
            outcome,
            Text(f"{self.subject.zh} {p} ≤ {limit.zh}", f"{self.subject.en} {p} ≤ {limit.en}"),
            Text(f"{self.subject.zh} {p} {figure.zh}", f"{self.subject.en} {p} {figure.en}"),
            self._said(outcome, figure, total, count, missing),
            measured / self.limit if self.limit > 0 and math.isfinite(measured) else None,
            {
                "level": measured if math.isfinite(measured) else None,
                "limit": self.limit,
                "minutes": total,
                "over": count - missing,
                "over_for_certain": certain,
                "missing": missing,
                "allowed": allowed_minutes(self.share, total),
            },
        )

    def _said(self, outcome: Outcome, figure: Text, total: int, count: int, missing: int) -> Text:
        limit, share, subject = quantity(self.limit, self.unit), quantity(self.share, "ratio"), self.subject
        if outcome is Outcome.PASS:
            p, time = _percentile(self.share), minutes(count)
            return Text(
                f"{subject.zh} {p} {figure.zh}，超过 {limit.zh} 或缺失 {time.zh}",
                f"{subject.en} {p} {figure.en}, over {limit.en} or missing for {time.en}",
            )
        never = Text("；没有任何读数", "; never read") if total and missing == total else Text("", "")
        return Text(
            f"{subject.zh}：{total} 分钟中超过 {limit.zh} 的有 {count - missing} 分钟，缺失 {missing} 分钟"
            f"（按超限计），合计允许 {share.zh}{never.zh}",
            f"{subject.en}: over {limit.en} in {count - missing} of {total} minutes, {missing} missing"
            f" (counted as over), together {share.en} allowed{never.en}",
        )


@dataclass(frozen=True, slots=True)
class Streak:
    """No more than ``most`` minutes in a row over ``limit``; minutes not read join the runs on both sides."""

    name: str
    subject: Text
    limit: float
    most: int
    asked: Text

    def judge(self, case: Case, bounds: Bounds) -> Clause:
        run, certain = longest(bounds.high > self.limit), longest(bounds.low > self.limit)
        outcome = outcome_of(
            proved=certain.minutes > self.most, reached=len(bounds.high) > 0 and run.minutes <= self.most
        )
        shown_run = certain if outcome is Outcome.FAIL else run
        begin_ms, end_ms = span_ms(shown_run, bounds.minute, case.evidence) if shown_run.minutes else (None, None)
        missing = int((~bounds.seen[shown_run.first : shown_run.first + shown_run.minutes]).sum())
        limit, time = quantity(self.limit, "ratio"), minutes(shown_run.minutes)
        for_good = outcome is Outcome.INCONCLUSIVE and missing > 0
        return Clause(
            self.name,
            outcome,
            Text(f"连续 > {limit.zh} {self.asked.zh}", f"> {limit.en} in a row {self.asked.en}"),
            Text(f"最长 {time.zh}", f"longest {time.en}"),
            Text(
                f"{self.subject.zh}超过 {limit.zh} 或缺失最长连续 {time.zh}（其中缺失 {missing} 分钟），"
                f"要求 {self.asked.zh}" + ("；缺失的读数若不补传，窗口须重新开始" if for_good else ""),
                f"{self.subject.en} over {limit.en} or missing for {time.en} in a row at the longest"
                f" ({missing} missing), asked {self.asked.en}"
                + ("; unless what is missing still arrives, restart the window" if for_good else ""),
            ),
            shown_run.minutes / max(self.most, 1),
            {
                "limit": self.limit,
                "longest": shown_run.minutes,
                "most": self.most,
                "start_ms": begin_ms,
                "end_ms": end_ms,
                "missing": missing,
                "longest_for_certain": certain.minutes,
            },
        )


def bounds_of(low: Floats, high: Floats, minute: Ints) -> Bounds:
    """Of what is known by other means than readings in the minute: seen where there is any upper end."""
    return Bounds(low, high, np.isfinite(high), minute)


def _percentile(share: float) -> str:
    return f"p{100 - share * 100:g}"


def _level(value: float, unit: str) -> Text:
    return Text("未知", "unknown") if not math.isfinite(value) else quantity(value, unit)
