"""The BMC's sensors, ``ipmitool sdr elist``: values, the state the BMC itself gives each, and redundancy.

A line is ``Inlet Temp       | 04h | ok  |  7.1 | 24 degrees C``. What says ``ns`` was not read, which is never fine.
Empty slots have sensors too: one that never gave a reading is not offered, one that gave some and ceased is unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from agent.hardware.bmc import Bmc
from agent.hardware.bmc_words import STATES, state_of
from agent.hardware.pace import Asked
from readings.model import Gap, Sample, SourceFailed

PACE_S, LIMIT_S = 300.0, 90.0
MOST_SENSORS = 1000
VALUE = re.compile(r"^(-?\d+(?:\.\d+)?) (degrees C|RPM|Volts|Amps|Watts|percent)$")
METRICS = {
    "degrees C": ("bmc_temperature_celsius", 1.0),
    "RPM": ("bmc_fan_rpm", 1.0),
    "Volts": ("bmc_voltage_volts", 1.0),
    "Amps": ("bmc_current_amperes", 1.0),
    "Watts": ("bmc_power_watts", 1.0),
    "percent": ("bmc_level_ratio", 0.01),
}
REDUNDANCY = re.compile(r"fully redundant|redundancy lost|redundancy degraded|non-redundant")


class BmcSensors:
    name = "bmc_sensors"

    def __init__(self, bmc: Bmc, wait_s: float = 0.0) -> None:
        self._bmc = bmc
        self._gave: set[str] = set()
        self._asked = Asked(self.name, self._ask, pace_s=PACE_S, limit_s=LIMIT_S, offered=bmc.offered, wait_s=wait_s)

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        newest = self._asked.newest()
        return iter([*newest.answer, self._asked.age(newest)])

    def _ask(self) -> list[Sample]:
        told = parse(self._bmc.ask("sdr", "elist", seconds=LIMIT_S).out, self._gave)
        self._gave |= {sample.part for sample in told if not isinstance(sample.value, Gap)}
        return told


def parse(text: str, gave: Collection[str] = ()) -> list[Sample]:
    """``gave``: the parts that gave a reading before. Raises SourceFailed: not one line of a sensor."""
    told: list[Sample] = []
    names: set[str] = set()
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) != 5 or not re.fullmatch(r"[0-9A-Fa-f]{2}h", cells[1]):
            continue
        name, number, state, entity, words = cells
        if words.startswith(("Dynamic MC", "Static MC", "Generic")) or len(names) >= MOST_SENSORS:
            continue  # where a controller is, not how it is
        part = name if name and name not in names else f"{name} {number} {entity}".strip()
        names.add(part)
        told += sensor(part, state, words, ceased=part in gave)
    if not told:
        first = next((line for line in text.splitlines() if line.strip()), "")
        raise SourceFailed(Gap.UNREADABLE, f"ipmitool sdr elist: no sensor in what it said: {first[:120]!r}")
    return told


def sensor(part: str, state: str, words: str, *, ceased: bool = False) -> Iterator[Sample]:
    """State first, then the value or the redundancy."""
    if state not in STATES:  # "ns": not scanned, or no reading just now
        yield Sample("bmc_sensor_state", Gap.UNREADABLE if ceased else Gap.NOT_OFFERED, part)
        return
    value, redundancy = VALUE.match(words), REDUNDANCY.search(words.lower())
    yield Sample("bmc_sensor_state", STATES[state] if value else max(STATES[state], state_of(words)), part)
    if value:
        metric, scale = METRICS[value[2]]
        yield Sample(metric, float(value[1]) * scale, part)
    elif redundancy:
        yield Sample("bmc_redundant", float(redundancy[0] == "fully redundant"), part)
