"""A device file recognises, scales and maps as it says; what it does not list is a gap and told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from collector.device_files import load_device_type
from collector.device_type import DeviceType
from collector.identify import DeviceReading, identify, read_device
from collector.source import Unmapped
from collector.walk import Value, Walk
from readings.catalogue import Catalogue
from readings.model import Gap

Read = Callable[..., DeviceReading]
SYS_DESCR, SYS_OBJECT_ID = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0"


@pytest.fixture
def read(tmp_path: Path, catalogue: Catalogue) -> Read:
    def reading(rows: str, answers: dict[str, Value], troubles: dict[str, Gap] | None = None) -> DeviceReading:
        file = tmp_path / "one.yaml"
        file.write_text(f"id: one\nkind: switch\nrecognise: {{}}\nsources: []\n{rows}", encoding="utf-8")
        return read_device(load_device_type(file, catalogue), Walk(answers, troubles))

    return reading


def values(reading: DeviceReading) -> dict[tuple[str, str], float | Gap]:
    return {(one.metric, one.part): one.value for one in reading.samples}


def test_a_state_that_is_not_listed_is_a_gap_and_told(read: Read) -> None:
    rows = (
        "states: [{metric: fan_state, column: 1.3.6.1.9, part: 'fan {index}',"
        " means: {1: normal, BAD: failed}, gaps: [0]}]"
    )
    reading = read(rows, {"1.3.6.1.9.1": 1, "1.3.6.1.9.2": 3, "1.3.6.1.9.3": b"BAD", "1.3.6.1.9.4": 0})
    assert values(reading) == {
        ("fan_state", "fan 1"): 1.0,
        ("fan_state", "fan 2"): Gap.UNREADABLE,
        ("fan_state", "fan 3"): 3.0,
        ("fan_state", "fan 4"): Gap.NOT_OFFERED,
    }
    assert reading.unmapped == [Unmapped("fan_state", "1.3.6.1.9.2", "3")]


def test_a_number_is_scaled_left_out_or_a_gap_as_said(read: Read) -> None:
    rows = (
        "values: [{metric: temperature_celsius, column: 1.3.6.1.9, named_by: 1.3.6.1.8, each: 0.1 ℃,"
        " absent: [-999], gaps: [65535], least: -40 ℃}]"
    )
    answers: dict[str, Value] = {"1.3.6.1.9.1": 235, "1.3.6.1.9.2": -999, "1.3.6.1.9.3": 65535, "1.3.6.1.9.4": -640}
    assert values(read(rows, answers | {"1.3.6.1.8.1": b"inlet"})) == {
        ("temperature_celsius", "inlet"): 23.5,
        ("temperature_celsius", "3"): Gap.NOT_OFFERED,
    }


def test_only_rows_that_meet_the_condition_count_and_one_alone_has_its_name(read: Read) -> None:
    rows = (
        "values: [{metric: cpu_busy_ratio, column: 1.3.6.1.9, part: 'board {index}', each: 1 %, alone: total,"
        " where: {column: 1.3.6.1.7, other_than: [0]}}]"
    )
    answers: dict[str, Value] = {"1.3.6.1.9.1": 40, "1.3.6.1.9.2": 0, "1.3.6.1.7.1": 2**30, "1.3.6.1.7.2": 0}
    assert values(read(rows, answers)) == {("cpu_busy_ratio", "total"): 0.4}
    assert set(values(read(rows, answers | {"1.3.6.1.7.2": 1}))) == {
        ("cpu_busy_ratio", "board 1"), ("cpu_busy_ratio", "board 2"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "other", "value"),
    [("of", 400, 0.25), ("beside", 300, 0.25), ("of", 50, Gap.UNREADABLE), ("of", 0, Gap.UNREADABLE)],
    ids=["of a whole", "beside the rest", "more than all", "of nothing"],
)
def test_a_share_is_of_something(read: Read, field: str, other: int, value: float | Gap) -> None:
    rows = f"values: [{{metric: memory_used_ratio, at: 1.3.6.1.9.0, {field}: 1.3.6.1.8.0}}]"
    assert values(read(rows, {"1.3.6.1.9.0": 100, "1.3.6.1.8.0": other})) == {("memory_used_ratio", ""): value}


def test_a_number_is_found_within_a_text(read: Read) -> None:
    rows = "values: [{metric: cpu_busy_ratio, column: 1.3.6.1.9, within: 'cpu: ([\\d.]+)%', each: 1 %}]"
    assert values(read(rows, {"1.3.6.1.9.1": b"cpu: 12.5%", "1.3.6.1.9.2": b"none"})) == {
        ("cpu_busy_ratio", "1"): 0.125,
        ("cpu_busy_ratio", "2"): Gap.UNREADABLE,
    }


def test_what_is_free_is_told_as_used(read: Read) -> None:
    rows = "values: [{metric: cpu_busy_ratio, at: 1.3.6.1.9.0, part: total, each: 0.1 %, invert: true}]"
    assert values(read(rows, {"1.3.6.1.9.0": 962})) == {("cpu_busy_ratio", "total"): 0.038}


def test_an_object_that_is_missing_is_a_gap_with_its_reason(read: Read) -> None:
    rows = "values: [{metric: cpu_busy_ratio, at: 1.3.6.1.9.0, part: total, each: 1 %}]"
    assert values(read(rows, {})) == {("cpu_busy_ratio", "total"): Gap.NOT_OFFERED}
    assert values(read(rows, {}, {"1.3.6.1.9.0": Gap.TIMED_OUT})) == {("cpu_busy_ratio", "total"): Gap.TIMED_OUT}


@pytest.mark.parametrize(
    ("object_id", "descr", "others", "expected"),
    [
        ("1.3.6.1.4.1.2011.2.23.276", "", {}, "huawei_vrp"),
        ("1.3.6.1.4.1.8072.3.2.10", "Linux", {}, "generic_host"),
        ("1.3.6.1.4.1.8072.3.2.10", "Linux", {"1.3.6.1.4.1.2011.6.174.1.1.1.1.0": b"x"}, "huawei_ups"),
        ("1.3.6.1.4.1.8072.3.2.10", "Linux", {"1.3.6.1.4.1.2.3.51.3.1.4.1.0": 255}, "ibm_imm"),
        ("1.3.6.1.4.1.476.1.42", "", {"1.3.6.1.4.1.476.1.42.3.4.3.1.0": 1}, "liebert_crac"),
        ("1.3.6.1.4.1.476.1.42", "", {"1.3.6.1.2.1.33.1.2.1.0": 2}, "vertiv_ups"),
        ("1.3.6.1.4.1.99999.1", "", {"1.3.6.1.2.1.33.1.2.1.0": 2}, "generic_ups"),
        ("1.3.6.1.4.1.99999.1", "", {"1.3.6.1.2.1.17.1.2.0": 48}, "generic_switch"),
        ("1.3.6.1.4.1.99999.1", "Acme NGFW 2000", {}, "generic_firewall"),
        ("1.3.6.1.4.1.2.3.51.3", "Linux imm 2.6.32", {}, "ibm_imm"),
        ("1.3.6.1.4.1.318.1.3.28", "", {"1.3.6.1.4.1.318.1.1.1.2.1.1.0": 2}, "apc_ups"),
        ("1.3.6.1.4.1.318.1.3.14.9", "", {"1.3.6.1.4.1.318.1.1.1.2.1.1.0": 2}, "apc_cooling"),
        ("1.3.6.1.4.1.6876.4.1", "VMware ESXi 7.0.3", {}, "generic_host"),
        ("", "ZTE Ethernet Switch  ZXR10 5250-52TM-H", {}, "zte_zxr10"),
        ("", "Dell Out-of-band SNMP Agent for Remote Access Controller", {}, "dell_idrac"),
        ("1.3.6.1.4.1.12325.1.1.2.1.1", "Isilon OneFS v8.1.2.0", {}, "isilon_onefs"),
        ("1.3.6.1.4.1.99999.1", "", {}, "generic_snmp"),
        ("1.3.6.1.4.1.20111.1", "", {}, "generic_snmp"),
        ("", "", {}, "generic_snmp"),
    ],
)
def test_a_device_is_known_by_what_fits_best(
    types: dict[str, DeviceType], object_id: str, descr: str, others: dict[str, Value], expected: str
) -> None:
    walk = Walk({SYS_OBJECT_ID: object_id, SYS_DESCR: descr.encode(), **others})
    assert identify(walk, types).id == expected
