"""What devices say by the standard MIBs, with everything they do wrong in saying it."""

from __future__ import annotations

import pytest

from collector.source import Unmapped
from collector.sources import SOURCES
from collector.walk import Value, Walk
from readings.model import Fact, Gap, Sample

IF, IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
UPTIME = "1.3.6.1.2.1.1.3.0"
SENSOR, ENTITY = "1.3.6.1.2.1.99.1.1.1", "1.3.6.1.2.1.47.1.1.1.1"
UPS = "1.3.6.1.2.1.33.1"
STORAGE, KINDS = "1.3.6.1.2.1.25.2.3.1", "1.3.6.1.2.1.25.2.1"


def said(
    source: str, answers: dict[str, Value], troubles: dict[str, Gap] | None = None
) -> dict[tuple[str, str], float | Gap]:
    found = [one for one in SOURCES[source].read(Walk(answers, troubles)) if isinstance(one, Sample)]
    series = [(one.metric, one.part) for one in found]
    assert len(set(series)) == len(series)
    return dict(zip(series, (one.value for one in found), strict=True))


def facts(source: str, answers: dict[str, Value]) -> dict[str, str]:
    return {one.key: one.value for one in SOURCES[source].read(Walk(answers)) if isinstance(one, Fact)}


def unmapped(source: str, answers: dict[str, Value]) -> list[Unmapped]:
    return [one for one in SOURCES[source].read(Walk(answers)) if isinstance(one, Unmapped)]


def port(index: str, **columns: Value) -> dict[str, Value]:
    places = {
        "name": f"{IFX}.1",
        "description": f"{IF}.2",
        "state": f"{IF}.8",
        "speed": f"{IF}.5",
        "high": f"{IFX}.15",
        "received": f"{IF}.10",
        "wide": f"{IFX}.6",
        "alias": f"{IFX}.18",
        "address": f"{IF}.6",
        "since": f"{IFX}.19",
    }
    return {f"{places[key]}.{index}": value for key, value in columns.items()}


def test_a_port_is_called_by_its_name_its_description_or_its_index() -> None:
    answers = port("1", name=b"Gi0/1", description=b"GigabitEthernet0/1", state=1)
    answers |= port("2", description=b"vlan10", state=2) | port("3", state=7)
    answers |= port("4", name=b"Gi0/1", state=1)  # a second of the same name
    states = said("if_mib", answers)
    assert {part: value for (metric, part), value in states.items() if metric == "interface_state"} == {
        "Gi0/1": 1, "vlan10": 2, "3": 7, "Gi0/1 #4": 1,
    }  # fmt: skip


def test_a_port_keeps_its_series_when_its_index_is_given_anew() -> None:
    before = said("if_mib", port("1", name=b"Gi0/1", state=1, wide=10) | port("2", name=b"Gi0/2", state=2, wide=20))
    after = said("if_mib", port("7", name=b"Gi0/1", state=1, wide=10) | port("9", name=b"Gi0/2", state=2, wide=20))
    assert before == after


@pytest.mark.parametrize(
    ("columns", "value"),
    [
        ({"wide": 2**40, "received": 5}, 2**40),
        ({"received": 5}, 5),
        ({"wide": 0, "received": 5}, 5),
        ({"wide": 0, "received": 0}, 0),
        ({"wide": Gap.UNREADABLE, "received": 5}, 5),
    ],
    ids=["the longer", "the only", "a longer that never counts", "really zero", "the longer is broken"],
)
def test_the_longer_counter_is_taken_where_it_counts(columns: dict[str, Value], value: float) -> None:
    assert said("if_mib", port("1", name=b"a", state=1, **columns))["network_receive_bytes_total", "a"] == value


def test_a_port_without_the_counter_beside_ports_with_it_is_a_gap() -> None:
    answers = port("1", name=b"a", state=1, wide=7) | port("2", name=b"Null0", state=1)
    assert said("if_mib", answers)["network_receive_bytes_total", "Null0"] is Gap.NOT_OFFERED


@pytest.mark.parametrize(
    ("columns", "speed"),
    [
        ({"high": 10_000, "speed": 2**32 - 1}, 1.25e9),
        ({"speed": 100_000_000}, 1.25e7),
        ({"high": 0, "speed": 0}, Gap.NOT_OFFERED),
        ({"speed": 2**32 - 1}, Gap.NOT_OFFERED),
        ({}, Gap.NOT_OFFERED),
    ],
    ids=["10G", "100M", "no link", "too fast to say", "not said"],
)
def test_a_speed_is_said_or_a_gap(columns: dict[str, Value], speed: float | Gap) -> None:
    assert said("if_mib", port("1", name=b"a", state=1, **columns))["network_speed_bytes_per_second", "a"] == speed


