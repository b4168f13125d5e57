"""Restarts nobody planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from checklists.rule_fields import Fields
from checklists.sentences import Text
from checklists.verification.counters import changes
from checklists.verification.criterion import Case, Named
from checklists.verification.outcome import Outcome, Result
from checklists.verification.phrases import hours, moment

MOST_BOOTS = 50


@dataclass(frozen=True, slots=True)
class UnplannedReboot:
    """The same boot from the start of the window to its end.

    Maintenance that was entered beforehand will excuse a restart once there are such entries; until then every restart
    counts as unplanned. ``silence_ms``: silent for longer at the end, nobody knows in which boot the device is.
    """

    rule: ClassVar[str] = "unplanned_reboot"
    metrics: ClassVar[Sequence[str]] = ()
    named: Named
    silence_ms: int

    @classmethod
    def read(cls, named: Named, fields: Fields) -> UnplannedReboot:
        return cls(named, fields.duration_ms("silence"))

    def judge(self, case: Case) -> Result:
        evidence, boots = case.evidence, changes(case.evidence)
        restarts = [after for _, after in pairwise(boots) if evidence.start_ms <= after.at_ms < evidence.end_ms]
        inside = evidence.ticks[(evidence.ticks >= evidence.start_ms) & (evidence.ticks < evidence.end_ms)]
        silent_ms = evidence.end_ms - (int(inside[-1]) if len(inside) else evidence.start_ms)
        known = bool(boots) and boots[0].at_ms <= evidence.start_ms + self.silence_ms
        settled = known and len(inside) > 0 and silent_ms <= self.silence_ms
        return Result(
            self.named.id,
            Outcome.FAIL if restarts else Outcome.PASS if settled else Outcome.INCONCLUSIVE,
            Text("0 次", "0"),
            Text(f"{len(restarts)} 次", f"{len(restarts)}"),
            _said([boot.at_ms for boot in restarts], silent_ms, known=known, settled=settled),
            evidence={
                "boots": [{"at_ms": boot.at_ms, "boot_id": boot.boot_id} for boot in boots[:MOST_BOOTS]],
                "restarts": [boot.at_ms for boot in restarts[:MOST_BOOTS]],
                "restarts_total": len(restarts),
                "silent_ms": silent_ms,
            },
        )


def _said(restarts: Sequence[int], silent_ms: int, *, known: bool, settled: bool) -> Text:
    if restarts:
        first = moment(restarts[0])
        return Text(
            f"窗口内重启 {len(restarts)} 次，首次发现于 {first}",
            f"restarts inside the window: {len(restarts)}, the first seen at {first}",
        )
    if not known:
        return Text(
            "窗口开始时设备未报告启动标识", "at the start of the window the device had not said in which boot it runs"
        )
    if not settled:
        silent = hours(silent_ms)
        return Text(
            f"设备已 {silent.zh}没有上报，期间是否重启不得而知",
            f"nothing from the device for {silent.en}: whether it restarted since, nobody knows",
        )
    return Text("整个窗口内启动标识未变", "the same boot throughout the window")
