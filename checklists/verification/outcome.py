"""What a criterion came to, what the whole run comes to, and the sentence and the figures it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from checklists.sentences import Text


class Outcome(StrEnum):
    """Worst first."""

    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    PASS = "PASS"  # noqa: S105 - a verdict, no password
    NOT_APPLICABLE = "NOT_APPLICABLE"


class RunVerdict(StrEnum):
    """What the machine recommends; people decide."""

    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    PASS = "pass"  # noqa: S105 - a verdict, no password


@dataclass(frozen=True, slots=True)
class Result:
    """One criterion. ``required`` and ``measured`` are short ("≥ 168 h", "112.4 h"), ``sentence`` says why.

    ``margin`` is how far it is to what is required: 1 and more is reached where more is better (hours), used up where
    less is better (share of a limit); None where there is no such number. ``marginal``: within 10 % of a limit.
    ``evidence`` is JSON: the figures and moments the outcome rests on.
    """

    criterion: str
    outcome: Outcome
    required: Text
    measured: Text
    sentence: Text
    margin: float | None = None
    marginal: bool = False
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Three shares of the window, 0–1: minutes with a reading, minutes whose log is accounted for, and minutes over
    which counters go on without a break. None: nothing is known of it.
    """

    sample: float
    event: float | None
    counter: float | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A run at one moment. ``effective_ms``: minutes that were really watched."""

    verdict: RunVerdict
    effective_ms: int
    coverage: Coverage
    results: Sequence[Result]

    def of(self, criterion: str) -> Result:
        """Raises KeyError."""
        return next(iter(result for result in self.results if result.criterion == criterion))