def test_counters_tell_since_when_they_count() -> None:
    key = ("interface_counters_since_seconds", "a")
    answers = {UPTIME: 500_000, **port("1", name=b"a", state=1, since=100_000)}
    assert said("if_mib", answers)[key] == 4_000
    assert said("if_mib", answers | {UPTIME: 50_000})[key] is Gap.UNREADABLE  # sysUpTime wrapped since


def test_a_state_nobody_knows_is_a_gap_and_told() -> None:
    answers = port("1", name=b"a", state=9)
    assert said("if_mib", answers)["interface_state", "a"] is Gap.UNREADABLE
    assert unmapped("if_mib", answers) == [Unmapped("interface_state", f"{IF}.8.1", "9")]


def test_what_timed_out_is_not_taken_for_missing() -> None:
    answers = port("1", name=b"a", state=1)
    assert said("if_mib", answers, {f"{IF}.7": Gap.TIMED_OUT})["interface_admin_state", "a"] is Gap.TIMED_OUT


def test_a_chinese_alias_and_an_address_are_facts() -> None:
    answers = port("1", name=b"a", state=1, alias="上联 核心".encode("gbk"), address=b"ABCDEF")
    assert facts("if_mib", answers) == {"interface.a": "上联 核心; 41:42:43:44:45:46"}


@pytest.mark.parametrize(
    ("row", "series", "value"),
    [
        ((8, 9, 1, 419, 1), "temperature_celsius", 41.9),
        ((8, 8, 0, 23_500, 1), "temperature_celsius", 23.5),
        ((4, 9, 3, 3_340, 1), "voltage_volts", 3.34),
        ((9, 9, 0, 45, 1), "humidity_ratio", 0.45),
        ((10, 9, 0, 14_673, 1), "fan_rpm", 14_673),
        ((14, 9, 1, -51, 1), "optical_power_dbm", -5.1),
        ((8, 9, 0, 40, 2), "temperature_celsius", Gap.NOT_OFFERED),
        ((8, 9, 0, 40, 3), "temperature_celsius", Gap.UNREADABLE),
        ((8, 9, 0, 1_000_000_000, 1), "temperature_celsius", Gap.UNREADABLE),
        ((8, 99, 0, 40, 1), "temperature_celsius", Gap.UNREADABLE),
    ],
    ids=["precision", "scale", "volts", "humidity", "fan", "optics", "unavailable", "broken", "overflow", "no scale"],
)
def test_a_sensor_is_scaled_as_it_says(row: tuple[int, ...], series: str, value: float | Gap) -> None:
    answers: dict[str, Value] = {f"{SENSOR}.{column}.7": number for column, number in enumerate(row, 1)}
    answers[f"{ENTITY}.7.7"] = b"inlet"
    assert said("entity_sensor", answers)[series, "inlet"] == value


def test_a_sensor_of_an_unknown_kind_is_told_and_not_guessed() -> None:
    answers: dict[str, Value] = {f"{SENSOR}.{column}.7": number for column, number in enumerate((12, 9, 0, 1, 1), 1)}
    assert said("entity_sensor", answers) == {}
    assert unmapped("entity_sensor", answers) == [Unmapped("sensor", f"{SENSOR}.1.7", "12")]


def test_a_ups_that_does_not_estimate_has_no_runtime() -> None:
    key = ("ups_battery_runtime_seconds", "")
    normal: dict[str, Value] = {f"{UPS}.2.1.0": 2, f"{UPS}.2.3.0": 0}
    assert said("ups_mib", normal)[key] is Gap.NOT_OFFERED
    assert said("ups_mib", normal | {f"{UPS}.2.1.0": 4})[key] == 0
    assert said("ups_mib", normal | {f"{UPS}.2.3.0": 65535})[key] is Gap.NOT_OFFERED
    assert said("ups_mib", normal | {f"{UPS}.2.3.0": 12})[key] == 720


def test_a_small_ups_has_no_other_lines() -> None:
    answers: dict[str, Value] = {f"{UPS}.4.1.0": 3, f"{UPS}.4.3.0": 1}
    answers |= {f"{UPS}.4.4.1.2.{line}": 230 if line == 1 else 0 for line in (1, 2, 3)}
    voltages = {part: value for (metric, part), value in said("ups_mib", answers).items() if "output_voltage" in metric}
    assert voltages == {"line 1": 230}


