"""A criterion of a verification: what every one is called and asked, and the case it is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from checklists.rule_fields import Fields
from checklists.sentences import Text
from checklists.verification.allowing import Allowed
from checklists.verification.coverage import Accounted
from checklists.verification.evidence import Evidence
from checklists.verification.minutes import MINUTE_MS
from checklists.verification.outcome import Result


@dataclass(frozen=True, slots=True)
class Case:
    """One run at one moment. ``window_ms`` is what the run must last, a trial's own where it is one."""

    evidence: Evidence
    window_ms: int
    accounted: Accounted
    allow: Sequence[Allowed] = ()

    @property
    def whole_minutes(self) -> int:
        """What a FAIL is measured against: early in a run its few minutes are no window yet."""
        return max(self.evidence.minutes, self.window_ms // MINUTE_MS)


@dataclass(frozen=True, slots=True)
class Named:
    """``blocker`` False: shown and commented on, never deciding."""

    id: str
    name: Text
    blocker: bool


class Criterion(Protocol):
    """Three-valued: FAIL only where what was read proves it, PASS only where what is missing could not undo it."""

    rule: ClassVar[str]
    metrics: ClassVar[Sequence[str]]  # what it reads, to be found in the catalogue

    @property
    def named(self) -> Named: ...

    @classmethod
    def read(cls, named: Named, fields: Fields) -> Criterion:
        """Its limits from a profile. Raises RuleError."""
        ...

    def judge(self, case: Case) -> Result: ...
