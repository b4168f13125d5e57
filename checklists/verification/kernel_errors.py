"""Errors the kernel wrote down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from checklists.rule_fields import Fields
from checklists.sentences import Text
from checklists.verification.allowing import Allowed, never
from checklists.verification.criterion import Case, Named
from checklists.verification.evidence import Line
from checklists.verification.outcome import Outcome, Result
from checklists.verification.phrases import moment, percent

# The kind the agent gives to lines of facility 0, which user space cannot forge; "user_log" is everybody else's.
KERNEL = "kernel_log"
WORST_KEPT = 3
MOST_LINES = 50
LONGEST_LINE = 500


@dataclass(frozen=True, slots=True)
class KernelErrors:
    """No line of severity error or worse that nobody approved to ignore, and no line missed."""

    rule: ClassVar[str] = "kernel_errors"
    metrics: ClassVar[Sequence[str]] = ("source_success",)
    named: Named

    @classmethod
    def read(cls, named: Named, fields: Fields) -> KernelErrors:
        del fields
        return cls(named)

    def judge(self, case: Case) -> Result:
        errors = [line for line in case.evidence.lines if _counts(line, case.evidence.start_ms)]
        ignored = [(line, by) for line in errors if (by := _allowed(line, case.allow)) is not None]
        spared = {id(line) for line, _ in ignored}
        counted = [line for line in errors if id(line) not in spared]
        event = case.accounted.coverage.event
        return Result(
            self.named.id,
            Outcome.FAIL if counted else Outcome.PASS if event == 1.0 else Outcome.INCONCLUSIVE,
            Text("0 条（批准的例外除外）", "0 (but for approved exceptions)"),
            _number(counted),
            _said(counted, ignored, event),
            evidence={
                "lines": [_line(line) for line in counted[:MOST_LINES]],
                "lines_total": sum(line.count for line in counted),
                "ignored": [{**_line(line), "pattern": by.pattern.pattern} for line, by in ignored[:MOST_LINES]],
                "ignored_total": sum(line.count for line, _ in ignored),
                "event_coverage": event,
            },
        )


def _counts(line: Line, start_ms: int) -> bool:
    return line.kind == KERNEL and line.severity <= WORST_KEPT and line.at_ms >= start_ms


def _allowed(line: Line, allow: Sequence[Allowed]) -> Allowed | None:
    return next((entry for entry in allow if entry.holds(line.text, line.at_ms)), None)


def _number(lines: Sequence[Line]) -> Text:
    count = sum(line.count for line in lines)
    return Text(f"{count} 条", f"{count}")


def _said(counted: Sequence[Line], ignored: Sequence[tuple[Line, Allowed]], event: float | None) -> Text:
    spared = sum(line.count for line, _ in ignored)
    also = (
        Text(f"；另有 {spared} 条按批准的例外忽略", f"; {spared} more ignored as approved") if spared else Text("", "")
    )
    if counted:
        first, number = counted[0], _number(counted)
        return Text(
            f"内核记录了 {number.zh}错误，最早 {moment(first.at_ms)}：{first.text[:LONGEST_LINE]}{also.zh}",
            f"kernel errors: {number.en}, the first at {moment(first.at_ms)}: {first.text[:LONGEST_LINE]}{also.en}",
        )
    if event == 1.0:
        return Text(f"没有内核错误，日志完整{also.zh}", f"no kernel error, and no line of its log was missed{also.en}")
    if event is None:
        return Text(
            f"没有看到内核错误，但内核日志从未读到{also.zh}",
            f"no kernel error was seen, but the kernel's log was never read{also.en}",
        )
    share = percent(event, 1)
    return Text(
        f"没有看到内核错误，但内核日志只覆盖 {share}{also.zh}",
        f"no kernel error was seen, but its log is accounted for in {share} of the time only{also.en}",
    )


def _line(line: Line) -> dict[str, Any]:
    return {
        "at_ms": line.at_ms,
        "severity": line.severity,
        "text": line.text[:LONGEST_LINE],
        "count": line.count,
        "id": line.id,
        "never": never(line.text),
    }
