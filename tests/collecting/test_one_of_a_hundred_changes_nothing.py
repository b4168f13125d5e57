"""A hundred switches are asked by SNMP; one is dead, silent, slow, talks nonsense or never ends: 99 do not notice.

What the 99 told is compared, tick for tick, with what they tell when all are well: times, values, counts and facts.
"""

from __future__ import annotations

import asyncio
import math
import socket
import threading
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from bench.canned import INTEGER, NEXT, OID, Answer, Answering, Switch, Table, numbers, oid_octets, tlv
from collector.asked_by_snmp import snmp_polls
from collector.device_type import DeviceType, Recognition
from collector.running import Collector
from collector.sources import SOURCES
from collector.sources.if_mib import ALIAS
from readings.delivery.collection import ListedDevice
from readings.delivery.protocols import Protocols, SnmpSettings
from readings.delivery.runner import TakenTick
from readings.model import Gap
from readings.wire import unpack_series
from tests.collecting.hand_loop import HandLoop, by_hand

INTERVAL_S, STEP_S, POLLS = 60.0, 3.0, 3
LAST_S = POLLS * INTERVAL_S - STEP_S
COUNT, PORTS, AT_ONCE = 100, 2, 10
TYPES = {"switch": DeviceType("switch", "switch", "", (Recognition(),), (SOURCES["system"], SOURCES["if_mib"]), 60.0)}
ANSWERS_A_STEP = 5  # of the slow one: some 27 requests take 18 s


def device_no(number: int) -> str:
    return f"SW-{number:03}"


def phase_s(name: str) -> float:
    return zlib.crc32(name.encode()) % 10_000 / 10_000 * INTERVAL_S


ODD = min(
    map(device_no, range(1, COUNT + 1)), key=phase_s
)  # early in its interval, so that all its polls end in theirs


@dataclass
class Kept:
    """A spool that remembers ticks of devices, and tells the loop of each."""

    loop: HandLoop
    of: dict[str, list[TakenTick]] = field(default_factory=dict)
    interval_s: float = 0.0

    def append(self, tick: TakenTick) -> None:
        names = {block[0] for block in tick.blocks} | {gap[0] for gap in tick.gaps}
        for name in names - {""}:
            self.of.setdefault(name, []).append(tick)
        self.loop.changed()

    def count(self, name: str) -> int:
        return len(self.of.get(name, []))


