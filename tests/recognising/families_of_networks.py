"""A few answers of switches and firewalls nobody recorded yet, in the words of their MIB, and what is read of them."""

from __future__ import annotations

from collector.walk import Value
from tests.recognising.families import Series

RUIJIE = "1.3.6.1.4.1.4881.1.1.10.2"
CISCO = "1.3.6.1.4.1.9.9"
FIBERHOME = "1.3.6.1.4.1.3807.1.8012.1"
TP_LINK = "1.3.6.1.4.1.11863.6"

# type: (sysObjectID, what it answers, what is read of it)
FAMILIES_OF_NETWORKS: dict[str, tuple[str, dict[str, Value], Series]] = {
    # RGOS 12: optics in one number, a board with a sensor that fails, no flat tables of fans and power supplies.
    "ruijie_rgos": (
        "1.3.6.1.4.1.4881.1.1.10.1.303",
        {
            f"{RUIJIE}.1.1.41.1.3.1.1": 4,
            f"{RUIJIE}.1.1.41.1.3.1.2": 7,
            f"{RUIJIE}.1.1.41.1.11.1.1": 226,
            f"{RUIJIE}.1.1.41.1.11.1.2": 0,
            f"{RUIJIE}.1.1.41.1.14.1.1": 5120,
            f"{RUIJIE}.1.1.41.1.16.1.1": -255,
            f"{RUIJIE}.1.1.43.1.4.1.1.2": 5,
            f"{RUIJIE}.1.1.43.1.4.1.1.1": 4,
            f"{RUIJIE}.1.1.43.1.6.1.1.1": 4300,
            f"{RUIJIE}.1.1.44.1.4.1.1.1": b"switch 1 slot 1 index 1",
            f"{RUIJIE}.1.1.44.1.5.1.1.1": 81,
            f"{RUIJIE}.1.1.44.1.6.1.1.1": 80,
            f"{RUIJIE}.1.1.44.1.8.1.1.1": 2,
            f"{RUIJIE}.1.1.44.1.5.1.2.1": -255,
            f"{RUIJIE}.105.1.1.1.2.9": b"TenGigabitEthernet 0/9",
            f"{RUIJIE}.105.1.1.1.17.9": 41,
            f"{RUIJIE}.105.1.1.1.19.9": 3298,
            f"{RUIJIE}.105.1.1.1.21.9": 38386,
            f"{RUIJIE}.105.1.1.1.76.9": -257,
            f"{RUIJIE}.105.1.1.1.77.9": -10000,
            f"{RUIJIE}.105.1.1.1.81.9": -208,
        },
        {
            ("power_supply_state", "power supply 1.1"): 1,
            ("power_supply_state", "power supply 1.2"): 3,
            ("voltage_volts", "power supply 1.1 input"): 226,
            ("current_amperes", "power supply 1.1 output"): 5.12,
            ("fan_state", "fan 1.1.1"): 1,
            ("fan_state", "fan 1.1.2"): 3,
            ("fan_rpm", "fan 1.1.1"): 4300,
            ("temperature_celsius", "switch 1 slot 1 index 1"): 81,
            ("temperature_maximum_celsius", "switch 1 slot 1 index 1"): 80,
            ("temperature_state", "switch 1 slot 1 index 1"): 2,
            ("temperature_celsius", "optics TenGigabitEthernet 0/9"): 41,
            ("voltage_volts", "optics TenGigabitEthernet 0/9"): 3.298,
            ("current_amperes", "optics TenGigabitEthernet 0/9"): 0.038386,
            ("optical_power_dbm", "receive TenGigabitEthernet 0/9"): -2.57,
            ("optical_power_dbm", "transmit TenGigabitEthernet 0/9"): -2.08,
        },
    ),
    # The active unit of a pair whose other one failed, with more memory than 32 bits count.
    "cisco_asa": (
        "1.3.6.1.4.1.9.1.2114",
        {
            "1.3.6.1.2.1.1.1.0": b"Cisco Adaptive Security Appliance Version 9.16(4)",
            f"{CISCO}.109.1.1.1.1.2.1": 1,
            f"{CISCO}.109.1.1.1.1.8.1": 14,
            f"{CISCO}.48.1.1.1.5.1": 4294967295,
            f"{CISCO}.48.1.1.1.6.1": 4294967295,
            f"{CISCO}.221.1.1.1.1.3.1.1": b"System memory",
            f"{CISCO}.221.1.1.1.1.18.1.1": 6_000_000_000,
            f"{CISCO}.221.1.1.1.1.20.1.1": 2_000_000_000,
            f"{CISCO}.147.1.2.2.2.1.5.40.6": 1873,
            f"{CISCO}.147.1.2.1.1.1.2.4": b"Failover LAN Interface",
            f"{CISCO}.147.1.2.1.1.1.2.6": b"Primary unit (this device)",
            f"{CISCO}.147.1.2.1.1.1.2.7": b"Secondary unit",
            f"{CISCO}.147.1.2.1.1.1.3.4": 2,
            f"{CISCO}.147.1.2.1.1.1.3.6": 9,
            f"{CISCO}.147.1.2.1.1.1.3.7": 4,
        },
        {
            ("cpu_busy_ratio", "total"): 0.14,
            ("memory_used_ratio", "System memory"): 0.75,
            ("sessions_count", ""): 1873,
            ("module_state", "Primary unit (this device)"): 1,
            ("module_state", "Secondary unit"): 3,
        },
    ),
    "tp_link": (
        "1.3.6.1.4.1.11863.5.34",
        {f"{TP_LINK}.4.1.1.1.1.4.1": 17, f"{TP_LINK}.4.1.2.1.1.2.1": 62},
        {("cpu_busy_ratio", "total"): 0.17, ("memory_used_ratio", ""): 0.62},
    ),
    "fiberhome": (
        "1.3.6.1.4.1.3807.1.621602",
        {
            f"{FIBERHOME}.4.1.1.2.1": 1250,
            f"{FIBERHOME}.5.4.1.7.1": 300_000_000,
            f"{FIBERHOME}.5.4.1.11.1": 1_200_000_000,
            f"{FIBERHOME}.6.2.1.4.1": 75,
            f"{FIBERHOME}.6.2.1.5.1": 38,
            f"{FIBERHOME}.6.2.1.6.1": 0,
            f"{FIBERHOME}.6.2.1.9.1": b"slot-1-temp1",
            f"{FIBERHOME}.7.2.1.3.1": 3135,
            f"{FIBERHOME}.7.2.1.5.1": 3302,
            f"{FIBERHOME}.2.1.1.3.1": 0,
            f"{FIBERHOME}.2.1.1.3.2": 1,
            f"{FIBERHOME}.2.1.1.13.1": b"Power-1/1",
            f"{FIBERHOME}.2.1.1.13.2": b"Power-1/2",
            f"{FIBERHOME}.11.4.1.2.1": 5400,
            f"{FIBERHOME}.11.4.1.5.1": 2,
            f"{FIBERHOME}.11.4.1.12.1": b"Fan-1/1",
        },
        {
            ("cpu_busy_ratio", "total"): 0.125,
            ("memory_used_ratio", ""): 0.25,
            ("temperature_celsius", "slot-1-temp1"): 38,
            ("temperature_maximum_celsius", "slot-1-temp1"): 75,
            ("temperature_state", "slot-1-temp1"): 1,
            ("voltage_volts", "voltage 1"): 3.302,
            ("voltage_minimum_volts", "voltage 1"): 3.135,
            ("power_supply_state", "Power-1/1"): 1,
            ("power_supply_state", "Power-1/2"): 3,
            ("fan_rpm", "Fan-1/1"): 5400,
            ("fan_state", "Fan-1/1"): 3,
        },
    ),
}
