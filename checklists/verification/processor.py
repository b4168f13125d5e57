"""CPU within bounds: level and saturation of the week, load, and what the hypervisor took."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from checklists.rule_fields import Fields, RuleError
from checklists.sentences import Text
from checklists.verification.clauses import Clause, Level, Streak, together
from checklists.verification.criterion import Case, Named
from checklists.verification.minutes import MINUTE_MS, bounds
from checklists.verification.outcome import Result
from checklists.verification.phrases import hours

BUSY, STEAL, LOAD = ("cpu_busy_ratio", "total"), ("cpu_steal_ratio", "total"), ("load_per_core", "")
TOTAL = Text("CPU 使用率", "CPU busy")


@dataclass(frozen=True, slots=True)
class CpuNormal:
    """Level and run length together: a nightly job may saturate a healthy server for a while, not for long.

    ``steal`` None: the profile does not ask for it. Where it is asked for and not given, nothing is proved.
    """

    rule: ClassVar[str] = "cpu_normal"
    metrics: ClassVar[Sequence[str]] = tuple(metric for metric, _ in (BUSY, STEAL, LOAD))
    named: Named
    share: float
    busy: float
    saturated: float
    longest_ms: int
    load_per_core: float
    steal: float | None

    @classmethod
    def read(cls, named: Named, fields: Fields) -> CpuNormal:
        longest_ms = fields.duration_ms("longest")
        if longest_ms < MINUTE_MS:
            raise RuleError(f"{fields.name('longest')}: shorter than a minute, which is as fine as is looked")
        load = fields.quantity("load_per_core", "")
        if load <= 0:
            raise RuleError(f"{fields.name('load_per_core')}: {load:g} is not more than nothing")
        steal = fields.share("steal") if fields.has("steal") else None
        shares = fields.share("share"), fields.share("busy"), fields.share("saturated")
        return cls(named, *shares, longest_ms, load, steal)

    def judge(self, case: Case) -> Result:
        evidence = case.evidence
        busy = bounds(evidence.track(*BUSY), evidence, 1.0)
        asked = hours(self.longest_ms)
        clauses: list[Clause] = [
            Level("busy", TOTAL, "ratio", self.busy, self.share).judge(case, busy),
            Streak(
                "saturated",
                TOTAL,
                self.saturated,
                self.longest_ms // MINUTE_MS,
                Text(f"≤ {asked.zh}", f"≤ {asked.en}"),
            ).judge(case, busy),
            Level("load_per_core", Text("每核负载", "load per core"), "", self.load_per_core, self.share).judge(
                case, bounds(evidence.track(*LOAD), evidence, math.inf)
            ),
        ]
        if self.steal is not None:
            taken = Level(
                "steal", Text("CPU 被宿主机占用", "CPU taken by the hypervisor"), "ratio", self.steal, self.share
            )
            clauses.append(taken.judge(case, bounds(evidence.track(*STEAL), evidence, 1.0)))
        return together(self.named.id, clauses)
