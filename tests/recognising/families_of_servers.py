"""A few answers of families nobody has recorded yet: controllers of servers, disk arrays."""

from __future__ import annotations

from collector.walk import Value
from readings.model import Gap

Series = dict[tuple[str, str], float | Gap]

XFUSION = "1.3.6.1.4.1.58132.2.235.1.1"
SENSOR = "1.3.6.1.3.94.1.8.1"
UNIT = "80.1.2.3.4.5.6.7.0.0.0.0.0.0.0.0"

# type: (sysObjectID, what it answers, what is read of it)
FAMILIES_OF_SERVERS: dict[str, tuple[str, dict[str, Value], Series]] = {
    # One of two memory slots is filled, one of two disk bays, and its disk failed.
    "xfusion_ibmc": (
        "1.3.6.1.4.1.58132.2.235",
        {
            f"{XFUSION}.1.1.0": 2,
            f"{XFUSION}.15.50.1.6.1": 1,
            f"{XFUSION}.15.50.1.10.1": b"CPU1",
            f"{XFUSION}.16.50.1.6.1": 2,
            f"{XFUSION}.16.50.1.6.2": 5,
            f"{XFUSION}.16.50.1.10.1": b"DIMM000",
            f"{XFUSION}.16.50.1.10.2": b"DIMM001",
            f"{XFUSION}.18.50.1.2.1": 2,
            f"{XFUSION}.18.50.1.2.2": 1,
            f"{XFUSION}.18.50.1.3.1": 4,
            f"{XFUSION}.18.50.1.3.2": 5,
            f"{XFUSION}.18.50.1.6.1": b"Disk0",
            f"{XFUSION}.18.50.1.6.2": b"Disk1",
            f"{XFUSION}.26.50.1.2.1": b"Inlet Temp",
            f"{XFUSION}.26.50.1.3.1": 235,
        },
        {
            ("hardware_state", ""): 2,
            ("module_state", "processor CPU1"): 1,
            ("module_state", "memory DIMM000"): 2,
            ("module_state", "disk Disk0"): 3,
            ("temperature_celsius", "Inlet Temp"): 23.5,
        },
    ),
    # A sensor's value stands in its message only, and the 12 V of its name are not the value.
    "fcmgmt_storage": (
        "1.3.6.1.4.1.674",
        {
            "1.3.6.1.2.1.1.1.0": b"DELL EMC ME4012",
            f"1.3.6.1.3.94.1.6.1.6.{UNIT}": 4,
            f"{SENSOR}.3.{UNIT}.1": b'"CPU Temperature-Ctlr A"',
            f"{SENSOR}.4.{UNIT}.1": 3,
            f"{SENSOR}.6.{UNIT}.1": b'"CPU Temperature-Ctlr A: 61 C 141.80F"',
            f"{SENSOR}.7.{UNIT}.1": 8,
            f"{SENSOR}.8.{UNIT}.1": 3,
            f"{SENSOR}.3.{UNIT}.2": b'"Voltage 12V Rail Loc: left-PSU"',
            f"{SENSOR}.4.{UNIT}.2": 5,
            f"{SENSOR}.6.{UNIT}.2": b'"Voltage 12V Rail Loc: left-PSU: 12.21V"',
            f"{SENSOR}.7.{UNIT}.2": 5,
            f"{SENSOR}.8.{UNIT}.2": 9,
            f"{SENSOR}.3.{UNIT}.3": b'"Current 5V Rail Loc: left-PSU"',
            f"{SENSOR}.4.{UNIT}.3": 3,
            f"{SENSOR}.6.{UNIT}.3": b'"Current 5V Rail Loc: left-PSU: 0.71A"',
            f"{SENSOR}.7.{UNIT}.3": 5,
            f"{SENSOR}.8.{UNIT}.3": 6,
        },
        {
            ("hardware_state", ""): 2,
            ("temperature_celsius", "CPU Temperature-Ctlr A"): 61,
            ("temperature_state", "CPU Temperature-Ctlr A"): 1,
            ("voltage_volts", "Voltage 12V Rail Loc: left-PSU"): 12.21,
            ("power_supply_state", "Voltage 12V Rail Loc: left-PSU"): 3,
            ("current_amperes", "Current 5V Rail Loc: left-PSU"): 0.71,
        },
    ),
}
