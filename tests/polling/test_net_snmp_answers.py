"""Net-snmp's own agent, asked by v2c and v3: what it is, its values as they were laid down, and after its restart."""

from __future__ import annotations

import asyncio
import json
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import zhishou
from bench.snmp_agents import counted, snmpd, told
from collector.device_type import DeviceType
from collector.polling import DevicePoll, PolledDevice
from collector.protocols.snmp import Credential, Target
from collector.sources.if_mib import COUNTERS
from readings.delivery.runner import TakenTick
from readings.delivery.spool import Spool
from readings.model import Clocks, Gap
from readings.wire import unpack_batch, unpack_series

pytestmark = pytest.mark.peer("snmpd")
OURS_INSTEAD = "ifTable,ifXTable,interfaces"
AGENT, PORTS = 3, 5
KEYS = "authpass12", "privpass12"
USER = f"createUser watcher SHA {KEYS[0]} AES {KEYS[1]}\nrouser watcher authpriv\n"
SECURE = Credential(3, "", "watcher", "sha1", KEYS[0], "aes128", KEYS[1])
LAID = {
    (metric, f"GE0/0/{row}"): float(counted(AGENT, wide or narrow, row))
    for metric, (wide, narrow) in COUNTERS.items()
    for row in range(1, PORTS + 1)
}


def values_of(tick: TakenTick) -> dict[tuple[str, str], float]:
    values: dict[tuple[str, str], float] = {}
    for _, _, packed, octets in tick.blocks:
        numbers = array("d")
        numbers.frombytes(octets)
        values.update(zip(unpack_series(packed), numbers, strict=True))
    return values


def checked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[tuple[str, str], Any]:
    assert zhishou.main(["collector", "check", *words, "--json"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    explained = json.loads(said.out)
    assert explained["type"] == "generic_host"
    assert explained["unmapped"] == []
    return {(one["metric"], one["part"]): one.get("value") for one in explained["readings"]}


def test_it_is_recognised_and_read_alike_by_v2c_and_v3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHISHOU_SNMP_AUTH", KEYS[0])
    monkeypatch.setenv("ZHISHOU_SNMP_PRIV", KEYS[1])
    with snmpd(tmp_path / "agent", told(AGENT, PORTS) + USER, without=OURS_INSTEAD) as port:
        at = f"127.0.0.1:{port}"
        open_ = checked(capsys, at, "--community", "public")
        secure = checked(capsys, at, "--user", "watcher", "--auth", "sha1", "--priv", "aes128")
    assert open_.items() >= LAID.items()
    assert secure.items() >= LAID.items()
    assert open_.keys() == secure.keys()
    assert open_["memory_total_bytes", ""] > 0, "and what it reads of this machine"


def test_a_poll_of_it_is_in_the_spool(tmp_path: Path) -> None:
    with snmpd(tmp_path / "agent", told(AGENT, PORTS), without=OURS_INSTEAD) as port:
        file = tmp_path / "devices.yaml"
        file.write_text(f"devices: [{{device_no: H-1, address: '127.0.0.1:{port}'}}]\n")
        file.chmod(0o600)
        state = tmp_path / "state"
        assert zhishou.main(["collector", "poll", "--devices", str(file), "--state", str(state), "--once"]) == 0
    spool = Spool(state / "spool.db")
    parcel = spool.batch(10, 10**7)
    spool.close()
    assert parcel is not None
    batch = unpack_batch(parcel.payload)
    assert batch.gaps == []
    [block] = [block for block in batch.blocks if block.source == "snmp"]
    numbers = array("d")
    numbers.frombytes(block.values)
    assert dict(zip(unpack_series(block.series), numbers, strict=True)).items() >= LAID.items()
    assert {fact.key: fact.value for fact in batch.facts}["name"] == f"agent-{AGENT}"


def test_a_secure_session_outlives_the_agents_restart(
    tmp_path: Path, types: dict[str, DeviceType], clocks: Callable[[], Clocks]
) -> None:
    """The agent that comes back counts another boot: a session of before is not answered any more."""
    configuration = told(AGENT, PORTS) + USER

    async def go() -> list[TakenTick]:
        with snmpd(tmp_path / "agent", configuration, without=OURS_INSTEAD) as port:
            poll = DevicePoll(PolledDevice("H-1", Target("127.0.0.1", port, SECURE, timeout_s=2.0)), types, clocks)
            before = [await poll.take(), await poll.take()]
        gone = await poll.take()
        with snmpd(tmp_path / "agent", configuration, port, without=OURS_INSTEAD):
            after = await poll.take()
        with snmpd(tmp_path / "agent", configuration, port, without=OURS_INSTEAD):
            return [*before, gone, after, await poll.take()]

    *before, gone, after, unseen = asyncio.run(go())
    assert [gap for _, _, gap, _ in gone.gaps] == [Gap.UNREACHABLE]
    for tick in (*before, after, unseen):
        assert tick.gaps == []
        assert values_of(tick).items() >= LAID.items()


def test_a_key_that_is_wrong_is_refused(
    tmp_path: Path, types: dict[str, DeviceType], clocks: Callable[[], Clocks]
) -> None:
    wrong = Credential(3, "", "watcher", "sha1", "another-key", "aes128", KEYS[1])
    with snmpd(tmp_path / "agent", told(AGENT, PORTS) + USER, without=OURS_INSTEAD) as port:
        poll = DevicePoll(PolledDevice("H-1", Target("127.0.0.1", port, wrong, timeout_s=2.0)), types, clocks)
        tick = asyncio.run(poll.take())
    assert [gap for _, _, gap, _ in tick.gaps] == [Gap.REFUSED]
