"""Every answer a centre could give: the agent sends, keeps, waits, and does nothing else whatever it is told."""

from __future__ import annotations

import socket
import threading
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from readings.delivery.uplink import LONGEST_ASKED_WAIT_S
from readings.wire import Envelope
from tests.hostile_centre.answers import ANSWERS, always, http, problem, receipt, taken

Agent = Any  # those of conftest, which a test folder without packages cannot import
Hostile = Any
Watch = Any


@pytest.mark.parametrize("words", ANSWERS)
def test_the_agent_does_nothing_but_send(words: Any, agent: Agent, hostile: Hostile, watch: Watch) -> None:
    hostile.words = words
    tracemalloc.start()
    try:
        agent.steps(4)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert watch.done == []
    assert hostile.asked
    assert all(0 <= seconds <= LONGEST_ASKED_WAIT_S for seconds in agent.waits)
    assert peak < 16 * 2**20
    for head in hostile.asked:
        assert head.startswith(b"POST /api/v1/batches HTTP/1.1\r\n")
        assert b"\r\ncookie:" not in head.lower()
    remembered = agent.spool.remembered()
    assert all(len(word) < 200 for word in remembered.values())


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(taken(position=10**9), id="always a position beyond"),
        pytest.param(always(problem(409)), id="always a conflict"),
        pytest.param(taken(position=0), id="never takes"),
        pytest.param(always(problem(500)), id="always an error"),
        pytest.param(always(http("302 X", b"", "Location: /x\r\n")), id="always elsewhere"),
    ],
)
def test_a_centre_that_turns_it_round_and_round_is_asked_ever_more_slowly(
    words: Any, agent: Agent, hostile: Hostile
) -> None:
    hostile.words = words
    agent.steps(30)
    assert sum(agent.waits) > 60  # seconds it would have waited in 30 requests
    assert agent.waiting() + agent.spool.counters().refused >= 3


def test_no_cookie_is_kept_or_sent(agent: Agent, hostile: Hostile) -> None:
    cookies = "".join(f"Set-Cookie: c{number}={'x' * 500}; Path=/\r\n" for number in range(50))
    hostile.words = lambda envelope: [http("200 OK", receipt(envelope), cookies)]
    agent.steps(3)
    assert len(hostile.asked) >= 2
    assert [head for head in hostile.asked if b"cookie" in head.lower()] == []


def test_what_the_centre_says_stands_in_one_printable_line(
    agent: Agent, hostile: Hostile, caplog: pytest.LogCaptureFixture
) -> None:
    hostile.words = always(problem(500, detail="\x1b[2J\r\nERROR forged"))
    agent.steps(1)
    assert "forged" in caplog.text
    assert all(record.getMessage().isprintable() for record in caplog.records)


def test_after_all_that_an_honest_centre_gets_what_waits(agent: Agent, hostile: Hostile) -> None:
    for words in (always(http("302 X", b"", "Location: http://127.0.0.1:1/\r\n")), taken(position=10**9), always(b"x")):
        hostile.words = words
        agent.steps(2)
    hostile.words = taken()
    hostile.envelopes.clear()

    def honest(envelope: Envelope | None) -> Iterable[bytes]:
        return [http("200 OK", receipt(envelope))]

    hostile.words = honest
    agent.steps(10)
    assert agent.waiting() == 0
    assert any(envelope.payload for envelope in hostile.envelopes)


def test_the_thread_that_sends_outlives_every_answer(agent: Agent, hostile: Hostile) -> None:
    """As it runs in an agent: without waits, answer after answer, and it still sends at the end."""
    answers: list[Any] = [
        case.values[0] for case in ANSWERS if "end" not in str(case.id) and "drop" not in str(case.id)
    ]
    turn = iter(answers)
    ended = threading.Event()

    def next_one(envelope: Envelope | None) -> Iterable[bytes]:
        words = next(turn, None)
        if words is None:
            ended.set()
            return [http("200 OK", receipt(envelope))]
        said: Iterable[bytes] = words(envelope)
        return said

    hostile.words = next_one

    class Impatient(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            return super().wait(0)

    stop = Impatient()
    sending = threading.Thread(target=agent.uplink.run, args=(stop,), daemon=True)
    with agent.watching():
        sending.start()
        for _ in range(2000):
            if ended.wait(0.02) or not sending.is_alive():
                break
            if not agent.waiting():
                from readings.delivery.runner import TakenTick  # noqa: PLC0415 - only where all were taken

                agent.spool.append(TakenTick(agent.uplink._clocks()))
    assert ended.is_set()
    assert sending.is_alive()
    stop.set()
    sending.join(10)
    assert agent.watch.done == []


def test_the_watch_sees_what_it_should(watch: Watch, tmp_path: Path) -> None:
    """A suite of attempts proves something only if each would have been seen."""
    import subprocess  # noqa: PLC0415 - the attempt itself

    with socket.create_server(("127.0.0.1", 0)) as other:
        watch.centre = ("127.0.0.1", 1)
        watch.looking = True
        subprocess.run(["true"], check=True)
        (tmp_path / "written").write_text("")
        (tmp_path / "written").unlink()
        Path("/etc/passwd").read_bytes()
        socket.create_connection(other.getsockname()).close()
        watch.looking = False
    kinds = [line.split()[0] for line in watch.done]
    assert kinds[:1] == ["subprocess.Popen"]
    assert {"open", "os.remove", "socket.connect"} <= set(kinds)
    assert any("/etc/passwd" in line for line in watch.done)
