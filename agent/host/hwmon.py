"""/sys/class/hwmon: temperatures, fans, voltages, currents and powers, and the alarms the chips raise themselves.

Units are those of the kernel's hwmon/sysfs-interface.rst: m°C, mV, mA, µW, µJ, m%RH.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from agent.host.kernel_files import entries, read_number, read_word
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

FILE = re.compile(r"^(temp|fan|in|curr|power|energy|humidity|intrusion|pwm)(\d+)(?:_([a-z_]+))?$")
MILLI, MICRO = 1e-3, 1e-6
ITEMS: dict[tuple[str, str], tuple[str, float]] = {
    ("temp", "input"): ("temperature_celsius", MILLI),
    ("temp", "min"): ("temperature_minimum_celsius", MILLI),
    ("temp", "max"): ("temperature_maximum_celsius", MILLI),
    ("temp", "crit"): ("temperature_critical_celsius", MILLI),
    ("fan", "input"): ("fan_rpm", 1.0),
    ("fan", "min"): ("fan_minimum_rpm", 1.0),
    ("fan", "target"): ("fan_target_rpm", 1.0),
    ("in", "input"): ("voltage_volts", MILLI),
    ("in", "min"): ("voltage_minimum_volts", MILLI),
    ("in", "max"): ("voltage_maximum_volts", MILLI),
    ("curr", "input"): ("current_amperes", MILLI),
    ("curr", "max"): ("current_maximum_amperes", MILLI),
    ("power", "input"): ("power_watts", MICRO),
    ("power", "average"): ("power_average_watts", MICRO),
    ("power", "cap"): ("power_cap_watts", MICRO),
    ("power", "max"): ("power_maximum_watts", MICRO),
    ("energy", "input"): ("energy_joules_total", MICRO),
    ("humidity", "input"): ("humidity_ratio", 1e-5),
    ("pwm", ""): ("fan_drive_ratio", 1 / 255),
}
# alarm, crit_alarm, max_alarm…: one state a sensor, raised when any of them is.
ALARM = re.compile(r"^(?:.*_)?alarm$")


class Hwmon:
    name = "hwmon"

    def __init__(self, root: Root) -> None:
        self._folder = f"{root.sys}/class/hwmon"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        chips = entries(self._folder)
        if not chips:
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._folder}: no sensor chip has a driver loaded")
        names = [read_word(f"{self._folder}/{chip}/name") or chip for chip in chips]
        seen: set[tuple[str, str]] = set()
        for chip, name in zip(chips, names, strict=True):
            folder = f"{self._folder}/{chip}"
            label = name if names.count(name) == 1 else f"{name}@{_place(folder, chip)}"
            for sample in read_chip(folder, label):
                if (sample.metric, sample.part) not in seen:
                    seen.add((sample.metric, sample.part))
                    yield sample


def _place(folder: str, chip: str) -> str:
    """The device the chip is part of (``coretemp.1``): hwmon numbers change from boot to boot, this does not."""
    device = f"{folder}/device"
    return os.path.basename(os.path.realpath(device)) if os.path.exists(device) else chip  # noqa: PTH110, PTH119 - text paths, on the hot way


def read_chip(folder: str, chip: str) -> Iterator[Sample]:
    """All sensors of one chip; the part is ``chip label``, or ``chip temp1`` where the sensor has no label."""
    if not os.path.exists(f"{folder}/name") and os.path.isdir(f"{folder}/device"):  # noqa: PTH110, PTH112 - text paths, on the hot way
        folder = f"{folder}/device"  # drivers of before 3.13 put their files there
    alarms: dict[str, float | Gap] = {}
    faults: dict[str, float | Gap] = {}
    parts: dict[str, str] = {}
    for file in entries(folder):
        if not (match := FILE.match(file)):
            continue
        kind, number, item = match[1], match[2], match[3] or ""
        sensor = f"{kind}{number}"
        if sensor not in parts:
            part = f"{chip} {read_word(f'{folder}/{sensor}_label') or sensor}"
            parts[sensor] = part if part not in parts.values() else f"{part} {sensor}"
        if (kind, item) in ITEMS:
            metric, scale = ITEMS[kind, item]
            yield Sample(metric, read_number(f"{folder}/{file}", scale), parts[sensor])
        elif ALARM.match(item):
            alarms[sensor] = worst(alarms.get(sensor), read_number(f"{folder}/{file}"))
        elif item == "fault":
            faults[sensor] = read_number(f"{folder}/{file}")
    for metric, states in (("sensor_alarm", alarms), ("sensor_fault", faults)):
        for sensor, state in states.items():
            yield Sample(metric, state, parts[sensor])


def worst(one: float | Gap | None, other: float | Gap) -> float | Gap:
    """An alarm wins, then a gap, then quiet: "no alarm" needs every one of them to have been read."""
    if one is None:
        return other
    for state in (one, other):
        if not isinstance(state, Gap) and state > 0:
            return 1.0
    return one if isinstance(one, Gap) else other
