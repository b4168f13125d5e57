"""Sensors by ENTITY-SENSOR-MIB (RFC 3433), and by Cisco's own forerunner of it (CISCO-ENTITY-SENSOR-MIB)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from collector.source import SnmpSource, Unmapped
from collector.sources.parts import names
from collector.walk import Walk, scaled
from readings.model import Gap, Sample

TABLE = "1.3.6.1.2.1.99.1.1.1"
CISCO_TABLE = "1.3.6.1.4.1.9.9.91.1.1.1.1"
TYPE, SCALE, PRECISION, VALUE, STATUS = "1", "2", "3", "4", "5"
ENTITY_NAME, ENTITY_DESCRIPTION = "1.3.6.1.2.1.47.1.1.1.1.7", "1.3.6.1.2.1.47.1.1.1.1.2"
# EntitySensorDataType: (metric, step of one unit). 12 is a truth value: what it says differs by sensor.
METRICS: dict[int, tuple[str, float]] = {
    3: ("voltage_volts", 1),
    4: ("voltage_volts", 1),
    5: ("current_amperes", 1),
    6: ("power_watts", 1),
    7: ("frequency_hertz", 1),
    8: ("temperature_celsius", 1),
    9: ("humidity_ratio", 0.01),
    10: ("fan_rpm", 1),
    14: ("optical_power_dbm", 1),
}
# EntitySensorDataScale: 1 is 10^-24, each step a thousand; 9 is units.
UNITS_SCALE, LARGEST = 9, 1_000_000_000  # RFC 3433: the value at its bounds is an overflow
OK, UNAVAILABLE = 1, 2


def read(walk: Walk, table: str) -> Iterator[Sample | Unmapped]:
    values = walk.column(f"{table}.{VALUE}")
    parts = names(
        (index, walk.text(f"{ENTITY_NAME}.{index}") or walk.text(f"{ENTITY_DESCRIPTION}.{index}")) for index in values
    )
    for index, part in parts.items():
        kind = walk.number(f"{table}.{TYPE}.{index}")
        known = None if isinstance(kind, Gap) else METRICS.get(int(kind))
        if known is None:
            oid = f"{table}.{TYPE}.{index}"
            yield Unmapped("sensor", oid, walk.text(oid))
            continue
        metric, step = known
        yield Sample(metric, _value(walk, table, index, step), part)
        status = walk.number(f"{table}.{STATUS}.{index}")
        if not isinstance(status, Gap) and status != UNAVAILABLE:
            yield Sample("sensor_fault", 0.0 if status == OK else 1.0, part)


def _value(walk: Walk, table: str, index: str, step: float) -> float | Gap:
    status = walk.number(f"{table}.{STATUS}.{index}")
    if status == UNAVAILABLE:
        return Gap.NOT_OFFERED
    if isinstance(status, float) and status != OK:
        return Gap.UNREADABLE
    value = walk.number(f"{table}.{VALUE}.{index}")
    scale = walk.number(f"{table}.{SCALE}.{index}")
    precision = walk.number(f"{table}.{PRECISION}.{index}")
    if isinstance(value, Gap) or isinstance(scale, Gap) or isinstance(precision, Gap):
        return value if isinstance(value, Gap) else Gap.UNREADABLE
    if abs(value) >= LARGEST or not 1 <= scale <= 17 or not -8 <= precision <= 9:
        return Gap.UNREADABLE
    return scaled(value, step * 10.0 ** (3 * (int(scale) - UNITS_SCALE) - int(precision)))


def _source(name: str, table: str) -> SnmpSource:
    columns = (VALUE, TYPE, SCALE, PRECISION, STATUS)
    roots = (*(f"{table}.{column}" for column in columns), ENTITY_NAME, ENTITY_DESCRIPTION)
    return SnmpSource(name, roots, partial(read, table=table))


SOURCE = _source("entity_sensor", TABLE)
CISCO = _source("cisco_entity_sensor", CISCO_TABLE)
