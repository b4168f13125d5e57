"""An agent may refuse, loop, fall silent or talk nonsense: each is a gap with its own reason, and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from pysnmp.proto import rfc1902, rfc1905

from collector.protocols.snmp import SYS_UPTIME, Agent, Asked, Credential, Manner, Target, ask
from collector.protocols.snmp_quick import QuickAgent
from collector.protocols.snmp_tolerant import TolerantAgent
from readings.model import Gap, SourceFailed
from tests.polling.conftest import Script, ScriptedAgent, free_port

TABLE, OTHER = "1.3.6.1.2.1.2.2.1.8", "1.3.6.1.2.1.31.1.1.1.1"
UP = [(SYS_UPTIME, rfc1902.TimeTicks(4200))]
GENERAL_ERROR, AUTHORIZATION_ERROR = 5, 16
END = rfc1905.endOfMibView
TRANSPORTS = pytest.mark.parametrize("transport", [QuickAgent, TolerantAgent], ids=["quick", "tolerant"])
Made = Callable[[Target], Agent]


def asked(transport: Made, target: Target, roots: tuple[str, ...] = (TABLE, OTHER), **more: float) -> Asked:
    async def go() -> Asked:
        agent = transport(target)
        try:
            return await ask(agent, roots, Manner(), within_s=more.get("within_s", 20.0))
        finally:
            if isinstance(agent, TolerantAgent):
                agent.close()

    return asyncio.run(go())


def beneath(oid: str, root: str) -> bool:
    return oid == root or oid.startswith(f"{root}.")


@TRANSPORTS
def test_an_agent_that_goes_back_is_ended_and_named(
    transport: Made, scripted: Callable[[Script], ScriptedAgent]
) -> None:
    def script(oids: list[str], bulk: bool) -> tuple[list[tuple[str, object]], int]:
        if not bulk:
            return UP, 0
        if beneath(oids[0], OTHER):
            return [(oids[0], END)], 0
        return [(f"{TABLE}.1", rfc1902.Integer(1)), (f"{TABLE}.2", rfc1902.Integer(2))], 0

    result = asked(transport, scripted(script).target(timeout_s=5.0))
    assert result.troubles[TABLE] is Gap.UNREADABLE
    assert result.answers[f"{TABLE}.2"] == 2
    assert f"{TABLE}: the agent went back to {TABLE}.1" in result.remarks
    assert OTHER not in result.troubles


@TRANSPORTS
@pytest.mark.parametrize("status", [GENERAL_ERROR, AUTHORIZATION_ERROR], ids=["genErr", "authorizationError"])
def test_an_error_is_never_taken_for_not_having_it(
    transport: Made, status: int, scripted: Callable[[Script], ScriptedAgent]
) -> None:
    def script(oids: list[str], bulk: bool) -> tuple[list[tuple[str, object]], int]:
        if oids[0] == SYS_UPTIME:
            return UP, 0
        return [(oid, rfc1902.Null("")) for oid in oids], status

    result = asked(transport, scripted(script).target(timeout_s=5.0))
    assert result.troubles == {TABLE: Gap.REFUSED, OTHER: Gap.REFUSED}
    assert result.walk().number(f"{TABLE}.1") is Gap.REFUSED


@TRANSPORTS
def test_what_an_agent_says_it_does_not_have_is_not_offered(
    transport: Made, scripted: Callable[[Script], ScriptedAgent]
) -> None:
    def script(oids: list[str], bulk: bool) -> tuple[list[tuple[str, object]], int]:
        if oids[0] == SYS_UPTIME:
            return UP, 0
        return [(oids[0], END if bulk else rfc1905.noSuchObject)], 0

    result = asked(transport, scripted(script).target(timeout_s=5.0))
    assert result.troubles == {}
    assert result.walk().number(f"{TABLE}.1") is Gap.NOT_OFFERED


@TRANSPORTS
def test_an_agent_that_falls_silent_keeps_what_it_said(
    transport: Made, scripted: Callable[[Script], ScriptedAgent]
) -> None:
    def script(oids: list[str], bulk: bool) -> tuple[list[tuple[str, object]], int] | None:
        if oids[0] == SYS_UPTIME and not bulk:
            return UP, 0
        return (
            ([(f"{TABLE}.1", rfc1902.Integer(1)), (f"{OTHER}.1", rfc1902.Integer(7))], 0)
            if beneath(oids[0], TABLE)
            else None
        )

    more = tuple(f"1.3.6.1.4.1.{number}" for number in range(1, 9))
    result = asked(transport, scripted(script).target(timeout_s=0.4), (TABLE, OTHER, *more))
    assert result.answers[f"{TABLE}.1"] == 1
    assert set(result.troubles) == {OTHER, *more}
    assert set(result.troubles.values()) == {Gap.TIMED_OUT}


@TRANSPORTS
def test_nonsense_is_no_answer(transport: Made, scripted: Callable[[Script], ScriptedAgent]) -> None:
    with pytest.raises(SourceFailed) as failed:
        asked(transport, scripted(lambda _oids, _bulk: b"\x30\x82garbled").target(timeout_s=0.3))
    assert failed.value.gap in {Gap.UNREADABLE, Gap.TIMED_OUT}


@TRANSPORTS
def test_a_table_without_end_is_ended(transport: Made, scripted: Callable[[Script], ScriptedAgent]) -> None:
    def script(oids: list[str], bulk: bool) -> tuple[list[tuple[str, object]], int]:
        if not bulk:
            return UP, 0
        last = int(oids[0].removeprefix(TABLE).strip(".") or 0)
        return [(f"{TABLE}.{at}", rfc1902.Integer(1)) for at in range(last + 1, last + 11)], 0

    result = asked(transport, scripted(script).target(timeout_s=5.0), (TABLE,), within_s=0.3)
    assert result.troubles == {TABLE: Gap.TIMED_OUT}
    assert result.answers[f"{TABLE}.1"] == 1
    assert result.remarks == [f"{TABLE}: it did not come to an end in time"]


def test_a_walk_has_its_time(scripted: Callable[[Script], ScriptedAgent]) -> None:
    result = asked(QuickAgent, scripted(lambda _oids, _bulk: (UP, 0)).target(timeout_s=5.0), within_s=-1.0)
    assert set(result.troubles.values()) == {Gap.TIMED_OUT}


def test_a_closed_port_is_unreachable_and_a_silent_one_times_out(silent: int) -> None:
    for port, gap in ((free_port(), Gap.UNREACHABLE), (silent, Gap.TIMED_OUT)):
        with pytest.raises(SourceFailed) as failed:
            asked(QuickAgent, Target("127.0.0.1", port, Credential(), timeout_s=0.2))
        assert failed.value.gap is gap


def test_an_agent_is_asked_for_less_once_it_was_too_much(scripted: Callable[[Script], ScriptedAgent]) -> None:
    manner = Manner()
    began = manner.repetitions
    for _ in range(20):
        manner.answered_well()
    assert manner.repetitions > 2 * began
    high = manner.repetitions
    manner.was_too_much()
    assert manner.repetitions == high // 2
    for _ in range(20):
        manner.answered_well()
    assert high // 2 < manner.repetitions < high


def test_a_reply_too_large_is_asked_for_in_smaller_pieces(scripted: Callable[[Script], ScriptedAgent]) -> None:
    """Forty rows of 250 octets do not fit what gufo can take; the walk is whole all the same."""

    def script(oids: list[str], bulk: bool) -> tuple[list[tuple[str, object]], int]:
        if not bulk:
            return UP, 0
        last = int(oids[0].removeprefix(TABLE).strip(".") or 0)
        rows = [(f"{TABLE}.{at}", rfc1902.OctetString(b"x" * 250)) for at in range(last + 1, 41)][: repetitions(manner)]
        return (rows or [(f"{OTHER}.1", rfc1902.Integer(1))]), 0

    manner = Manner(repetitions=40)

    async def go() -> Asked:
        return await ask(QuickAgent(scripted(script).target(timeout_s=5.0)), [TABLE], manner, within_s=20.0)

    result = asyncio.run(go())
    assert result.troubles == {}
    assert len(result.walk().column(TABLE)) == 40
    assert manner.repetitions < 20


def repetitions(manner: Manner) -> int:
    """What the agent was asked for at once (the scripted one is told by the test, not by the request)."""
    return manner.repetitions


def test_no_secret_stands_in_a_representation() -> None:
    credential = Credential(3, "planted", "watcher", "sha1", "planted", "aes128", "planted")
    assert "planted" not in repr(Target("127.0.0.1", 161, credential))
