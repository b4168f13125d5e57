"""A rule: a criterion with what it is called, whom it concerns, how long it must last and how bad it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from checklists.criteria import Criterion
from checklists.presence import Heard
from checklists.verdicts import RuleSeverity


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a rule concerns: kinds of device and tags, any of each; empty: all."""

    kinds: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()

    def holds(self, kind: str, tags: Collection[str] = ()) -> bool:
        return (not self.kinds or kind in self.kinds) and (not self.tags or not self.tags.isdisjoint(tags))


@dataclass(frozen=True, slots=True)
class Parts:
    """Which parts of a metric are judged, as globs ("/var*"); nothing named: all."""

    only: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()

    def holds(self, part: str) -> bool:
        named = not self.only or any(fnmatchcase(part, glob) for glob in self.only)
        return named and not any(fnmatchcase(part, glob) for glob in self.besides)


@dataclass(frozen=True, slots=True)
class Rule:
    """``fresh_ms`` None: three intervals of the device. ``proposal``: a default of ours nobody has approved yet."""

    id: str
    criterion: Criterion
    severity: RuleSeverity
    zh: str
    en: str
    unit: str = ""
    for_ms: int = 0
    fresh_ms: int | None = None
    scope: Scope = field(default_factory=Scope)
    parts: Parts = field(default_factory=Parts)
    proposal: bool = False
    why: str = ""

    def fresh_of(self, interval_s: float) -> int:
        """How old a reading may be, ms, on a device that reports every ``interval_s`` seconds."""
        if isinstance(self.criterion, Heard):
            return self.criterion.within_ms(interval_s)
        return round(3 * interval_s * 1000) if self.fresh_ms is None else self.fresh_ms
