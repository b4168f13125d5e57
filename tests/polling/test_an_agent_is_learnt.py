"""How much an agent is asked for at once is learnt of each by itself; what is lost is asked for again, and no more."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise

import pytest

from bench.canned import BULK, Answer, Answering, Switch, Table, element, oid_octets
from collector.device_type import DeviceType, Recognition
from collector.polling import DevicePoll, PolledDevice
from collector.protocols.snmp import (
    ASK_AGAIN_AFTER,
    FIRST_REPETITIONS,
    LONGEST_REST,
    MOST_REPETITIONS,
    Agent,
    Credential,
    Manner,
    Target,
    ask,
)
from collector.protocols.snmp_quick import QuickAgent
from collector.protocols.snmp_tolerant import TolerantAgent
from collector.sources import SOURCES
from collector.sources.if_mib import NAME, OPER
from collector.walk import Walk
from readings.delivery.runner import TakenTick
from readings.model import Clocks, Gap, SourceFailed

TYPES = {"switch": DeviceType("switch", "switch", "", (Recognition(),), (SOURCES["system"], SOURCES["if_mib"]), 60.0)}
TRANSPORTS = pytest.mark.parametrize("transport", [QuickAgent, TolerantAgent], ids=["quick", "tolerant"])
Made = Callable[[Target], Agent]


@contextmanager
def answering(*answers: Answer) -> Iterator[list[tuple[str, int]]]:
    agents = Answering(answers)
    serving = threading.Thread(target=agents.serve)
    serving.start()
    try:
        yield agents.where
    finally:
        agents.end()
        serving.join()
        agents.close()


def taken_apart(request: bytes) -> tuple[int, bytes]:
    """(how many rows a GETBULK asks for, 0 for any other request; what is asked for, without the request's number)."""
    _, at, _ = element(request, 0)
    for _ in range(2):  # version, community
        _, _, at = element(request, at)
    kind, at, _ = element(request, at)
    for _ in range(2):  # its number, non-repeaters
        _, _, at = element(request, at)
    _, begins, ends = element(request, at)
    return int.from_bytes(request[begins:ends], "big") if kind == BULK else 0, request[ends:]


def walked(transport: Made, target: Target, manner: Manner, times: int = 1) -> list[Walk]:
    async def go() -> list[Walk]:
        agent = transport(target)
        try:
            return [(await ask(agent, [OPER, NAME], manner, 30.0)).walk() for _ in range(times)]
        finally:
            if isinstance(agent, TolerantAgent):
                agent.close()

    return asyncio.run(go())


@TRANSPORTS
def test_it_begins_carefully_and_ends_with_what_a_column_has(transport: Made) -> None:
    switch = Switch(1, Table(48))
    manner, column = Manner(), oid_octets(OPER)
    with answering(switch.answer) as [where]:
        target = Target(*where, Credential())
        walked(transport, target, manner)
        assert switch.repetitions[column] == FIRST_REPETITIONS
        assert switch.repetitions[oid_octets(NAME)] == 2 * FIRST_REPETITIONS, "it answered well"
        walks = walked(transport, target, manner, times=5)
        assert switch.repetitions[column] == 49, "one more than there are shows the end"
        before = switch.asked
        walked(transport, target, manner)
    assert switch.asked - before == 3, "uptime, and one answer for each column"
    assert all(len(walk.column(OPER)) == len(walk.column(NAME)) == 48 for walk in walks)


def test_an_agent_of_small_tables_is_never_asked_for_many_rows() -> None:
    switch, manner = Switch(1, Table(FIRST_REPETITIONS - 1)), Manner()
    with answering(switch.answer) as [where]:
        walked(QuickAgent, Target(*where, Credential()), manner, times=5)
    assert manner.repetitions == FIRST_REPETITIONS


@TRANSPORTS
def test_a_table_that_grew_is_read_whole(transport: Made) -> None:
    small, large = Switch(1, Table(3)), Switch(1, Table(30))

    def answer(request: bytes) -> bytes | None:
        return small.answer(request) if small.walk <= 3 else large.answer(request)

    with answering(answer) as [where]:
        walks = walked(transport, Target(*where, Credential()), Manner(), times=5)
    assert [len(walk.column(NAME)) for walk in walks] == [3, 3, 3, 30, 30]


def test_what_is_too_much_for_one_agent_is_learnt_of_that_one_alone(clocks: Callable[[], Clocks]) -> None:
    """One falls silent when more than 16 rows are asked for at once: it is asked for fewer, and read whole."""
    weak, strong = Switch(1, Table(48)), Switch(2, Table(48))
    seen: list[int] = []

    def answer(request: bytes) -> bytes | None:
        seen.append(taken_apart(request)[0])
        return None if seen[-1] > 16 else weak.answer(request)

    async def go(where: list[tuple[str, int]]) -> list[list[TakenTick]]:
        polls = [
            DevicePoll(PolledDevice(f"S-{at}", Target(*one, Credential(), timeout_s=0.3), "switch"), TYPES, clocks)
            for at, one in enumerate(where)
        ]
        return [[await poll.take() for poll in polls] for _ in range(6)]

    with answering(answer, strong.answer) as where:
        ticks = asyncio.run(go(where))
    for _, tick in ticks:
        assert not tick.events
        assert not tick.gaps
    for tick, _ in ticks:
        assert not tick.gaps
        [sizes] = [len(octets) for _, source, _, octets in tick.blocks if source == "snmp"]
        assert sizes == len(ticks[0][1].blocks[0][3]), "it says as much as the other"
    assert seen.count(next(many for many in seen if many > 16)) <= 2, "what was too much is not tried walk after walk"
    assert max(seen[-100:]) <= 16
    assert max(strong.repetitions.values()) == 49


def test_what_an_agent_has_not_is_asked_for_ever_more_seldom_and_found_when_it_comes() -> None:
    manner, root, asked_at = Manner(), "1.3.6.1.2.1.33", []
    for walk in range(150):
        if not manner.rests(root):
            asked_at.append(walk)
            manner.has_not(root)
    pauses = [later - earlier - 1 for earlier, later in pairwise(asked_at)]
    assert pauses == [ASK_AGAIN_AFTER, 2 * ASK_AGAIN_AFTER, 4 * ASK_AGAIN_AFTER, LONGEST_REST]
    manner.absent[root] = (0, LONGEST_REST)
    manner.counted(root, 7)
    assert not manner.rests(root)
    assert manner.rows_to_ask(root) == 8
    assert Manner().rows_to_ask(root) == FIRST_REPETITIONS <= MOST_REPETITIONS


@TRANSPORTS
def test_a_lost_answer_is_asked_for_again(transport: Made) -> None:
    """Every request is lost once; nothing is missing, and nobody takes it for too much."""
    switch, lost = Switch(1, Table(8)), set[bytes]()
    manner = Manner()

    def answer(request: bytes) -> bytes | None:
        _, what = taken_apart(request)
        if what not in lost:
            lost.add(what)
            return None
        return switch.answer(request)

    with answering(answer) as [where]:
        [walk] = walked(transport, Target(*where, Credential(), timeout_s=0.3, retries=1), manner)
    assert len(walk.column(OPER)) == len(walk.column(NAME)) == 8
    assert walk.troubles == {}
    assert len(lost) >= 3
    assert not manner.careful


@TRANSPORTS
@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_silent_agent_is_asked_as_often_as_it_is_listed(transport: Made, retries: int) -> None:
    with ExitStack() as end:
        quiet = end.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        quiet.bind(("127.0.0.1", 0))
        target = Target("127.0.0.1", quiet.getsockname()[1], Credential(), timeout_s=0.1, retries=retries)
        with pytest.raises(SourceFailed) as failed:
            walked(transport, target, Manner())
        quiet.setblocking(False)
        requests = 0
        while True:
            try:
                quiet.recv(2_000)
            except BlockingIOError:
                break
            requests += 1
    assert failed.value.gap is Gap.TIMED_OUT
    assert requests == retries + 1
    assert f"asked {retries + 1} times" in failed.value.detail
