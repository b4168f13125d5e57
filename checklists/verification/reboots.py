"""Restarts nobody planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from checklists.rule_fields import Fields
from checklists.sentences import Text
from checklists.verification.counters import changes
from checklists.verification.criterion import Case, Named
from checklists.verification.outcome import Outcome, Result
from checklists.verification.phrases import hours, moment
from checklists.verification.planned import Kind, Restart, restarts

MOST_BOOTS = 50


@dataclass(frozen=True, slots=True)
class UnplannedReboot:
    """The same boot from the start of the window to its end, but for restarts in work that was announced before it.

    At most ``planned`` of those, each shut down in order as the device itself says. ``silence_ms``: silent for longer
    at the end, nobody knows in which boot the device is.
    """

    rule: ClassVar[str] = "unplanned_reboot"
    metrics: ClassVar[Sequence[str]] = ()
    named: Named
    silence_ms: int
    planned: int = 0

    @classmethod
    def read(cls, named: Named, fields: Fields) -> UnplannedReboot:
        return cls(named, fields.duration_ms("silence"), fields.whole("planned") if fields.has("planned") else 0)

    def judge(self, case: Case) -> Result:
        evidence, boots = case.evidence, changes(case.evidence)
        found = restarts(evidence)
        of = {kind: [restart for restart in found if restart.kind is kind] for kind in Kind}
        inside = evidence.ticks[(evidence.ticks >= evidence.start_ms) & (evidence.ticks < evidence.end_ms)]
        silent_ms = evidence.end_ms - (int(inside[-1]) if len(inside) else evidence.start_ms)
        known = bool(boots) and boots[0].at_ms <= evidence.start_ms + self.silence_ms
        settled = known and len(inside) > 0 and silent_ms <= self.silence_ms
        unplanned, planned = len(found) - len(of[Kind.PLANNED]), len(of[Kind.PLANNED])
        bad = bool(of[Kind.UNPLANNED]) or planned > self.planned
        allowed = Text(f"（计划内最多 {self.planned} 次）", f" (planned: {self.planned} at most)")
        also = Text(f"，计划内 {planned} 次", f", {planned} planned")
        return Result(
            self.named.id,
            Outcome.FAIL if bad else Outcome.PASS if settled and not of[Kind.UNKNOWN] else Outcome.INCONCLUSIVE,
            Text("0 次" + allowed.zh * bool(self.planned), "0" + allowed.en * bool(self.planned)),
            Text(f"{unplanned} 次" + also.zh * bool(planned), f"{unplanned}" + also.en * bool(planned)),
            self._restarted(of) or _quiet(planned, silent_ms, known=known, settled=settled),
            evidence={
                "boots": [{"at_ms": boot.at_ms, "boot_id": boot.boot_id} for boot in boots[:MOST_BOOTS]],
                "restarts": [
                    {"after_ms": restart.after_ms, "at_ms": restart.at_ms, "kind": restart.kind.value}
                    for restart in found[:MOST_BOOTS]
                ],
                "restarts_total": len(found),
                "silent_ms": silent_ms,
            },
        )

    def _restarted(self, of: Mapping[Kind, Sequence[Restart]]) -> Text | None:
        """What is wrong with the restarts there were; None when nothing is."""
        if unplanned := of[Kind.UNPLANNED]:
            first = moment(unplanned[0].at_ms)
            return Text(
                f"窗口内非计划重启 {len(unplanned)} 次，首次发现于 {first}",
                f"unplanned restarts inside the window: {len(unplanned)}, the first seen at {first}",
            )
        if (count := len(of[Kind.PLANNED])) > self.planned:
            return Text(
                f"计划内重启 {count} 次，最多允许 {self.planned} 次",
                f"planned restarts: {count}, at most {self.planned} are allowed",
            )
        if unknown := of[Kind.UNKNOWN]:
            first = moment(unknown[0].at_ms)
            return Text(
                f"{first} 发现的重启与计划维护有关，但不能确认整个过程在维护时段之内且为正常关机",
                f"the restart seen at {first} touches planned work, but nothing proves that it lies within it and that"
                " the device was shut down in order",
            )
        return None


def _quiet(planned: int, silent_ms: int, *, known: bool, settled: bool) -> Text:
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
    if planned:
        return Text(
            f"只在计划维护中重启 {planned} 次，均为正常关机",
            f"restarted in planned work only ({planned}), each time shut down in order",
        )
    return Text("整个窗口内启动标识未变", "the same boot throughout the window")
