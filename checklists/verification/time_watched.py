"""Whether there is evidence at all: how long the device was really watched, and what is missing of the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

import numpy as np

from checklists.rule_fields import Fields, RuleError
from checklists.sentences import GAPS, Text
from checklists.verification.clauses import Clause, outcome_of, telling_falls, together
from checklists.verification.criterion import Case, Named
from checklists.verification.minutes import MINUTE_MS, Ints, Run, runs, span_ms
from checklists.verification.outcome import Outcome, Result
from checklists.verification.phrases import hours, hours_more, minutes, moment, percent

GAP_MINUTES = 3  # so many empty minutes are a gap that is listed
MOST_GAPS = 200


@dataclass(frozen=True, slots=True)
class EffectiveTime:
    """Minutes with a reading, summed, must fill the window: a gap stops the clock."""

    rule: ClassVar[str] = "effective_time"
    metrics: ClassVar[Sequence[str]] = ()
    named: Named

    @classmethod
    def read(cls, named: Named, fields: Fields) -> EffectiveTime:
        del fields
        return cls(named)

    def judge(self, case: Case) -> Result:
        """Never FAIL: what is missing can still be watched."""
        effective_ms = case.accounted.watched_minutes * MINUTE_MS
        asked, reached = hours(case.window_ms), hours(effective_ms)
        done = effective_ms >= case.window_ms
        left = hours_more(max(0, case.window_ms - effective_ms))
        return Result(
            self.named.id,
            outcome_of(proved=False, reached=done),
            Text(f"≥ {asked.zh}", f"≥ {asked.en}"),
            reached,
            Text(
                f"有效监测 {reached.zh}，已达到要求的 {asked.zh}", f"watched for {reached.en}, {asked.en} are asked for"
            )
            if done
            else Text(
                f"有效监测 {reached.zh}，还差 {left.zh}", f"watched for {reached.en}, {left.en} are still missing"
            ),
            effective_ms / case.window_ms,
            evidence={"effective_ms": effective_ms, "window_ms": case.window_ms},
        )


@dataclass(frozen=True, slots=True)
class Continuity:
    """Coverage of samples, events and counters over the whole window, long gaps included.

    Were a long gap left out of the share because the clock is stopped for it, losing more could turn a short gap into
    an excused one and improve the verdict. Never FAIL: no evidence is no fault of the device.
    """

    rule: ClassVar[str] = "continuity"
    metrics: ClassVar[Sequence[str]] = ("source_success",)
    named: Named
    sample: float
    event: float
    counter: float
    longest_gap_ms: int
    missing: float

    @classmethod
    def read(cls, named: Named, fields: Fields) -> Continuity:
        shares = fields.share("sample"), fields.share("event"), fields.share("counter")
        found = cls(named, *shares, fields.duration_ms("longest_gap"), fields.share("missing"))
        if found.longest_gap_ms < MINUTE_MS:
            raise RuleError(f"{fields.name('longest_gap')}: shorter than a minute, which is as fine as is looked")
        return found

    def judge(self, case: Case) -> Result:
        minute = np.flatnonzero(case.accounted.kept)
        empty = [run for run in runs(~case.accounted.watched[minute]) if run.minutes >= GAP_MINUTES]
        coverage = case.accounted.coverage
        clauses = (
            self._samples(case),
            _whole("event", Text("事件", "events"), coverage.event, self.event),
            telling_falls(
                _whole("counter", Text("计数器", "counters"), coverage.counter, self.counter), case.accounted.fell
            ),
        )
        gaps = [_gap(run, minute, case) for run in sorted(empty, key=lambda run: -run.minutes)[:MOST_GAPS]]
        kept = sorted(gaps, key=lambda gap: gap["start_ms"])
        return together(self.named.id, clauses, {"gaps": kept, "gaps_total": len(empty)})

    def _samples(self, case: Case) -> Clause:
        watched = case.accounted.watched[case.accounted.kept]
        total, missing = len(watched), int((~watched).sum())
        worst = max(runs(~watched), key=lambda run: run.minutes, default=Run(0, 0))
        window = case.window_ms // MINUTE_MS
        restart = worst.minutes * MINUTE_MS > self.longest_gap_ms or missing > self.missing * window + 1e-9
        enough = total > 0 and total - missing >= self.sample * total - 1e-9
        asked, reached = percent(self.sample, 1), percent(total - missing, total)
        return Clause(
            "sample",
            outcome_of(proved=False, reached=enough and not restart),
            Text(f"采样 ≥ {asked}", f"samples ≥ {asked}"),
            Text(f"采样 {reached}", f"samples {reached}"),
            self._said(case, worst, missing, restart=restart, enough=enough),
            None if self.sample == 1 or not total else missing / total / (1 - self.sample),
            {"minutes": total, "missing": missing, "longest_gap": worst.minutes, "restart": restart},
        )

    def _said(self, case: Case, worst: Run, missing: int, *, restart: bool, enough: bool) -> Text:
        total, lost, gap = int(case.accounted.kept.sum()), minutes(missing), minutes(worst.minutes)
        reached, asked = percent(total - missing, total), percent(self.sample, 1)
        plain = Text(
            f"采样覆盖 {reached}（缺失 {lost.zh}，最长中断 {gap.zh}）",
            f"samples cover {reached} ({lost.en} missing, the longest gap {gap.en})",
        )
        if restart:
            most, share = hours(self.longest_gap_ms), percent(self.missing, 1)
            return Text(
                f"{plain.zh}：单次中断超过 {most.zh}或累计缺失超过 {share}，缺失的读数若不补传，窗口须重新开始",
                f"{plain.en}: a gap of more than {most.en} or more than {share} missing in all;"
                " unless it still arrives, restart the window",
            )
        if enough:
            return plain
        if not total or self.sample == 1:
            return Text(f"{plain.zh}，要求 {asked}", f"{plain.en}, {asked} asked")
        more = hours_more((ceil(missing / (1 - self.sample) - 1e-6) - total) * MINUTE_MS)
        return Text(
            f"{plain.zh}，要求 {asked}：还须不间断监测 {more.zh}",
            f"{plain.en}, {asked} asked: {more.en} more without a gap are needed",
        )


def _whole(name: str, subject: Text, share: float | None, asked: float) -> Clause:
    reached = share is not None and share >= asked
    wanted = percent(asked, 1)
    had = Text("未知", "unknown") if share is None else Text(percent(share, 1), percent(share, 1))
    unknown = Text("；设备没有提供依据", "; the device gave nothing to prove it by") if share is None else Text("", "")
    return Clause(
        name,
        Outcome.PASS if reached else Outcome.INCONCLUSIVE,
        Text(f"{subject.zh} ≥ {wanted}", f"{subject.en} ≥ {wanted}"),
        Text(f"{subject.zh} {had.zh}", f"{subject.en} {had.en}"),
        Text(
            f"{subject.zh}覆盖 {had.zh}，要求 {wanted}{unknown.zh}",
            f"{subject.en} cover {had.en}, {wanted} asked{unknown.en}",
        ),
        figures={"share": share},
    )


def _gap(run: Run, minute: Ints, case: Case) -> dict[str, Any]:
    """The reason is that of the hole that covers most of it. ``minute``: those that count."""
    start_ms, end_ms = span_ms(run, minute, case.evidence)
    covering = [
        (min(hole.end_ms, end_ms) - max(hole.start_ms, start_ms), hole.reason)
        for hole in case.evidence.holes
        if hole.start_ms < end_ms and hole.end_ms > start_ms
    ]
    reason = max(covering, default=(0, ""))[1]
    zh, en = GAPS.get(reason, (reason, reason))
    return {"start_ms": start_ms, "end_ms": end_ms, "reason": reason, "zh": zh, "en": en, "since": moment(start_ms)}
