"""Geist and IT Watchdogs environment monitors (GEIST-V4-MIB): their numbers are in the unit the device is set to."""

from __future__ import annotations

from collections.abc import Iterator

from collector.source import SnmpSource, Unmapped
from collector.sources.parts import Parts
from collector.walk import Walk
from readings.model import Gap, Sample

DEVICE = "1.3.6.1.4.1.21239.5.1"
UNITS = f"{DEVICE}.1.7.0"
FAHRENHEIT, CELSIUS = 0, 1
INTERNAL, REMOTE = f"{DEVICE}.2.1", f"{DEVICE}.4.1"
NAME, AVAILABLE, TEMPERATURE, HUMIDITY = "3", "4", "5", "6"
PRESENT = 1  # 2 partially, 0 not there


def read(walk: Walk) -> Iterator[Sample | Unmapped]:
    units = walk.number(UNITS)
    if units not in {FAHRENHEIT, CELSIUS}:
        yield Unmapped("temperature_celsius", UNITS, walk.text(UNITS))
    parts = Parts()
    for table in (INTERNAL, REMOTE):
        for index in walk.column(f"{table}.{TEMPERATURE}"):
            part = parts.name(walk.text(f"{table}.{NAME}.{index}"), index)
            there = walk.number(f"{table}.{AVAILABLE}.{index}") == PRESENT
            value = _celsius(walk.number(f"{table}.{TEMPERATURE}.{index}", times=0.1), units)
            yield Sample("temperature_celsius", value if there else Gap.NOT_OFFERED, part)
            if table == INTERNAL:
                humidity = walk.number(f"{table}.{HUMIDITY}.{index}", times=0.01)
                yield Sample("humidity_ratio", humidity if there else Gap.NOT_OFFERED, part)


def _celsius(value: float | Gap, units: float | Gap) -> float | Gap:
    if isinstance(value, Gap) or isinstance(units, Gap) or units not in {FAHRENHEIT, CELSIUS}:
        return value if isinstance(value, Gap) else Gap.UNREADABLE
    return value if units == CELSIUS else (value - 32) / 1.8


ROOTS = (UNITS, *(f"{INTERNAL}.{column}" for column in (NAME, AVAILABLE, TEMPERATURE, HUMIDITY)),
         *(f"{REMOTE}.{column}" for column in (NAME, AVAILABLE, TEMPERATURE)))  # fmt: skip
SOURCE = SnmpSource("geist", ROOTS, read)
