"""Memory within bounds: level and saturation of the week, swapping, and time lost waiting for memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from checklists.rule_fields import Fields, RuleError
from checklists.sentences import Text
from checklists.verification.clauses import Clause, Level, Streak, bounds_of, outcome_of, telling_falls, together
from checklists.verification.counters import LEAD_MINUTES, TAIL_MINUTES, fallen, increase, stalled_ms
from checklists.verification.criterion import Case, Named
from checklists.verification.minutes import MINUTE_MS, bounds
from checklists.verification.outcome import Result
from checklists.verification.phrases import hours, quantity

USED, SWAP_IN, PRESSURE = "memory_used_ratio", "swap_in_pages_total", "pressure_memory_full_seconds_total"
TOTAL = Text("内存使用率", "memory used")


@dataclass(frozen=True, slots=True)
class MemoryNormal:
    """``swap_in`` (pages/s) and ``pressure`` (share of time) None: the profile does not ask for it."""

    rule: ClassVar[str] = "memory_normal"
    metrics: ClassVar[Sequence[str]] = (USED, SWAP_IN, PRESSURE)
    named: Named
    share: float
    used: float
    nearly_full: float
    shorter_than_ms: int
    swap_in: float | None
    pressure: float | None

    @classmethod
    def read(cls, named: Named, fields: Fields) -> MemoryNormal:
        shorter_ms = fields.duration_ms("shorter_than")
        if shorter_ms <= MINUTE_MS:
            raise RuleError(f"{fields.name('shorter_than')}: no more than a minute, which is as fine as is looked")
        swap_in = fields.quantity("swap_in", "per_second") if fields.has("swap_in") else None
        if swap_in is not None and swap_in < 0:
            raise RuleError(f"{fields.name('swap_in')}: {swap_in:g}: nothing is swapped in at less than 0 /s")
        pressure = fields.share("pressure") if fields.has("pressure") else None
        shares = fields.share("share"), fields.share("used"), fields.share("nearly_full")
        return cls(named, *shares, shorter_ms, swap_in, pressure)

    def judge(self, case: Case) -> Result:
        evidence = case.evidence
        used = bounds(evidence.track(USED), evidence, 1.0)
        asked = hours(self.shorter_than_ms)
        most = -(-self.shorter_than_ms // MINUTE_MS) - 1
        clauses = [
            Level("used", TOTAL, "ratio", self.used, self.share).judge(case, used),
            Streak("nearly_full", TOTAL, self.nearly_full, most, Text(f"< {asked.zh}", f"< {asked.en}")).judge(
                case, used
            ),
        ]
        if self.swap_in is not None:
            gained = increase(evidence, (SWAP_IN, ""))
            rates = bounds_of(gained.low / 60, gained.high / 60, gained.minute)
            swapped = Level("swap_in", Text("换入页", "pages swapped in"), "per_second", self.swap_in, self.share)
            clauses.append(telling_falls(swapped.judge(case, rates), fallen(evidence, (SWAP_IN, ""))))
        if self.pressure is not None:
            waited = _waited(case, self.pressure)
            clauses.append(telling_falls(waited, fallen(evidence, (PRESSURE, ""))))
        return together(self.named.id, clauses)


def _waited(case: Case, limit: float) -> Clause:
    """Time no reading bridges counts as waited. Of the window's time, less the minutes counters are not judged in."""
    least, most, judged = stalled_ms(case.evidence, (PRESSURE, ""))
    whole = (case.whole_minutes - LEAD_MINUTES - TAIL_MINUTES) * MINUTE_MS
    share = most / judged if judged else 1.0
    asked, had = quantity(limit, "ratio"), f"{share * 100:.3g} %"
    return Clause(
        "pressure",
        outcome_of(proved=least > limit * whole and whole > 0, reached=judged > 0 and most <= limit * judged),
        Text(f"内存压力(full) ≤ {asked.zh}的时间", f"all waited for memory ≤ {asked.en} of the time"),
        Text(f"内存压力(full) {had}", f"all waited for memory {had}"),
        Text(
            f"全部任务等待内存的时间占 {had}（无法确认的时间按等待计），上限 {asked.zh}",
            f"all tasks waited for memory {had} of the time (what nobody knows counts as waited), at most {asked.en}",
        ),
        share / limit if limit else None,
        {"share": share, "limit": limit, "least_ms": least, "most_ms": most, "of_ms": judged},
    )
