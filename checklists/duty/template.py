"""A duty checklist as it is written: its items, what verifies each, and the one text it is frozen in."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checklists.criteria import Band
from checklists.rule import Parts
from checklists.sentences import Text, band_text, shown

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Each:
    """Of which devices an item is a line each; nothing named: all."""

    kinds: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def holds(self, kind: str, environment: str, device_class: str) -> bool:
        asked = ((self.kinds, kind), (self.environments, environment), (self.classes, device_class))
        return all(not words or word in words for words, word in asked)


@dataclass(frozen=True, slots=True)
class Check:
    """What a reading must be. ``fresh_ms``: how old it may be; limits in the metric's unit, None: no limit there.

    ``offered_only``: parts that do not have such a thing (no inodes on btrfs) are passed over while another has it.
    ``heard``: within ``intervals`` of the device. ``no_events``: of ``source``, at most ``severity``, in ``over_ms``.
    """

    rule: str
    fresh_ms: int
    metric: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    parts: Parts = field(default_factory=Parts)
    offered_only: bool = False
    intervals: float = 0.0
    source: str = ""
    severity: int = 0
    over_ms: int = 0

    @property
    def band(self) -> Band:
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        return Band(self.metric, low, high, low, high)

    @property
    def limit(self) -> Text:
        """What would be normal, as people read it."""
        if self.metric:
            return band_text(*self.band.band(False), self.unit)
        if self.rule == "heard":
            return Text(f"{self.intervals:g} 个采集间隔内有上报", f"heard within {self.intervals:g} intervals")
        if self.rule == "no_events":
            over_s = self.over_ms / 1000
            return Text(f"{shown(over_s, 'seconds', 'zh')}内没有", f"none in {shown(over_s, 'seconds', 'en')}")
        return Text("没有", "none")

    def as_json(self) -> Json:
        parts = {"only": list(self.parts.only), "besides": list(self.parts.besides)}
        return {
            "rule": self.rule,
            "fresh_ms": self.fresh_ms,
            "metric": self.metric,
            "unit": self.unit,
            "low": self.low,
            "high": self.high,
            "parts": parts,
            "offered_only": self.offered_only,
            "intervals": self.intervals,
            "source": self.source,
            "severity": self.severity,
            "over_ms": self.over_ms,
        }


@dataclass(frozen=True, slots=True)
class ByHand:
    """Somebody looks. ``text`` says at what; ``note_required``: without words it is not confirmed."""

    note_required: bool
    text: Text

    def as_json(self) -> Json:
        return {"note": "required" if self.note_required else "optional", **_both(self.text)}


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist, or one of each device. ``verify`` or ``by_hand``, never both.

    ``operator`` and ``reviewer`` are posts (1.3-4); empty: anybody who may write. ``proposal``: a default of ours
    nobody has approved yet.
    """

    id: str
    section: str
    text: Text
    each: Each | None
    verify: Check | None
    by_hand: ByHand | None
    operator: tuple[str, ...] = ()
    reviewer: tuple[str, ...] = ()
    proposal: bool = False
    why: str = ""

    def as_json(self) -> Json:
        each = self.each and {
            "kind": list(self.each.kinds),
            "environment": list(self.each.environments),
            "class": list(self.each.classes),
        }
        return {
            "id": self.id,
            "section": self.section,
            **_both(self.text),
            "each": each,
            "verify": self.verify and self.verify.as_json(),
            "by_hand": self.by_hand and self.by_hand.as_json(),
            "operator": list(self.operator),
            "reviewer": list(self.reviewer),
            "proposal": self.proposal,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Template:
    """``sections`` by id, in the order of the file; ``cycle`` and ``phase`` as in 2.2-2 and 2.2-3."""

    id: str
    version: int
    text: Text
    cycle: str
    phase: str
    sections: Mapping[str, Text]
    items: tuple[Item, ...]

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "version": self.version,
            **_both(self.text),
            "cycle": self.cycle,
            "phase": self.phase,
            "sections": [{"id": key, **_both(text)} for key, text in self.sections.items()],
            "items": [item.as_json() for item in self.items],
        }

    @property
    def frozen(self) -> str:
        """One text for one content: what a run keeps."""
        return canonical(self.as_json())

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.frozen.encode()).hexdigest()


def canonical(content: Json) -> str:
    """Sorted keys, no spaces, UTF-8; refuses NaN."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
