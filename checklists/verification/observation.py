"""What people saw standing before the device: clause 1.5-19 asks for rounds besides monitoring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from checklists.rule_fields import Fields, RuleError
from checklists.sentences import Text
from checklists.verification.criterion import Case, Named
from checklists.verification.minutes import MINUTE_MS
from checklists.verification.outcome import Outcome, Result
from checklists.verification.phrases import hours, moment

MOST_SEEN = 100


@dataclass(frozen=True, slots=True)
class DailyObservation:
    """One observation in each whole day counted from the run's start, none with an alarm. A day under way asks none."""

    rule: ClassVar[str] = "daily_observation"
    metrics: ClassVar[Sequence[str]] = ()
    named: Named
    every_ms: int

    @classmethod
    def read(cls, named: Named, fields: Fields) -> DailyObservation:
        found = cls(named, fields.duration_ms("every"))
        if found.every_ms < MINUTE_MS:
            raise RuleError(f"{fields.name('every')}: nobody looks more often than every minute")
        return found

    def judge(self, case: Case) -> Result:
        evidence = case.evidence
        seen = [each for each in evidence.seen if each.at_ms >= evidence.start_ms]
        days = evidence.minutes * MINUTE_MS // self.every_ms
        looked = {(each.at_ms - evidence.start_ms) // self.every_ms for each in seen}
        missing = [day for day in range(days) if day not in looked]
        alarms = [each for each in seen if each.alarm]
        every = hours(self.every_ms)
        if alarms:
            first = alarms[0]
            said = Text(
                f"{first.observer} 于 {moment(first.at_ms)} 看到告警：{first.note or '（无说明）'}",
                f"{first.observer} saw an alarm at {moment(first.at_ms)}: {first.note or '(no note)'}",
            )
        elif missing:
            said = Text(
                f"第 {'、'.join(str(day + 1) for day in missing)} 天没有现场观察记录",
                f"no observation on day {', '.join(str(day + 1) for day in missing)}",
            )
        elif days:
            said = Text(f"{days} 天每天都有现场观察，没有告警", f"observed every day ({days} of {days}), no alarm")
        else:
            said = Text(f"未满 {every.zh}，尚无需观察", f"less than {every.en} so far, none is needed yet")
        return Result(
            self.named.id,
            Outcome.FAIL if alarms else Outcome.INCONCLUSIVE if missing else Outcome.PASS,
            Text(f"每 {every.zh} 1 次，无告警", f"one per {every.en}, no alarm"),
            Text(
                f"{days - len(missing)}/{days}，告警 {len(alarms)} 次",
                f"{days - len(missing)}/{days}, {len(alarms)} alarms",
            ),
            said,
            (days - len(missing)) / days if days else None,
            evidence={
                "seen": [
                    {"at_ms": each.at_ms, "observer": each.observer, "alarm": each.alarm, "note": each.note}
                    for each in seen[:MOST_SEEN]
                ],
                "seen_total": len(seen),
                "days": days,
                "days_missing": [day + 1 for day in missing],
            },
        )
