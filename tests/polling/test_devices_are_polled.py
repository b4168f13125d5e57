"""A device is asked over the network as its recording would be read; none changes anything for another."""

from __future__ import annotations

import asyncio
import threading
from array import array
from collections.abc import Callable

import pytest
from pysnmp.proto import rfc1905

from collector.actions.check import explain_recording
from collector.device_type import DeviceType
from collector.identify import read_device
from collector.polling import DevicePoll, PolledDevice, Poller
from collector.protocols.snmp import Agent, Credential, Manner, Target
from collector.protocols.snmp_agents import agent_for, asked_whole, recognise
from collector.protocols.snmp_tolerant import TolerantAgent
from readings.delivery.runner import TakenTick
from readings.model import Clocks, Gap, Sample, gap_of
from readings.wire import unpack_series
from tests.polling.conftest import Responder, Script, ScriptedAgent, free_port

Types = dict[str, DeviceType]
SERIES = ("temperature_celsius", "Above Rack 02")


def read_over(target: Target, types: Types) -> tuple[str, list[Sample]]:
    async def go() -> tuple[str, list[Sample]]:
        agent: Agent = agent_for(target)
        try:
            type_, _ = await recognise(agent, types)
            asked = await asked_whole(agent, type_, Manner(), 30.0)
        finally:
            if isinstance(agent, TolerantAgent):
                agent.close()
        assert asked.remarks == []
        return type_.id, read_device(type_, asked.walk()).samples

    return asyncio.run(go())


def values_of(tick: TakenTick) -> dict[tuple[str, str], float]:
    values: dict[tuple[str, str], float] = {}
    for _, _, packed, octets in tick.blocks:
        numbers = array("d")
        numbers.frombytes(octets)
        values.update(zip(unpack_series(packed), numbers, strict=True))
    return values


@pytest.mark.parametrize("name", ["geist", "eaton", "cisco"])
def test_both_transports_read_what_the_recording_holds(name: str, responder: Responder, types: Types) -> None:
    recorded = explain_recording(responder.folder / f"{name}.snmprec", types)
    expected = (recorded.reading.type.id, recorded.reading.samples)
    assert read_over(responder.target(name), types) == expected
    assert read_over(responder.target(name, tolerant=True), types) == expected
    assert len(recorded.reading.samples) > 15


def test_the_oldest_version_reads_the_same(responder: Responder, types: Types) -> None:
    assert read_over(responder.target("geist", version=1), types) == read_over(responder.target("geist"), types)


def secret_target(port: int, key: str = "authpass12", *, tolerant: bool = False) -> Target:
    credential = Credential(3, "", "watcher", "sha1", key, "aes128", "privpass12")
    return Target("127.0.0.1", port, credential, timeout_s=3.0, tolerant=tolerant)


def test_the_newest_version_reads_the_same(responder: Responder, types: Types) -> None:
    expected = read_over(responder.target("geist"), types)
    assert read_over(secret_target(responder.port), types) == expected
    assert read_over(secret_target(responder.port, tolerant=True), types) == expected


def test_a_wrong_key_is_refused_and_not_tried_at_the_usual_pace(
    responder: Responder, types: Types, clocks: Callable[[], Clocks]
) -> None:
    poll = DevicePoll(PolledDevice("U-1", secret_target(responder.port, "wrongpass12")), types, clocks)

    async def thrice() -> list[tuple[Gap, float]]:
        return [((await poll.take()).gaps[0][2], poll.wait_s()) for _ in range(3)]

    seen = asyncio.run(thrice())
    assert [gap for gap, _ in seen] == [Gap.REFUSED] * 3
    assert seen[0][1] < seen[1][1] < seen[2][1]


