"""Which type a device is of, and what one reading of it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from collector.device_type import DeviceType, Recognition
from collector.possible import possible
from collector.source import Unmapped
from collector.subtrees import outermost
from collector.walk import Walk
from readings.model import Fact, Gap, Sample

SYS_DESCR, SYS_OBJECT_ID = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0"


@dataclass(slots=True)
class DeviceReading:
    """What one walk of a device says. A series or fact told twice is the first teller's."""

    type: DeviceType
    samples: list[Sample] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    unmapped: list[Unmapped] = field(default_factory=list)

    def fact(self, key: str) -> str:
        return next((fact.value for fact in self.facts if fact.key == key), "")


def signs(ways: Iterable[Recognition]) -> tuple[str, ...]:
    """Subtrees whose presence tells types apart: one GETNEXT each."""
    return tuple(dict.fromkeys(oid for way in ways for oid in way.answers))


def every_root(types: Iterable[DeviceType]) -> tuple[str, ...]:
    """All that any type asks for or is told by: what a recording is read for before its type is known."""
    types = list(types)
    asked = (root for one in types for root in one.roots())
    return outermost((SYS_DESCR, SYS_OBJECT_ID, *signs(way for one in types for way in one.recognise), *asked))


def identify(walk: Walk, types: Mapping[str, DeviceType]) -> DeviceType:
    """The type that fits best: the longest sysObjectID, then who names more. ``generic_snmp`` fits everything."""
    object_id, descr = walk.text(SYS_OBJECT_ID), walk.text(SYS_DESCR)
    ranked = [
        ((rank, -one.order), one)
        for one in types.values()
        for way in one.recognise
        if (rank := way.rank(object_id, descr, walk)) is not None
    ]
    return max(ranked, key=lambda found: found[0])[1]


def read_device(type_: DeviceType, walk: Walk) -> DeviceReading:
    """Everything ``walk`` says, as ``type_`` reads it."""
    reading = DeviceReading(type_)
    series: set[tuple[str, str]] = set()
    facts: set[str] = set()
    know, take = series.add, reading.samples.append
    for answer in type_.read(walk):
        if isinstance(answer, Sample):
            name = (answer.metric, answer.part)
            if name not in series:
                know(name)
                take(_possible(answer))
        elif isinstance(answer, Fact):
            if answer.key not in facts:
                facts.add(answer.key)
                reading.facts.append(answer)
        else:
            reading.unmapped.append(answer)
    return reading


def _possible(sample: Sample) -> Sample:
    """What cannot be is no value."""
    if isinstance(sample.value, Gap) or possible(sample.metric, sample.value):
        return sample
    return Sample(sample.metric, Gap.UNREADABLE, sample.part)
