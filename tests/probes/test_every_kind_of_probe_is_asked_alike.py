"""All kinds of probes through one door: settings that are strict and silent about secrets, places carried on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from collector.cli.ssh import Sessions
from collector.probes.ipmi_reading import Place, Record
from collector.probes.kinds import Kind, Probe, probe_kinds
from collector.probes.registers import load_maps
from collector.probes.stated import Secret, WrongSettings, taken
from readings.catalogue import Catalogue
from readings.model import Event, Sample, SourceFailed
from tests.probes.redfish_server import PASSWORD, USER, RedfishServer, entry, redfish

Serving = Callable[..., Any]
NOW = datetime(2026, 6, 1, tzinfo=UTC)
SEL = "Systems/1/LogServices/SEL/Entries"
LEAST: dict[str, dict[str, Any]] = {
    "icmp": {"host": "127.0.0.1"},
    "tcp": {"host": "127.0.0.1", "port": 1},
    "tls": {"host": "127.0.0.1"},
    "web": {"url": "http://127.0.0.1/"},
    "modbus": {"host": "127.0.0.1", "map": "leak_detector"},
    "redfish": {"host": "127.0.0.1"},
    "ipmi": {"host": "127.0.0.1", "user": "watch"},
    "nut": {"host": "127.0.0.1"},
    "sql": {"engine": "mysql", "host": "127.0.0.1", "user": "watch"},
    "configuration": {"host": "127.0.0.1", "platform": "huawei_vrp", "user": "watch", "folder": "SW-A"},
}


@pytest.fixture
def kinds(catalogue: Catalogue, tmp_path: Path) -> Iterator[dict[str, Kind]]:
    sessions = Sessions(tmp_path / "known_hosts", 2)
    yield probe_kinds(load_maps(catalogue), sessions, tmp_path)
    sessions.close()


def test_every_kind_has_its_least_settings_here(kinds: dict[str, Kind]) -> None:
    assert kinds.keys() == LEAST.keys()


@pytest.mark.parametrize("name", LEAST)
def test_settings_are_strict_and_show_no_secret(kinds: dict[str, Kind], name: str) -> None:
    shape = kinds[name].settings
    assert taken(shape, LEAST[name])
    with pytest.raises(WrongSettings, match="unknown field `hosts`"):
        taken(shape, LEAST[name] | {"hosts": "planted"})
    with pytest.raises(WrongSettings, match="time_limit_s"):
        taken(shape, LEAST[name] | {"time_limit_s": 100_000})
    secrets = [field.name for field in msgspec.structs.fields(shape) if field.type is Secret]
    for field in secrets:
        settings = taken(shape, LEAST[name] | {field: "planted"})
        assert getattr(settings, field).reveal() == "planted"
        assert "planted" not in f"{settings!r} {settings}"
        with pytest.raises(TypeError):
            json.dumps(msgspec.to_builtins(settings))
        with pytest.raises(WrongSettings, match=field) as refusal:
            taken(shape, LEAST[name] | {field: ["planted"]})
        assert "planted" not in str(refusal.value)


def test_a_probe_tells_each_record_once_and_loses_none_to_a_look_that_failed(kinds: dict[str, Kind]) -> None:
    async def run() -> list[list[str] | str]:
        told: list[list[str] | str] = []
        async with redfish(RedfishServer()) as served:
            written = {"host": "127.0.0.1", "port": served.port, "plain": True, "user": USER, "password": PASSWORD}
            probe = Probe(kinds["redfish"], taken(kinds["redfish"].settings, written), lambda: NOW)
            for broken in (False, True, False, False):
                served.instead = {"": (503, "{}")} if broken else {}
                try:
                    told.append([item.kind for item in await probe.ask() if isinstance(item, Event)])
                except SourceFailed as failure:
                    told.append(failure.gap.word)
                served.tree[SEL] = [*served.tree[SEL][:7], entry(8, "fan lost")]
        return told

    assert asyncio.run(run()) == [["log_begins"], "unreadable", ["bmc_event"], []]


def test_a_place_outlives_a_restart_and_one_that_is_torn_begins_anew(kinds: dict[str, Kind]) -> None:
    async def run() -> list[list[str]]:
        told: list[list[str]] = []
        async with redfish(RedfishServer()) as served:
            written = {"host": "127.0.0.1", "port": served.port, "plain": True, "user": USER, "password": PASSWORD}
            settings = taken(kinds["redfish"].settings, written)
            place = b""
            for cut in (False, False, False, True):
                probe = Probe(kinds["redfish"], settings, lambda: NOW, place[:-9] if cut else place)
                told.append([item.kind for item in await probe.ask() if isinstance(item, Event)])
                place = probe.place
                served.tree[SEL] = [*served.tree[SEL][:7], entry(8, "fan lost")]
        return told

    assert asyncio.run(run()) == [["log_begins"], ["bmc_event"], [], ["log_begins"]]


def test_a_place_of_ipmi_is_the_same_after_a_restart(kinds: dict[str, Kind]) -> None:
    record = Record("1", "11/24/26 08:00:00 UTC", "Fan 1", "Lower Critical going low", "Asserted", "")
    place = Place("Entries : 1", "", (record,))
    settings = taken(kinds["ipmi"].settings, LEAST["ipmi"])
    again = Probe(kinds["ipmi"], settings, lambda: NOW, msgspec.json.encode(place))
    assert msgspec.json.decode(again.place, type=Place) == place


def test_a_port_is_looked_at_through_the_same_door(kinds: dict[str, Kind], closed_port: int) -> None:
    settings = taken(kinds["tcp"].settings, {"host": "127.0.0.1", "port": closed_port})
    items, place = asyncio.run(kinds["tcp"].look(settings, None, lambda: NOW))
    assert [item.value for item in items if isinstance(item, Sample)][:1] == [0.0]
    assert place is None


def test_a_map_nobody_wrote_is_not_offered(kinds: dict[str, Kind]) -> None:
    settings = taken(kinds["modbus"].settings, {"host": "127.0.0.1", "map": "abacus"})
    with pytest.raises(SourceFailed, match="no register map is called 'abacus'") as failure:
        asyncio.run(kinds["modbus"].look(settings, None, lambda: NOW))
    assert failure.value.gap.word == "not_offered"


@pytest.mark.parametrize("folder", ["../x", "/etc", "a/b", ".hidden"], ids=["upwards", "a root", "beneath", "hidden"])
def test_a_folder_of_configurations_is_one_plain_name(kinds: dict[str, Kind], folder: str) -> None:
    with pytest.raises(WrongSettings, match="folder"):
        taken(kinds["configuration"].settings, LEAST["configuration"] | {"folder": folder})