class Held:
    """Answers ``allowed`` requests, then holds the next until more are allowed."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._more = threading.Condition()
        self.changed: Callable[[], None] = lambda: None
        self.allowed = 0
        self.holds = False
        self.ended = False

    def __call__(self, request: bytes) -> bytes | None:
        with self._more:
            self.holds = self.allowed <= 0
            if self.holds:
                self.changed()
            self._more.wait_for(lambda: self.allowed > 0 or self.ended)
            self.holds = False
            self.allowed -= 1
        return self._answer(request)

    def allow(self, count: int) -> None:
        with self._more:
            self.allowed = count
            self.holds = False if count else self.holds
            self._more.notify()

    def end(self) -> None:
        with self._more:
            self.ended = True
            self._more.notify()


class Endless(Switch):
    """Its ifAlias has another row after every row."""

    def _bound(self, kind: int, most: int, asked: Sequence[bytes]) -> Iterator[bytes]:
        [octets, *_] = asked
        beneath, wanted = numbers(oid_octets(ALIAS)), numbers(octets)
        if kind < NEXT or wanted[: len(beneath)] != beneath:
            yield from super()._bound(kind, most, asked)
            return
        after = wanted[len(beneath)] if len(wanted) > len(beneath) else 0
        for row in range(after + 1, after + 1 + max(1, most)):
            yield tlv(0x30, tlv(OID, oid_octets(f"{ALIAS}.{row}")) + tlv(INTEGER, b"\x01"))


@dataclass
class Odd:
    """What is wrong with one of them: how it answers, whether its port is closed, whether it is held.

    ``silent``: it never answers, so nothing but its own limits ends asking it, and the clock does not wait for it.
    """

    answer: Callable[[Switch], Answer] = lambda switch: switch.answer
    closed: bool = False
    silent: bool = False
    held: Held | None = None

    def slow(self) -> Odd:
        def answer(switch: Switch) -> Answer:
            self.held = Held(switch.answer)
            return self.held

        self.answer = answer
        return self


def due(name: str, now_s: float) -> int:
    """How often a device has had its turn by ``now_s``."""
    return max(0, math.floor((now_s - phase_s(name)) / INTERVAL_S) + 1)


def told(odd: Odd) -> dict[str, list[TakenTick]]:
    """What every device told in POLLS intervals."""
    table = Table(PORTS)
    switches = {device_no(number): Switch(number, table) for number in range(1, COUNT + 1)}
    if odd.answer is ENDLESS:
        switches[ODD] = Endless(switches[ODD].number, table)
    alone = Answering([odd.answer(switches[ODD])])
    others = Answering([switch.answer for name, switch in switches.items() if name != ODD])
    where = dict(zip([name for name in switches if name != ODD], others.where, strict=True))
    where[ODD] = closed_port() if odd.closed else alone.where[0]
    serving = [threading.Thread(target=one.serve) for one in (alone, others)]
    for one in serving:
        one.start()
    try:
        return by_hand(lambda loop: collected(loop, where, odd))
    finally:
        if odd.held is not None:
            odd.held.end()
        for answering, thread in zip((alone, others), serving, strict=True):
            answering.end()
            thread.join()
            answering.close()


async def collected(loop: HandLoop, where: dict[str, tuple[str, int]], odd: Odd) -> dict[str, list[TakenTick]]:
    kept = Kept(loop)
    collector = Collector(
        kept,  # type: ignore[arg-type]  # a spool that remembers
        loop.clocks,
        [snmp_polls(TYPES, loop.clocks)],
        lambda _share: True,
        at_once=AT_ONCE,
    )
    collector.use([listed(name, *at) for name, at in where.items()])
    stop = asyncio.Event()
    running = asyncio.create_task(collector.run(stop))
    healthy, held = [name for name in where if name != ODD], odd.held
    if held is not None:
        held.changed = loop.changed

    def late() -> list[str]:
        return [name for name in healthy if kept.count(name) < due(name, loop.now_s)]

    def settled() -> bool:
        itself = odd.silent or (held is not None and held.holds) or kept.count(ODD) >= due(ODD, loop.now_s)
        return itself and not late()

    for step in range(round(LAST_S / STEP_S) + 1):
        loop.now_s = step * STEP_S
        if held is not None:
            held.allow(ANSWERS_A_STEP)
        await loop.until(settled, lambda: f"at {loop.now_s:g} s {late()} wait, {ODD} has {kept.count(ODD)} ticks")
    stop.set()
    loop.now_s += STEP_S
    if held is not None:
        held.end()
    await running
    return kept.of


def listed(name: str, host: str, port: int) -> ListedDevice:
    protocols = Protocols(snmp=SnmpSettings(port=port, timeout_s=5.0))
    return ListedDevice(name, "room", host, "switch", INTERVAL_S, protocols, {"snmp": {"community": "public"}})


def closed_port() -> tuple[str, int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        host, port = gone.getsockname()
        return str(host), int(port)


def values_of(tick: TakenTick) -> dict[tuple[str, str], float]:
    values: dict[tuple[str, str], float] = {}
    for _, _, packed, octets in tick.blocks:
        numbers_ = array("d")
        numbers_.frombytes(octets)
        values.update(zip(unpack_series(packed), numbers_, strict=True))
    return values


def gaps_of(ticks: Sequence[TakenTick]) -> set[Gap]:
    return {gap for tick in ticks for _, _, gap, _ in tick.gaps}


def ENDLESS(switch: Switch) -> Answer:  # noqa: N802 - a marker that is also the way to answer
    return switch.answer


@pytest.fixture(scope="module")
def all_well() -> dict[str, list[TakenTick]]:
    return told(Odd())


def test_every_one_is_asked_in_every_interval(all_well: dict[str, list[TakenTick]]) -> None:
    counts = {name: len(ticks) for name, ticks in all_well.items()}
    assert counts == {name: due(name, LAST_S) for name in map(device_no, range(1, COUNT + 1))}
    assert min(counts.values()) == POLLS - 1
    assert not any(tick.gaps for ticks in all_well.values() for tick in ticks)
    bytes_in = "network_receive_bytes_total", "GE0/0/1"
    seen = [values_of(tick)[bytes_in] for ticks in all_well.values() for tick in ticks]
    assert len(set(seen)) == len(seen), "no value of a device or walk is that of another"


@pytest.mark.parametrize(
    ("odd", "gaps"),
    [
        pytest.param(Odd(closed=True), {Gap.UNREACHABLE}, id="dead"),
        pytest.param(Odd(lambda _switch: lambda _request: None, silent=True), {Gap.TIMED_OUT}, id="silent"),
        pytest.param(Odd().slow(), set(), id="slow"),
        pytest.param(Odd(lambda _switch: lambda _request: b"\x30\x82garbled"), {Gap.UNREADABLE}, id="nonsense"),
        pytest.param(Odd(ENDLESS), set(), id="endless"),
    ],
)
def test_one_of_a_hundred_changes_nothing_for_the_others(
    odd: Odd, gaps: set[Gap], all_well: dict[str, list[TakenTick]]
) -> None:
    seen = told(odd)
    itself, expected = seen.pop(ODD), dict(all_well)
    del expected[ODD]
    assert seen == expected
    assert gaps_of(itself) == gaps
    if odd.held is not None:
        took = [values_of(tick)["source_duration_seconds", "snmp"] for tick in itself]
        assert min(took) >= 5 * STEP_S, "it was slow"
        assert [values_of(tick)["network_speed_bytes_per_second", "GE0/0/2"] for tick in itself] == [125e6] * POLLS
    if odd.answer is ENDLESS:
        [event] = {event.text for tick in itself for name, event in tick.events if name == ODD}
        assert ALIAS in event
        assert values_of(itself[-1])["interface_state", "GE0/0/1"] == 1.0
