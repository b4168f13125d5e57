"""Liebert air conditioning (LIEBERT-GP-ENVIRONMENTAL-MIB): which sensor a row is, the object it points at says."""

from __future__ import annotations

from collections.abc import Iterator

from collector.source import SnmpSource, Unmapped
from collector.walk import Walk
from readings.model import Gap, Sample

ENVIRONMENT = "1.3.6.1.4.1.476.1.42.3.4"
TEMPERATURE = f"{ENVIRONMENT}.1.3.3.1"  # lgpEnvTemperatureTableDegC
HUMIDITY = f"{ENVIRONMENT}.2.2.3.1"
WHICH, VALUE, TENTHS = "2", "3", "50"
# Objects of lgpEnvTemperatureWellKnown and lgpEnvHumidityWellKnown: 1 control, 2 return, 3 supply.
SENSORS = {"1": "control", "2": "return air", "3": "supply air"}
SENTINELS = (2**31 - 1, -(2**31), -1)


def read(walk: Walk) -> Iterator[Sample | Unmapped]:
    for index in walk.column(f"{TEMPERATURE}.{WHICH}"):
        part = _sensor(walk, f"{TEMPERATURE}.{WHICH}.{index}")
        fine = walk.number(f"{TEMPERATURE}.{TENTHS}.{index}", times=0.1, gaps=SENTINELS)
        value = walk.number(f"{TEMPERATURE}.{VALUE}.{index}", gaps=SENTINELS) if isinstance(fine, Gap) else fine
        yield Sample("temperature_celsius", value, part)
    for index in walk.column(f"{HUMIDITY}.{WHICH}"):
        part = _sensor(walk, f"{HUMIDITY}.{WHICH}.{index}")
        yield Sample("humidity_ratio", walk.number(f"{HUMIDITY}.{VALUE}.{index}", times=0.01, gaps=SENTINELS), part)


def _sensor(walk: Walk, oid: str) -> str:
    """A row of a kind not known here keeps the number of the object it points at: still its own series."""
    _, _, which = walk.text(oid).partition(f"{ENVIRONMENT}.")
    last = ".".join(which.split(".")[2:])  # beneath 1.1 (temperatures) or 2.1 (humidity)
    return SENSORS.get(last, f"sensor {last or oid.rpartition('.')[2]}")


ROOTS = (
    *(f"{table}.{column}" for table in (TEMPERATURE, HUMIDITY) for column in (WHICH, VALUE)),
    f"{TEMPERATURE}.{TENTHS}",
)
SOURCE = SnmpSource("liebert_environment", ROOTS, read)
