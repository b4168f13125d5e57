"""Families nobody has recorded yet: a few answers in the words of their MIB are recognised and mean what it says."""

from __future__ import annotations

import pytest

from collector.device_type import DeviceType
from collector.identify import identify, read_device
from collector.walk import Walk
from readings.model import Gap
from tests.recognising.families import FAMILIES as FAMILIES_AT_HAND
from tests.recognising.families_of_networks import FAMILIES_OF_NETWORKS
from tests.recognising.families_of_rooms import FAMILIES_OF_ROOMS
from tests.recognising.families_of_servers import FAMILIES_OF_SERVERS

FAMILIES = FAMILIES_AT_HAND | FAMILIES_OF_NETWORKS | FAMILIES_OF_ROOMS | FAMILIES_OF_SERVERS


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_recognised_and_its_answers_mean_what_its_mib_says(name: str, types: dict[str, DeviceType]) -> None:
    object_id, answers, expected = FAMILIES[name]
    walk = Walk({"1.3.6.1.2.1.1.2.0": object_id, **answers})
    type_ = identify(walk, types)
    assert type_.id == name
    read = read_device(type_, walk)
    known = {(sample.metric, sample.part): sample.value for sample in read.samples}
    assert {series: known.get(series) for series in expected} == pytest.approx(expected)
    assert read.unmapped == []


@pytest.mark.parametrize("name", sorted(FAMILIES.keys() - {"apc_netbotz", "sentry_pdu", "tp_link"}))
def test_a_state_its_mib_does_not_list_is_a_gap_and_told(name: str, types: dict[str, DeviceType]) -> None:
    object_id, answers, _ = FAMILIES[name]
    type_ = types[name]
    columns = [table.place.at or table.place.column for table in type_.states]
    stated = {
        oid: 4711
        for oid in answers
        for column in columns
        if oid == column or oid.startswith(f"{column}.")
    }  # fmt: skip
    assert stated
    read = read_device(type_, Walk({"1.3.6.1.2.1.1.2.0": object_id, **answers, **stated}))
    of_states = {table.metric for table in type_.states}
    assert {found.oid for found in read.unmapped} <= set(stated)
    assert all(isinstance(sample.value, Gap) for sample in read.samples if sample.metric in of_states)


def test_a_row_stands_in_only_where_no_source_says_it(types: dict[str, DeviceType]) -> None:
    walk = Walk(
        {
            "1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.935.1",
            "1.3.6.1.2.1.33.1.2.4.0": 98,
            "1.3.6.1.4.1.935.1.1.1.2.2.1.0": 71,
        }
    )
    read = read_device(types["phoenixtec_ups"], walk)
    charges = [sample.value for sample in read.samples if sample.metric == "ups_battery_charge_ratio"]
    assert charges == [0.98]


def test_an_older_table_counts_only_where_the_newer_is_not_there(types: dict[str, DeviceType]) -> None:
    old, new = "1.3.6.1.4.1.9.9.109.1.1.1.1.5", "1.3.6.1.4.1.9.9.109.1.1.1.1.8"
    for answers, busy in (({f"{old}.1": 12}, 0.12), ({f"{old}.1": 12, f"{new}.1": 13}, 0.13)):
        read = read_device(types["cisco_ios"], Walk({"1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.9.1.1", **answers}))
        assert [sample.value for sample in read.samples if sample.metric == "cpu_busy_ratio"] == [busy]


def test_an_empty_slot_or_bay_is_no_module(types: dict[str, DeviceType]) -> None:
    _, answers, _ = FAMILIES["xfusion_ibmc"]
    read = read_device(types["xfusion_ibmc"], Walk(answers))
    modules = {sample.part for sample in read.samples if sample.metric == "module_state"}
    assert modules == {"processor CPU1", "memory DIMM000", "disk Disk0"}
