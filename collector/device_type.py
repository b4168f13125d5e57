"""What a kind of device is known by, what it is asked and what its answers mean: one YAML file each, no Python.

A state that is not listed is a gap and told as unmapped, never taken for normal. Every number names what one step of
it is (``each: 0.1 V``), and a step that does not fit the metric's unit is refused when the file loads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from collector.source import Answer, SnmpSource, Unmapped
from collector.sources.parts import names
from collector.subtrees import outermost
from collector.walk import Value, Walk, number_of, scaled, text_of
from readings.model import Fact, Gap, Sample

MOST_DIGITS = 9
QUOTES = ' "'  # some agents put their texts in quotes, and lose one of them


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: ``at`` one object, or ``column`` one for each row.

    A row's part is ``part`` with ``{index}`` in it, or the text of ``named_by`` at the same index (or a leading piece
    of it); ``via`` is a column whose value is the index into ``named_by``. A row that stands alone is called
    ``alone``. Rows count only where the value of ``where`` is one of ``among`` and none of ``other_than``, and where
    their name fits ``called``; none counts where anything answers beneath ``unless``.
    """

    at: str = ""
    column: str = ""
    part: str = ""
    named_by: str = ""
    via: str = ""
    where: str = ""
    among: frozenset[float] = frozenset()
    other_than: frozenset[float] = frozenset()
    alone: str | None = None
    called: re.Pattern[str] | None = None
    unless: str = ""

    def roots(self) -> tuple[str, ...]:
        asked = (self.at or self.column, self.named_by, self.via, self.where, self.unless)
        return tuple(root for root in asked if root)

    def rows(self, walk: Walk, absent: frozenset[float]) -> dict[str, str]:
        """OID → part of every value there is; a row that says ``absent`` is a thing this device does not have."""
        if self.unless and walk.has(self.unless):
            return {}
        if self.at:
            value = walk.value(self.at)
            gone = value is not None and number_of(value) in absent
            return {} if gone else {self.at: self.part}
        column = walk.column(self.column)
        kept = [index for index, value in column.items() if number_of(value) not in absent]
        if self.where:
            kept = [index for index in kept if self._counts(walk.number(f"{self.where}.{index}"))]
        if self.called is not None:
            kept = [index for index in kept if self.called.search(self._name(walk, index))]
        if self.alone is not None and len(kept) == 1:
            return {f"{self.column}.{kept[0]}": self.alone}
        parts = names((index, self._name(walk, index)) for index in kept)
        return {f"{self.column}.{index}": part for index, part in parts.items()}

    def _counts(self, number: float | Gap) -> bool:
        if isinstance(number, Gap):
            return False
        return (not self.among or number in self.among) and number not in self.other_than

    def _name(self, walk: Walk, index: str) -> str:
        if not self.named_by:
            return (self.part or "{index}").format(index=index)
        key = walk.text(f"{self.via}.{index}") if self.via else index
        while key:
            if text := walk.text(f"{self.named_by}.{key}").strip(QUOTES):
                return f"{self.part} {text}".strip()
            key = key.rpartition(".")[0]
        return f"{self.part} {index}".strip()


@dataclass(frozen=True, slots=True)
class Measure:
    """A number: ``step`` of the metric's unit each; ``of`` a whole, or ``beside`` what makes it whole (ratios).

    ``digits`` is a column that says how many of its digits stand behind the point.

    ``within`` finds it in a text ("35 %"); ``invert``: the device counts what is left, the metric what is used. A
    row below ``least`` is no such thing (a "temperature" of -64 is the distance to a limit). ``otherwise``: it counts
    only where no source of the type says it.
    """

    metric: str
    place: Place
    step: float = 1.0
    gaps: frozenset[float] = frozenset()
    absent: frozenset[float] = frozenset()
    of: str = ""
    beside: str = ""
    invert: bool = False
    within: re.Pattern[str] | None = None
    least: float | None = None
    otherwise: bool = False
    digits: str = ""

    def read(self, walk: Walk) -> Iterator[Answer]:
        for oid, part in self.place.rows(walk, self.absent).items():
            value = self._value(walk, oid)
            if self.least is None or isinstance(value, Gap) or value >= self.least:
                yield Sample(self.metric, value, part)

    def _value(self, walk: Walk, oid: str) -> float | Gap:
        value = walk.number(oid, times=self.step, gaps=self.gaps) if self.within is None else self._found(walk, oid)
        if self.digits and not isinstance(value, Gap):
            value = self._pointed(walk, value, oid)
        other = self.of or self.beside
        if other and not isinstance(value, Gap):
            value = self._share(walk, value, oid, other)
        return value if isinstance(value, Gap) or not self.invert else round(1 - value, 9)

    def _pointed(self, walk: Walk, value: float, oid: str) -> float | Gap:
        digits = walk.number(self.digits + oid.removeprefix(self.place.column))
        known = not isinstance(digits, Gap) and 0 <= digits <= MOST_DIGITS
        return scaled(value, 10.0**-digits) if known else Gap.UNREADABLE

    def _found(self, walk: Walk, oid: str) -> float | Gap:
        if self.within is None or oid not in walk:
            return walk.number(oid)
        found = self.within.search(walk.text(oid))
        number = number_of(found[1].encode()) if found else Gap.UNREADABLE
        return number if isinstance(number, Gap) else scaled(number, self.step)

    def _share(self, walk: Walk, value: float, oid: str, other: str) -> float | Gap:
        place = other + oid.removeprefix(self.place.column) if self.place.column else other
        second = walk.number(place, times=self.step, gaps=self.gaps)
        if isinstance(second, Gap):
            return second
        whole = second if self.of else value + second
        return value / whole if 0 <= value <= whole and whole > 0 else Gap.UNREADABLE


