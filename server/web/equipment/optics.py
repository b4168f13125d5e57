"""What the modules in the ports say of light and warmth, found by the port's name in the sensor's own."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from server.web.equipment.newest import Newest

RECEIVED = re.compile(r"receive|\brx\b|收", re.IGNORECASE)
SENT = re.compile(r"transmit|\btx\b|发", re.IGNORECASE)
OPTICAL = re.compile(r"\b(dom|optical|transceiver|laser|module temperature|bias|power sensor)\b", re.IGNORECASE)
METRICS = (
    *("optical_power_dbm", "power_watts", "temperature_celsius", "voltage_volts", "current_amperes", "sensor_fault"),
)


@dataclass(slots=True)
class Optics:
    """Of one port: dBm received and sent, ℃; None where it is not told. ``sensors``: the parts it was found in."""

    received_dbm: float | None = None
    sent_dbm: float | None = None
    celsius: float | None = None
    sensors: set[str] = field(default_factory=set)


def optics(newest: Newest, ports: Collection[str]) -> Mapping[str, Optics]:
    """By port. A sensor speaks of a port when the port's name is a word of its own; a bare number is no name."""
    named = {port.casefold(): port for port in ports if re.search(r"[A-Za-z]", port)}
    found: dict[str, Optics] = {}
    for metric in METRICS:
        for part, value in newest.of(metric).items():
            port = next((named[word] for word in re.split(r"[\s,()\[\]:]+", part.casefold()) if word in named), None)
            if port is None or (metric != "optical_power_dbm" and OPTICAL.search(part) is None):
                continue
            one = found.setdefault(port, Optics())
            one.sensors.add(part)
            if value.value is None:
                continue
            if metric == "temperature_celsius":
                one.celsius = value.value
            dbm = (
                value.value if metric == "optical_power_dbm" else _dbm(value.value) if metric == "power_watts" else None
            )
            if dbm is not None and SENT.search(part):
                one.sent_dbm = dbm
            elif dbm is not None and RECEIVED.search(part):
                one.received_dbm = dbm
    return found


def _dbm(watts: float) -> float | None:
    return 10 * math.log10(watts * 1000) if watts > 0 else None
