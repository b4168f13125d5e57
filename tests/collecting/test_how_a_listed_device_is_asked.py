"""What the device list says becomes polls; what cannot be asked is a gap with its sentence and stops nothing."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collector.asked_by_probes import probe_polls
from collector.asked_by_snmp import snmp_polls, target_of
from collector.cli.ssh import Sessions
from collector.device_files import load_device_types
from collector.pacing import Paced
from collector.places import Places
from collector.polled import AskedDevice
from collector.probe_settings import asked_by
from collector.probes.kinds import MappedModbusSettings, probe_kinds
from collector.probes.registers import load_maps
from collector.probes.stated import taken
from collector.sight import Sight
from readings.catalogue import load_catalogue
from readings.delivery.collection import ListedDevice, decode_list
from readings.delivery.runner import RUNNER, TakenTick
from readings.model import Clocks, Gap
from readings.wire import unpack_series
from tests.collecting.programs import CLEAN, PYTHON, WITHIN_S

AskOnce = Callable[[ListedDevice], TakenTick]


def clocks() -> Clocks:
    return Clocks("boot", time.monotonic_ns(), time.time_ns())


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[AskOnce]:
    """One tick of a device, asked by all ways there are."""
    catalogue, sessions = load_catalogue(), Sessions(tmp_path / "known_hosts")
    makers = [
        snmp_polls(load_device_types(catalogue), clocks),
        probe_polls(
            probe_kinds(load_maps(catalogue), sessions, tmp_path / "configurations"),
            Places(tmp_path / "places"),
            clocks,
        ),
    ]

    def once(device: ListedDevice) -> TakenTick:
        polls = [poll for make in makers for poll in make(device)]
        return asyncio.run(AskedDevice(device, polls, clocks).ask(10.0))

    yield once
    sessions.close()


def listed(protocols: dict[str, Any], secrets: dict[str, Any] | None = None, **more: Any) -> ListedDevice:
    """As it comes from a centre, which may be newer than the collector."""
    words = {"device_no": "D-1", "share": "room", "address": "127.0.0.1", "protocols": protocols}
    body = {"revision": 1, "devices": [{**words, "secrets": secrets or {}, **more}]}
    [device] = decode_list(json.dumps(body).encode()).devices
    return device


@pytest.mark.parametrize(
    ("said", "words"),
    [
        pytest.param(
            {"map": "leak_detector", "port": 1502, "unit": 3},
            {"host": "127.0.0.1", "port": 1502, "unit_id": 3, "map": "leak_detector", "time_limit_s": 3.0},
            id="over TCP",
        ),
        pytest.param(
            {"map": "leak_detector", "unit": 3, "serial": "/dev/ttyUSB0", "baud": 19200, "parity": "E"},
            {"serial": "/dev/ttyUSB0", "baud": 19200, "parity": "E", "stop_bits": 1, "unit_id": 3,
             "map": "leak_detector", "time_limit_s": 3.0},
            id="on a serial line",
        ),
    ],
)  # fmt: skip
def test_modbus_is_asked_over_tcp_or_on_a_line(said: dict[str, Any], words: dict[str, Any]) -> None:
    _, settings = asked_by(listed({"modbus": said}))["modbus"]
    assert settings() == [words]
    assert taken(MappedModbusSettings, words)


def test_no_other_file_is_opened_as_a_line() -> None:
    device = listed({"modbus": {"map": "leak_detector", "serial": "/etc/shadow"}})
    assert device.protocols.modbus is None


@pytest.mark.parametrize(
    ("device", "source", "because"),
    [
        pytest.param(listed({"telepathy": {"depth": 3}}), "telepathy", "telepathy", id="a protocol of tomorrow"),
        pytest.param(listed({"icmp": {"count": 3, "colour": "red"}}), "icmp", "colour", id="a setting of tomorrow"),
        pytest.param(listed({"snmp": {}}), "snmp", "no secret snmp of D-1", id="no secret"),
        pytest.param(
            listed({"snmp": {}}, {"snmp": {"user": "watcher"}}),
            "snmp",
            "no community",
            id="a secret of another version",
        ),
        pytest.param(
            listed({"snmp": {"version": "3"}}, {"snmp": {"community": "c"}}), "snmp", "no user", id="a community for v3"
        ),
        pytest.param(
            listed({"snmp": {}}, {"snmp": {"community": "c"}}, type="toaster"), "snmp", "toaster", id="an unknown type"
        ),
        pytest.param(listed({"redfish": {}}), "redfish", "no secret bmc", id="no sign-in"),
        pytest.param(
            listed({"cli": {"platform": "huawei_vrp", "backup": True}}), "cli", "no secret ssh", id="no SSH sign-in"
        ),
        pytest.param(listed({"modbus": {"map": "no_such_map"}}), "modbus", "no_such_map", id="an unknown register map"),
        pytest.param(listed({"nut": {"name": "a b"}}), "nut", "ups", id="what the probe itself refuses"),
    ],
)
def test_what_cannot_be_asked_is_a_gap_that_says_why(
    device: ListedDevice, source: str, because: str, ask: AskOnce
) -> None:
    tick = ask(device)
    [(device_no, name, gap, detail)] = tick.gaps
    assert (device_no, name, gap) == ("D-1", source, Gap.NOT_OFFERED)
    assert because in detail
    told = Sight().told("D-1", tick, 0.0)
    assert told.blocks == [], "nobody asked it: it must not count as met"
    assert [gap for _, _, gap, _ in told.gaps] == [Gap.BLIND]


def test_what_is_not_understood_changes_nothing_for_the_rest(ask: AskOnce) -> None:
    with socket.create_server(("127.0.0.1", 0)) as open_, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        ports = [open_.getsockname()[1], closed.getsockname()[1]]
        tick = ask(listed({"telepathy": {}, "tcp": {"ports": ports}}))
    values: dict[tuple[str, str], float] = {}
    for _, source, packed, octets in tick.blocks:
        numbers = array("d")
        numbers.frombytes(octets)
        values.update(zip(unpack_series(packed), numbers, strict=True) if source != RUNNER else {})
    assert [values["tcp_port_open", f"port {port}"] for port in ports] == [1.0, 0.0]
    assert [gap[1:3] for gap in tick.gaps] == [("telepathy", Gap.NOT_OFFERED)]
    assert Sight().told("D-1", tick, 0.0) is tick


def test_a_silent_device_is_silent_whatever_else_could_not_be_asked() -> None:
    gaps = [("D-1", "snmp", Gap.UNREACHABLE, "no"), ("D-1", "sql", Gap.NOT_OFFERED, "not yet")]
    told = Sight().told("D-1", TakenTick(clocks(), blocks=[("D-1", RUNNER, b"", b"")], gaps=gaps), 0.0)
    assert told.blocks == []
    assert [gap[1:3] for gap in told.gaps] == [("snmp", Gap.UNREACHABLE)]


def test_the_words_of_the_list_become_those_of_the_transport() -> None:
    secret = {"user": "w", "auth": "SHA", "auth_key": "k" * 8, "privacy": "AES256", "privacy_key": "p" * 8}
    device = listed({"snmp": {"version": "3", "port": 1161, "transport": "tolerant", "retries": 4}}, {"snmp": secret})
    assert device.protocols.snmp is not None
    target = target_of(device, device.protocols.snmp)
    opened = target.credential
    assert (target.host, target.port, target.tolerant, target.retries) == ("127.0.0.1", 1161, True, 4)
    assert (opened.version, opened.user, opened.authentication, opened.privacy) == (3, "w", "sha1", "aes256")
    assert "k" * 8 not in repr(target)


class Scripted:
    """A poll that answers with one gap after the other; None is an answer without one."""

    def __init__(self, *gaps: Gap | None) -> None:
        self.gaps = list(gaps)
        self.asked = 0

    async def take(self) -> TakenTick:
        self.asked += 1
        gap = self.gaps.pop(0)
        return TakenTick(clocks(), gaps=[] if gap is None else [("D-1", "snmp", gap, "as scripted")])


@pytest.mark.parametrize(
    ("first", "every_s", "asked", "told"),
    [
        pytest.param(Gap.REFUSED, 0.0, 1, [Gap.REFUSED], id="refused: left alone, and the gap goes on"),
        pytest.param(Gap.TIMED_OUT, -3600.0, 2, [], id="silent: asked again at once"),
        pytest.param(None, 86_400.0, 1, [], id="seldom: rests, and that is no gap"),
        pytest.param(Gap.UNREADABLE, 86_400.0, 1, [Gap.UNREADABLE], id="seldom and failed: its gap goes on"),
    ],
)
def test_who_refused_is_left_alone_and_what_is_heavy_is_asked_seldom(
    first: Gap | None, every_s: float, asked: int, told: list[Gap]
) -> None:
    poll = Scripted(first, None)
    paced = Paced(poll, 3600.0, clocks, every_s)

    async def twice() -> TakenTick:
        await paced.take()
        return await paced.take()

    assert [gap for _, _, gap, _ in asyncio.run(twice()).gaps] == told
    assert poll.asked == asked


def test_a_place_outlives_a_restart_and_one_that_is_broken_begins_anew(tmp_path: Path) -> None:
    folder = tmp_path / "places"
    Places(folder).keep("机房/../1", "redfish", b'"here"')
    assert Places(folder).of("机房/../1", "redfish") == b'"here"'
    assert Places(folder).of("机房/../1", "ipmi") == b""
    [file] = folder.iterdir()
    file.write_bytes(b"x" * 2_000_000)
    assert Places(folder).of("机房/../1", "redfish") == b""


@pytest.mark.parametrize(
    ("words", "code", "because"),
    [
        pytest.param(["run", "--state", "nowhere"], 1, "not enrolled", id="run before it is enrolled"),
        pytest.param(
            ["enrol", "--server", "http://192.0.2.1:8650", "--state", "nowhere"], 2, "plain HTTP", id="an open network"
        ),
        pytest.param(["enrol", "--server", "http://127.0.0.1:9", "--state", "nowhere"], 2, "no token", id="no token"),
    ],
)
def test_what_cannot_begin_says_why(words: list[str], code: int, because: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [*PYTHON, "zhishou", "collector", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN_S,
        env=CLEAN,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
    )
    assert ran.returncode == code, ran.stderr
    assert because in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / "nowhere").exists()