def test_one_that_is_dead_and_one_that_is_slow_change_nothing_for_the_others(
    responder: Responder,
    scripted: Callable[[Script], ScriptedAgent],
    types: Types,
    clocks: Callable[[], Clocks],
) -> None:
    """The slow one answers only when all others have been read: had one of them waited for it, none would end."""
    others_read = threading.Event()
    ticks: list[TakenTick] = []

    def script(oids: list[str], _bulk: bool) -> tuple[list[tuple[str, object]], int]:
        others_read.wait(60)
        return [(oid, rfc1905.noSuchObject) for oid in oids], 0

    def take(tick: TakenTick) -> None:
        ticks.append(tick)
        if sum(not one.gaps for one in ticks) == 18:
            others_read.set()

    alive = [PolledDevice(f"D-{number}", responder.target("geist", timeout_s=20.0)) for number in range(18)]
    dead = PolledDevice("dead", Target("127.0.0.1", free_port(), Credential(), timeout_s=0.3))
    slow = PolledDevice("slow", scripted(script).target(timeout_s=90.0))
    asyncio.run(Poller([slow, dead, *alive], types, clocks, take).once())
    gaps = {device: gap for tick in ticks for device, _, gap, _ in tick.gaps}
    assert gaps == {"dead": Gap.UNREACHABLE, "slow": Gap.REFUSED}
    assert others_read.is_set()
    assert {values_of(tick)[SERIES] for tick in ticks if not tick.gaps} == {18.5}


def test_a_restarted_agent_is_read_again(responder: Responder, types: Types, clocks: Callable[[], Clocks]) -> None:
    poll = DevicePoll(PolledDevice("U-1", secret_target(responder.port)), types, clocks)

    async def go() -> list[TakenTick]:
        first = await poll.take()
        await asyncio.to_thread(responder.stop)
        second = await poll.take()
        await asyncio.to_thread(responder.start)
        return [first, second, await poll.take()]

    first, second, third = asyncio.run(go())
    assert second.gaps[0][2] is Gap.UNREACHABLE
    assert values_of(first)[SERIES] == values_of(third)[SERIES] == 18.5
    assert values_of(second)["source_success", "snmp"] == 0.0


def test_a_tick_says_whose_it_is_and_how_long_it_took(
    responder: Responder, types: Types, clocks: Callable[[], Clocks]
) -> None:
    poll = DevicePoll(PolledDevice("T-1", responder.target("geist")), types, clocks)
    tick = asyncio.run(poll.take())
    assert {device for device, *_ in tick.blocks} == {"T-1"}
    values = values_of(tick)
    assert values["source_success", "snmp"] == 1.0
    assert gap_of(values["source_duration_seconds", "snmp"]) is None
    facts = {fact.key: fact.value for _, fact in tick.facts}
    assert facts["device_type"] == "geist_environment"
    assert facts["serial"] == "TB19020610"


def test_phases_spread_over_the_interval(types: Types, clocks: Callable[[], Clocks]) -> None:
    target = Target("127.0.0.1", 9, Credential())
    polls = [DevicePoll(PolledDevice(f"S-{number}", target, interval_s=60.0), types, clocks) for number in range(600)]
    by_second = [int(poll.phase_s()) for poll in polls]
    assert set(by_second) <= set(range(60))
    assert max(by_second.count(second) for second in range(60)) < 30  # were they even, 10 a second


def test_a_poller_goes_on_until_it_is_stopped(responder: Responder, types: Types, clocks: Callable[[], Clocks]) -> None:
    ticks: list[TakenTick] = []

    async def go() -> None:
        stop = asyncio.Event()

        def take(tick: TakenTick) -> None:
            ticks.append(tick)
            if len(ticks) == 3:
                stop.set()

        device = PolledDevice("T-1", responder.target("geist"), interval_s=0.05)
        await Poller([device], types, clocks, take).run(stop)

    asyncio.run(go())
    assert [values_of(tick)[SERIES] for tick in ticks] == [18.5] * 3


def test_a_device_stands_in_the_list_once(types: Types, clocks: Callable[[], Clocks]) -> None:
    twice = [PolledDevice("T-1", Target("127.0.0.1", 9, Credential()))] * 2
    with pytest.raises(ValueError, match="twice"):
        Poller(twice, types, clocks, print)
