"""The BMC's sensors, ``ipmitool sdr elist``: values, the state the BMC itself gives each, and redundancy.

A line is ``Inlet Temp       | 04h | ok  |  7.1 | 24 degrees C``. What says ``ns`` was not read: never fine, a gap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

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
REDUNDANT = {"fully redundant": 1.0, "redundancy lost": 0.0, "redundancy degraded": 0.0, "non-redundant": 0.0}
# An empty slot has a sensor that says so; one that gives no reading though it should is unreadable.
ABSENT = ("disabled", "not present", "absent", "not available")


class BmcSensors:
    name = "bmc_sensors"

    def __init__(self, bmc: Bmc, wait_s: float = 0.0) -> None:
        self._bmc = bmc
        self._asked = Asked(self.name, self._ask, pace_s=PACE_S, limit_s=LIMIT_S, offered=bmc.offered, wait_s=wait_s)

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        newest = self._asked.newest()
        return iter([*newest.answer, self._asked.age(newest)])

    def _ask(self) -> list[Sample]:
        return parse(self._bmc.ask("sdr", "elist", seconds=LIMIT_S).out)


def parse(text: str) -> list[Sample]:
    """Raises SourceFailed: not one line of a sensor."""
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
        told += sensor(part, state, words)
    if not told:
        first = next((line for line in text.splitlines() if line.strip()), "")
        raise SourceFailed(Gap.UNREADABLE, f"ipmitool sdr elist: no sensor in what it said: {first[:120]!r}")
    return told


def sensor(part: str, state: str, words: str) -> Iterator[Sample]:
    """State first, then the value or the redundancy."""
    if state not in STATES:  # "ns": no scanning
        absent = any(word in words.lower() for word in ABSENT)
        yield Sample("bmc_sensor_state", Gap.NOT_OFFERED if absent else Gap.UNREADABLE, part)
        return
    value = VALUE.match(words)
    yield Sample("bmc_sensor_state", STATES[state] if value else max(STATES[state], state_of(words)), part)
    if value:
        metric, scale = METRICS[value[2]]
        yield Sample(metric, float(value[1]) * scale, part)
    for word in words.lower().split(","):
        said = re.sub(
            r"^non-redundant.*", "non-redundant", re.sub(r"^redundancy degraded.*", "redundancy degraded", word.strip())
        )
        if said in REDUNDANT:
            yield Sample("bmc_redundant", REDUNDANT[said], part)
            return