@dataclass(frozen=True, slots=True)
class StateTable:
    """``means``: what the device says (number or text) → the number of the metric's state; at ``gaps`` it says nothing.

    What is in neither is unmapped. ``otherwise``: as in Measure.
    """

    metric: str
    place: Place
    means: Mapping[float | str, int]
    absent: frozenset[float] = frozenset()
    gaps: frozenset[float] = frozenset()
    otherwise: bool = False

    def read(self, walk: Walk) -> Iterator[Answer]:
        for oid, part in self.place.rows(walk, self.absent).items():
            value = walk.value(oid)
            if value is None or isinstance(value, Gap):
                yield Sample(self.metric, walk.number(oid), part)
                continue
            if number_of(value) in self.gaps:
                yield Sample(self.metric, Gap.NOT_OFFERED, part)
                continue
            state = self._meant(value)
            if state is None:
                yield Unmapped(self.metric, oid, text_of(value)[:100])
            yield Sample(self.metric, Gap.UNREADABLE if state is None else float(state), part)

    def _meant(self, value: Value) -> int | None:
        number = number_of(value)
        if not isinstance(number, Gap) and number in self.means:
            return self.means[number]
        return None if isinstance(value, Gap) else self.means.get(text_of(value))


@dataclass(frozen=True, slots=True)
class FactPlace:
    """Where a fact stands: an object, the first row of a column, or what sysDescr's pattern finds."""

    at: str = ""
    column: str = ""
    pattern: re.Pattern[str] | None = None

    def text(self, walk: Walk) -> str:
        if self.pattern is not None:
            found = self.pattern.search(walk.text("1.3.6.1.2.1.1.1.0"))
            return found[1].strip() if found else ""
        if self.at:
            return walk.text(self.at).strip(QUOTES)
        texts = (walk.text(f"{self.column}.{index}") for index in walk.column(self.column))
        return next((text for text in texts if text.strip(QUOTES)), "").strip(QUOTES)


@dataclass(frozen=True, slots=True)
class Recognition:
    """All that is named must hold; the longest sysObjectID wins, then who names more."""

    sys_object_ids: tuple[str, ...] = ()
    sys_descr: re.Pattern[str] | None = None
    answers: tuple[str, ...] = ()

    def named(self, object_id: str) -> int:
        """How many numbers of ``object_id`` are named here, 0 for another vendor's."""
        fitting = (oid for oid in self.sys_object_ids if f"{object_id}.".startswith(f"{oid}."))
        return max((oid.count(".") + 1 for oid in fitting), default=0)

    def rank(self, object_id: str, descr: str, walk: Walk) -> tuple[int, int, int] | None:
        """How well this fits, None when it does not."""
        longest = self.named(object_id)
        if self.sys_object_ids and not longest:
            return None
        if self.sys_descr is not None and not self.sys_descr.search(descr):
            return None
        if self.answers and not any(walk.has(oid) for oid in self.answers):
            return None
        return longest, int(self.sys_descr is not None), int(bool(self.answers))


@dataclass(frozen=True, slots=True)
class DeviceType:
    """One file of ``collector/devices``."""

    id: str
    kind: str
    vendor: str
    recognise: tuple[Recognition, ...]  # any of them
    sources: tuple[SnmpSource, ...]
    interval_s: float
    measures: tuple[Measure, ...] = ()
    states: tuple[StateTable, ...] = ()
    facts: Mapping[str, tuple[FactPlace, ...]] = field(default_factory=dict)
    order: int = 0  # among the generic types: who is asked first

    def roots(self) -> tuple[str, ...]:
        """Every subtree this type asks for, each once, none inside another."""
        wanted: dict[str, None] = {}
        for place in (*(measure.place for measure in self.measures), *(table.place for table in self.states)):
            wanted.update(dict.fromkeys(place.roots()))
        for measure in self.measures:
            beside = (measure.of, measure.beside, measure.digits)
            wanted.update(dict.fromkeys(root for root in beside if root))
        for places in self.facts.values():
            wanted.update(dict.fromkeys(root for place in places if (root := place.at or place.column)))
        for source in self.sources:
            wanted.update(dict.fromkeys(source.roots))
        return outermost(wanted)

    def read(self, walk: Walk) -> Iterator[Answer]:
        """Everything the answers say; what the type itself names comes before what its sources find, but for what
        it names for want of them.
        """
        rows: tuple[Measure | StateTable, ...] = (*self.measures, *self.states)
        for row in rows:
            if not row.otherwise:
                yield from row.read(walk)
        for key, places in self.facts.items():
            if text := next((text for place in places if (text := place.text(walk))), ""):
                yield Fact(key, text)
        for source in self.sources:
            yield from source.read(walk)
        for row in rows:
            if row.otherwise:
                yield from row.read(walk)
