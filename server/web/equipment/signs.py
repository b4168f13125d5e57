"""Which sign a state carries on a page. A number that is not in the table is not taken for well: it has none."""

from __future__ import annotations

from collections.abc import Mapping

GOOD, WARN, BAD, OFF, UNKNOWN = "normal", "warning", "fault", "off", "unknown"
PART = {1: GOOD, 2: WARN, 3: BAD, 4: OFF, 5: OFF}
RAISED = {0: GOOD, 1: BAD}
RUNS = {1: GOOD, 2: OFF, 3: OFF}

SIGNS: Mapping[str, Mapping[int, str]] = {
    **dict.fromkeys(
        ("hardware_state", "fan_state", "power_supply_state", "temperature_state", "module_state", "battery_state"),
        PART,
    ),
    **dict.fromkeys(
        ("cooling_alarm_state", "leak_state", "smoke_state", "ups_alarm_state", "ups_overload_state", "sensor_fault"),
        RAISED,
    ),
    "interface_state": {1: GOOD, 2: WARN, 3: OFF, 4: UNKNOWN, 5: OFF, 6: OFF, 7: WARN},
    "interface_admin_state": {1: GOOD, 2: OFF, 3: OFF},
    "ups_shutdown_forced_state": RAISED,
    "ups_battery_state": {1: UNKNOWN, 2: GOOD, 3: WARN, 4: BAD, 5: BAD},
    "ups_output_source": {1: UNKNOWN, 2: BAD, 3: GOOD, 4: WARN, 5: WARN, 6: GOOD, 7: GOOD},
    "ups_test_result": {1: GOOD, 2: WARN, 3: BAD, 4: OFF, 5: OFF, 6: OFF},
    "ups_charging_state": {0: GOOD, 1: GOOD, 2: WARN},
    "ups_battery_replace_state": {0: GOOD, 1: WARN},
    "ups_calibration_state": {0: GOOD, 1: OFF},
    "pdu_load_state": {1: GOOD, 2: OFF, 3: WARN, 4: BAD},
    "outlet_state": {0: OFF, 1: GOOD},
    "crac_system_state": {1: GOOD, 2: WARN, 3: OFF},
    "crac_cooling_state": RUNS,
    "fibre_channel_switch_state": {1: GOOD, 2: WARN, 3: OFF, 4: BAD},
    "fibre_channel_port_state": {1: GOOD, 2: OFF, 3: OFF, 4: BAD},
    "leak_cable_state": {0: GOOD, 1: WARN},
    "door_open_state": {0: GOOD, 1: WARN},
    "system_power_state": {0: OFF, 1: GOOD, 2: OFF, 3: WARN, 4: WARN},
    "bmc_sensor_state": {0: GOOD, 1: WARN, 2: BAD, 3: BAD},
    "bmc_redundant": {0: WARN, 1: GOOD},
    "tcp_port_open": {0: BAD, 1: GOOD},
    "tls_certificate_trusted": {0: WARN, 1: GOOD},
    "http_status_expected": {0: BAD, 1: GOOD},
    "http_body_matches": {0: BAD, 1: GOOD},
}


def sign_of(metric: str, value: float | None) -> str:
    """ "" for a number that is no state, or one whose meaning nobody has said."""
    if value is None or value != int(value):
        return ""
    return SIGNS.get(metric, {}).get(int(value), "")