def test_what_is_no_ups_says_nothing_as_one() -> None:
    assert said("ups_mib", {UPTIME: 1}) == {}


def storage(index: str, kind: str, name: bytes, unit: int, size: int, used: int) -> dict[str, Value]:
    row: tuple[Value, ...] = (f"{KINDS}.{kind}", name, unit, size, used)
    return {f"{STORAGE}.{column}.{index}": value for column, value in enumerate(row, 2)}


def test_memory_is_what_programs_hold_and_a_size_beyond_31_bits_is_no_negative_one() -> None:
    answers = storage("1", "2", b"Physical memory", 1024, 1000, 900)
    answers |= storage("6", "1", b"Memory buffers", 1024, 1000, 100) | storage(
        "7", "1", b"Cached memory", 1024, 500, 500
    )
    answers |= storage("31", "4", b"/", 4096, -(2**30), 2**30)
    values = said("host_resources", answers)
    assert values["memory_used_ratio", ""] == pytest.approx(0.3)
    assert values["filesystem_size_bytes", "/"] == 3 * 2**30 * 4096
    assert values["filesystem_used_ratio", "/"] == pytest.approx(1 / 3)


def test_one_processor_that_cannot_be_read_leaves_no_total() -> None:
    load = "1.3.6.1.2.1.25.3.3.1.2"
    assert said("host_resources", {f"{load}.1": 20, f"{load}.2": 40})["cpu_busy_ratio", "total"] == pytest.approx(0.3)
    broken = said("host_resources", {f"{load}.1": 20, f"{load}.2": 255})
    assert broken["cpu_busy_ratio", "total"] is Gap.UNREADABLE
    assert broken["cpu_busy_ratio", "0"] == 0.2


def test_load_comes_as_text_and_memory_without_caches() -> None:
    answers: dict[str, Value] = {"1.3.6.1.4.1.2021.10.1.3.1": b"0.42", "1.3.6.1.4.1.2021.11.11.0": 97}
    answers |= {"1.3.6.1.4.1.2021.4.5.0": 1000, "1.3.6.1.4.1.2021.4.6.0": 250, "1.3.6.1.4.1.2021.4.15.0": 500}
    values = said("ucd", answers)
    assert values["load1", ""] == 0.42
    assert values["cpu_busy_ratio", "total"] == pytest.approx(0.03)
    assert values["memory_used_ratio", ""] == 0.25


def test_an_uptime_that_wrapped_is_told_by_the_engine() -> None:
    engine = "1.3.6.1.6.3.10.2.1.3.0"
    assert said("system", {UPTIME: 4200})["uptime_seconds", ""] == 42
    assert said("system", {UPTIME: 4200, engine: 43_000_000})["uptime_seconds", ""] == 43_000_000
    assert said("system", {})["uptime_seconds", ""] is Gap.NOT_OFFERED


def test_neighbours_are_facts_of_the_port() -> None:
    lldp = "1.0.8802.1.1.2.1"
    answers: dict[str, Value] = {
        f"{lldp}.3.7.1.3.12": b"Gi0/12",
        f"{lldp}.4.1.1.5.900.12.1": bytes.fromhex("7485c4dfc002"),
        f"{lldp}.4.1.1.7.900.12.1": b"XGE1/0/1",
        f"{lldp}.4.1.1.9.900.12.1": b"core-1",
    }
    assert facts("lldp", answers) == {"neighbour.Gi0/12": "core-1 XGE1/0/1"}
    del answers[f"{lldp}.4.1.1.9.900.12.1"]
    assert facts("lldp", answers) == {"neighbour.Gi0/12": "74:85:c4:df:c0:02 XGE1/0/1"}


def test_degrees_fahrenheit_are_read_as_celsius() -> None:
    geist = "1.3.6.1.4.1.21239.5.1"
    answers: dict[str, Value] = {f"{geist}.1.7.0": 1, f"{geist}.4.1.3.2": b"rack", f"{geist}.4.1.4.2": 1}
    answers[f"{geist}.4.1.5.2"] = 770
    key = ("temperature_celsius", "rack")
    assert said("geist", answers)[key] == 77.0
    assert said("geist", answers | {f"{geist}.1.7.0": 0})[key] == pytest.approx(25.0)
    assert said("geist", answers | {f"{geist}.1.7.0": 5})[key] is Gap.UNREADABLE
    assert said("geist", answers | {f"{geist}.4.1.4.2": 0})[key] is Gap.NOT_OFFERED
