"""A device as the judge holds it in memory: its lanes, its findings, and when it is due."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Protocol

from checklists.lasting import Standing
from checklists.sentences import Text, sentence
from checklists.verdicts import RuleSeverity, Verdict
from server.judge.lane import Lane, RuleBook
from server.judge.watch import Key, Watch

NEVER_MS = 2**62
RETIRE_MS = 24 * 3_600_000  # how long a part may be gone from its source before its finding is given up


@dataclass(frozen=True, slots=True)
class Traits:
    """What the ledger says of a device, as far as rules ask."""

    kind: str = "server"
    tags: Collection[str] = ()


class Directory(Protocol):
    """The ledger. An unknown device has the traits of a server."""

    def __call__(self, device_no: str) -> Traits: ...


@dataclass(slots=True)
class Finding:
    """What a rule says of a part now, with the evidence of its last change (``value`` in base units, ``at_ms``)."""

    device_no: str
    rule: str
    part: str
    source: str
    metric: str
    severity: RuleSeverity
    standing: Standing
    at_ms: int
    value: float | None
    reason: str
    text: Text

    @property
    def verdict(self) -> Verdict:
        return self.standing.verdict

    @property
    def key(self) -> Key:
        return (self.rule, self.part)


@dataclass(slots=True)
class DeviceState:
    """``lanes``: by source, the ticks stored so far. ``ahead``: where a newest tick rode ahead of them.

    ``findings`` are what is shown: by the lane ahead where there is one. ``version`` grows with every change of them.
    """

    device_no: str
    book: RuleBook
    interval_s: float
    newest_ms: int = 0
    due_ms: int = NEVER_MS
    lanes: dict[str, Lane] = field(default_factory=dict)
    ahead: dict[str, Lane] = field(default_factory=dict)
    findings: dict[Key, Finding] = field(default_factory=dict)
    version: int = 0

    def lane(self, source: str) -> Lane:
        lane = self.lanes.get(source)
        if lane is None:
            lane = self.lanes[source] = Lane(source, self.book, self.interval_s)
        return lane

    def lane_ahead(self, source: str) -> Lane:
        """The lane of newest ticks of this source; a new one stands as what is shown."""
        lane = self.ahead.get(source)
        if lane is None:
            lane = self.ahead[source] = self.lane(source).copy()
            for key, watch in lane.watches.items():
                if key in self.findings:
                    watch.standing = self.findings[key].standing
        return lane

    def shown_lane(self, source: str) -> Lane | None:
        return self.ahead.get(source) or self.lanes.get(source)

    def set_interval(self, interval_s: float) -> bool:
        """Whether it changed."""
        if interval_s == self.interval_s:
            return False
        self.interval_s = interval_s
        for lane in (*self.lanes.values(), *self.ahead.values()):
            lane.interval_s = interval_s
        return True

    def next_due(self) -> int:
        """The first moment (ms) at which time alone changes a verdict: nothing heard, a value stale, a part gone."""
        due = [NEVER_MS]
        for rule in self.book.heard:
            finding = self.findings.get((rule.id, ""))
            if finding is not None and finding.verdict is Verdict.MET:
                due.append(self.newest_ms + rule.fresh_of(self.interval_s) + 1)
        for finding in self.findings.values():
            lane = self.shown_lane(finding.source)
            watch = lane.watches.get(finding.key) if lane is not None else None
            if lane is None or watch is None:
                continue
            if finding.verdict is not Verdict.UNKNOWN:
                due.append(lane.last_ms(watch) + lane.fresh_ms(watch) + 1)
            elif watch.last_ms:
                due.append(watch.last_ms + RETIRE_MS + 1)
        return min(due)


def finding_of(device_no: str, watch: Watch, source: str, at_ms: int) -> Finding:
    """What the watch says at the tick ``at_ms``."""
    assert watch.standing is not None
    return Finding(
        device_no=device_no,
        rule=watch.rule.id,
        part=watch.part,
        source=source,
        metric=watch.rule.criterion.metric,
        severity=watch.rule.severity,
        standing=watch.standing,
        at_ms=at_ms,
        value=watch.value,
        reason=watch.reason,
        text=sentence(watch.rule, watch.part, watch.standing.verdict, watch.value, watch.reason),
    )
