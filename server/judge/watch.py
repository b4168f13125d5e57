"""One rule on one part of a device, and what it says by the ticks seen so far."""

from __future__ import annotations

from checklists.criteria import Judgement, Unknown
from checklists.lasting import Standing, settle
from checklists.rule import Rule
from checklists.verdicts import Verdict
from readings.model import Gap

Key = tuple[str, str]  # rule id, part


class Watch:
    """``standing`` None: no value was ever seen and nothing is said. ``value``, ``reason``: of the last turn.

    ``last_ms``: 0 while its source carries the series, else the last tick that did.
    """

    __slots__ = ("last_ms", "part", "reason", "rule", "standing", "value")

    def __init__(self, rule: Rule, part: str, standing: Standing | None = None, last_ms: int = 0) -> None:
        self.rule = rule
        self.part = part
        self.standing = standing
        self.value: float | None = None
        self.reason = ""
        self.last_ms = last_ms

    @property
    def key(self) -> Key:
        return (self.rule.id, self.part)

    @property
    def tripped(self) -> bool:
        return self.standing is not None and self.standing.tripped

    @property
    def pending(self) -> bool:
        return self.standing is not None and self.standing.pending_ms is not None

    def step(self, judgement: Judgement, at_ms: int) -> bool:
        """Take one more tick; True when anything of the standing changed. Ascending in time."""
        raw = judgement.verdict
        before = self.standing
        if before is None:
            if raw is Verdict.UNKNOWN and judgement.reason == Gap.NOT_OFFERED.word:
                return False  # a part that never offered it: there is nothing to say of it
            before = Standing(Verdict.UNKNOWN, at_ms)
        after = settle(before, raw, at_ms, self.rule.for_ms)
        if after == self.standing:
            return False
        if after.verdict is Verdict.UNKNOWN:
            # Out of bounds, but not for long enough to say so, and nothing else was known before.
            self.reason = judgement.reason if raw is Verdict.UNKNOWN else Unknown.GATHERING
        else:
            self.reason = ""
        self.value = judgement.value
        self.standing = after
        return True

    def copy(self) -> Watch:
        twin = Watch(self.rule, self.part, self.standing, self.last_ms)
        twin.value, twin.reason = self.value, self.reason
        return twin
