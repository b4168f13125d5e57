"""What must be read of each named recording was written by hand from the recording first; a golden file holds the rest.

The interfaces of a golden file are counted, everything else stands in it whole.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest

from collector.actions.check import explain_recording
from collector.device_files import load_device_types
from collector.explained import Explained
from readings.catalogue import Catalogue, load_catalogue
from readings.model import Gap
from tests.recordings import recordings

# recording: (type, model, interfaces, {metric: how many of it have a value}, {(metric, part): its value})
Minimum = tuple[str, str, int, dict[str, int], dict[tuple[str, str], float]]
MINIMA: dict[str, Minimum] = {
    "huawei-s5720": (
        "huawei_vrp", "S5720-36C-EI-AC", 39,
        {"cpu_busy_ratio": 1, "memory_used_ratio": 1, "temperature_celsius": 1, "fan_state": 1, "module_state": 5},
        {("cpu_busy_ratio", "total"): 0.38, ("memory_used_ratio", ""): 0.07, ("fan_drive_ratio", "fan 0.7"): 0.3},
    ),
    "h3c-comware-7-1-075": (
        "h3c_comware", "H3C SR8808-X", 91,
        {"cpu_busy_ratio": 18, "memory_used_ratio": 18, "temperature_celsius": 90, "fan_state": 2,
         "power_supply_state": 12, "optical_power_dbm": 40},
        {("cpu_busy_ratio", "Board 0"): 0.24,
         ("temperature_celsius", "optics Ten-GigabitEthernet1/0/0/1"): 37,
         ("optical_power_dbm", "receive Ten-GigabitEthernet1/0/0/1"): -2.54,
         ("memory_used_ratio", "Master Board 4"): 0.15},
    ),
    "ruijie-s5750-24gt12sfp": (
        "ruijie_rgos", "S5750-24GT/12SFP", 27,
        {"cpu_busy_ratio": 1, "memory_used_ratio": 1},
        {("cpu_busy_ratio", "total"): 0.37, ("memory_used_ratio", ""): 0.5},
    ),
    "cisco-c3750": (
        "cisco_ios", "WS-C3750G-12S-S", 19,
        {"cpu_busy_ratio": 1, "memory_used_ratio": 3, "fan_state": 1, "power_supply_state": 1, "temperature_celsius": 2,
         "optical_power_dbm": 4},
        {("cpu_busy_ratio", "total"): 0.29, ("module_state", "stack member 1"): 1,
         ("temperature_celsius", "Gi1/0/1 Module Temperature Sensor"): 41.9,
         ("optical_power_dbm", "Gi1/0/6 Transmit Power Sensor"): -5.1},
    ),
    # Two processors of each of seven cards and of the two controllers; the two cards without memory have none.
    # The states of fans and power supplies are documented nowhere: nothing is invented.
    "zte-zrx10": (
        "zte_zxr10", "ZXR10 9908", 221,
        {"cpu_busy_ratio": 18, "memory_used_ratio": 18, "fan_rpm": 20, "temperature_celsius": 27},
        {("cpu_busy_ratio", "unit 0.0.27.0"): 0.49, ("memory_used_ratio", "unit 0.0.1.0"): 0.42,
         ("fan_rpm", "fan 0.0.1.1"): 3060, ("temperature_celsius", "place 0.0.3 first"): 22},
    ),
    "brocade-ds-5100b": (
        "brocade_fc", "40-1000133-14", 46,
        {"temperature_celsius": 4, "temperature_state": 4, "fan_rpm": 2, "fan_state": 2, "power_supply_state": 2,
         "fibre_channel_port_state": 24, "fibre_channel_switch_state": 1},
        {("fan_rpm", "FAN #1"): 14673, ("temperature_celsius", "SLOT #0: TEMP #1"): 32},
    ),
    "eaton-93e-80": (
        "eaton_ups", "EATON 93E 80", 2,
        {"ups_battery_state": 1, "ups_battery_charge_ratio": 1, "ups_battery_temperature_celsius": 1,
         "ups_output_source": 1, "ups_input_voltage_volts": 3, "ups_output_voltage_volts": 3,
         "ups_output_load_ratio": 4,
         "ups_output_power_watts": 3, "temperature_celsius": 1, "ups_alarms_count": 1},
        {("ups_battery_charge_ratio", ""): 1.0, ("ups_output_source", ""): 3, ("ups_output_load_ratio", "line 1"): 0.21,
         ("ups_input_voltage_volts", "line 3"): 233, ("temperature_celsius", "ambient"): 25},
    ),
    "phoenixtec-power": (
        "phoenixtec_ups", "", 3,
        {"ups_battery_state": 1, "ups_battery_charge_ratio": 1, "ups_output_source": 1, "ups_input_voltage_volts": 1,
         "ups_output_voltage_volts": 1, "ups_output_load_ratio": 1, "ups_battery_temperature_celsius": 1},
        {("ups_battery_voltage_volts", ""): 41.0, ("ups_output_voltage_volts", "line 1"): 231},
    ),
    "apc-8932": (
        "apc_pdu", "AP8932", 2,
        {"power_watts": 2, "current_amperes": 3, "voltage_volts": 1, "pdu_load_state": 3, "power_supply_state": 2,
         "outlet_state": 24, "energy_joules_total": 1},
        {("power_watts", "total"): 160, ("current_amperes", "phase 1"): 1.4, ("voltage_volts", "phase 1"): 121},
    ),
    "geist-temperature-sensor": (
        "geist_environment", "WATCHDOG 15-P NPS (GBB15-P)", 1,
        {"temperature_celsius": 3, "humidity_ratio": 1},
        {("temperature_celsius", "Above Rack 02"): 18.5, ("humidity_ratio", "Watchdog Rack 01"): 0.39},
    ),
    "topsec-ngfw4000-uf": (
        "topsec_ngfw", "NGFW4000-UF(TG-72282)", 108,
        {"cpu_busy_ratio": 1, "memory_used_ratio": 1},
        {("cpu_busy_ratio", "total"): 0.03, ("memory_used_ratio", ""): 0.33},
    ),
    "netapp-fas3270": (
        "netapp_ontap", "FAS3270", 15,
        {"cpu_busy_ratio": 1, "fans_failed_count": 1, "power_supplies_failed_count": 1, "disks_failed_count": 1,
         "hardware_state": 1, "temperature_state": 129, "battery_state": 1, "filesystem_used_ratio": 27,
         "power_supply_state": 42, "fan_state": 84, "temperature_celsius": 104, "module_state": 11},
        {("cpu_busy_ratio", "total"): 0.22, ("disks_failed_count", ""): 0, ("disks_spare_count", ""): 4,
         ("temperature_celsius", "0b.shelf20 sensor 1"): 24,
         ("temperature_critical_celsius", "0b.shelf20 sensor 4"): 70},
    ),
    "ibm-x3550-m3": (
        "ibm_imm", "System x3250 M3", 6,
        {"temperature_celsius": 1, "voltage_volts": 8, "fan_drive_ratio": 5, "hardware_state": 1},
        {("temperature_celsius", "Ambient Temp"): 20, ("voltage_volts", "Planar 12V"): 11.77,
         ("fan_drive_ratio", "Fan 3 Tach"): 0.36},
    ),
    "hp-onboard-administrator": (
        "hpe_oa", "BladeSystem c7000 Enclosure G2", 15,
        {"temperature_celsius": 14, "fan_state": 10, "power_supply_state": 6, "hardware_state": 1, "module_state": 11},
        {("temperature_celsius", "Chassis"): 23},
    ),
    # Beyond those: a storage system, a core switch, firewalls, an older switch and a wireless controller.
    "huawei-ism": (
        "huawei_storage", "", 0,
        {"cpu_busy_ratio": 2, "memory_used_ratio": 2, "temperature_celsius": 4, "disk_temperature_celsius": 98,
         "power_supply_state": 8, "fan_state": 12, "battery_state": 2, "module_state": 107, "filesystem_used_ratio": 3},
        {("cpu_busy_ratio", "CTE0.A"): 0.04, ("memory_used_ratio", "CTE0.B"): 0.71,
         ("temperature_celsius", "CTE0"): 26, ("power_supply_state", "CTE0.PSU 0"): 1,
         ("filesystem_used_ratio", "poolCaiwu"): 2054848 / 6291456},
    ),
    "ruijie-n18010": (
        "ruijie_rgos", "N18010", 395,
        {"temperature_celsius": 106, "power_supply_state": 20, "fan_state": 36, "fan_rpm": 36, "voltage_volts": 27},
        {("temperature_celsius", "switch 1 M1"): 38, ("temperature_critical_celsius", "switch 1 M1"): 100,
         ("voltage_volts", "power supply 1.2 input"): 218, ("current_amperes", "power supply 1.1 output"): 7.046,
         ("fan_rpm", "fan 1.1.1"): 2550, ("temperature_celsius", "switch 1 slot 1 index 1"): 19,
         ("power_supply_state", "Power supply 1"): 1, ("fan_state", "fan1"): 1},
    ),
    "fortinet-xcu": (
        "fortinet", "FGT_3000D", 26,
        {"cpu_busy_ratio": 43, "memory_used_ratio": 1, "sensor_alarm": 66, "temperature_celsius": 29, "fan_rpm": 10},
        {("cpu_busy_ratio", "total"): 0.05, ("memory_used_ratio", ""): 0.19, ("sessions_count", ""): 683825,
         ("temperature_celsius", "PS1 Temp"): 33, ("fan_rpm", "FAN1"): 2900},
    ),
    "dptech-dpx800-a5": (
        "dptech", "DPX8000-A5", 58,
        {"cpu_busy_ratio": 9, "memory_used_ratio": 9, "temperature_celsius": 18},
        {("cpu_busy_ratio", "total"): 0.05, ("memory_used_ratio", ""): 0.29, ("temperature_celsius", "CPU"): 37},
    ),
    "brocade-icx6430-24": (
        "foundry_ironware", "ICX6430-24", 29,
        {"cpu_busy_ratio": 1, "memory_used_ratio": 1, "temperature_celsius": 3, "power_supply_state": 1},
        {("cpu_busy_ratio", "total"): 0.01, ("memory_used_ratio", ""): 0.59, ("temperature_celsius", "chassis"): 48},
    ),
    # 331 µW, as hwEntityOpticalRxPower says of the first optics, are these -4.80 dBm.
    "huawei-s12704": (
        "huawei_vrp", "S12704", 56,
        {"cpu_busy_ratio": 7, "memory_used_ratio": 7, "fan_state": 4, "module_state": 9, "temperature_celsius": 20,
         "power_supply_state": 2},
        {("power_supply_state", "PWR1"): 1, ("optical_power_dbm", "receive XGigabitEthernet2/0/0"): -4.8,
         ("optical_power_dbm", "transmit XGigabitEthernet2/0/0"): -2.38},
    ),
    "cisco-controller": (
        "cisco_wlc", "AIR-CT5508-K9", 9,
        {"cpu_busy_ratio": 1, "memory_used_ratio": 1, "power_supply_state": 2},
        {("cpu_busy_ratio", "total"): 0.07, ("power_supply_state", "power supply 2"): 4},
    ),
}  # fmt: skip


@cache
def explained(name: str) -> Explained:
    return explain_recording(recordings()[name], load_device_types(load_catalogue()))


@pytest.mark.parametrize("name", MINIMA)
def test_the_minimum_is_reached(name: str) -> None:
    type_, model, interfaces, counts, values = MINIMA[name]
    said = explained(name)
    known = {
        (sample.metric, sample.part): sample.value
        for sample in said.reading.samples
        if not isinstance(sample.value, Gap)
    }
    found = Counter(metric for metric, _ in known)
    assert (said.reading.type.id, said.reading.fact("model")) == (type_, model)
    assert found["interface_state"] == interfaces
    assert {metric: found[metric] for metric in counts} == counts
    assert {series: known.get(series) for series in values} == pytest.approx(values)


@pytest.mark.parametrize("name", MINIMA)
def test_the_rest_is_as_it_was_reviewed(name: str, golden: Callable[[str, str], None], catalogue: Catalogue) -> None:
    said = explained(name).as_json()
    per_port = {
        metric
        for metric in catalogue
        if metric.startswith(("interface_", "network_", "fibre_channel_")) or metric == "outlet_state"
    }
    of_ports = Counter(row["metric"] for row in said["readings"] if row["metric"] in per_port)
    gaps_of_ports = Counter(row["metric"] for row in said["readings"] if row["metric"] in per_port and "gap" in row)
    said["readings"] = [row for row in said["readings"] if row["metric"] not in per_port]
    text = json.dumps(
        {
            **{key: said[key] for key in ("type", "vendor", "model")},
            "facts": {fact.key: fact.value for fact in explained(name).reading.facts if "." not in fact.key},
            "per port": {
                metric: f"{of_ports[metric]}, {gaps_of_ports[metric]} of them gaps" for metric in sorted(of_ports)
            },
        },
        ensure_ascii=False,
        indent=1,
    )
    lists = [
        f'"{key}": [\n' + ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in said[key]) + "\n ]"
        for key in ("readings", "unmapped", "unasked")
    ]
    golden(f"{name}.json", text[:-2] + ",\n " + ",\n ".join(lists) + "\n}\n")
