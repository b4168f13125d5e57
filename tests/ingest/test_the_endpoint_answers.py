"""POST /api/v1/batches: the receipt, or a problem with its reason, counted; the inbox unmoved by what is wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from bench.batches import Agent
from readings.wire import MAX_BODY_BYTES, Envelope, decode_receipt, pack_batch, pack_envelope
from server.inbox import BatchEndpoint, Sender

URL = "http://centre/api/v1/batches"
Post = Callable[..., httpx.Response]


@pytest.fixture
def post(desk: Any) -> Post:
    desk.inbox.start()
    desk.now_ns = Agent("A-1").now_ns(10)
    known = {"good": Sender("agent of A-1", "A-1")}
    endpoint = BatchEndpoint(desk.inbox, known.get, lambda: desk.now_ns)

    def send(content: Any, bearer: str = "good", method: str = "POST") -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=endpoint)) as client:
                headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
                return await client.request(method, URL, content=content, headers=headers)

        return desk.loop.run_until_complete(ask())  # type: ignore[no-any-return]  # the desk comes through a fixture

    return send


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert {"type", "title", "status", "detail", "instance"} <= told.keys()
    assert told["status"] == answer.status_code
    return answer.status_code, told["reason"]


def test_a_batch_is_answered_with_its_receipt(desk: Any, post: Post) -> None:
    agent = Agent("A-1")
    desk.now_ns = agent.now_ns(3) + 5
    answer = post(agent.body(3))
    receipt = decode_receipt(answer.content)
    assert (answer.status_code, receipt.position, receipt.epoch) == (200, 3, "epoch-1")
    assert receipt.received == receipt.replied == desk.now_ns
    counters = desk.inbox.counters
    assert (counters.batches, counters.samples, counters.commits) == (1, 600, 1)


@pytest.mark.parametrize("bearer", ["", "wrong"])
def test_an_unknown_sender_is_told_so(desk: Any, post: Post, bearer: str) -> None:
    answer = post(Agent("A-1").body(), bearer)
    assert problem(answer) == (401, "unknown_sender")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert +desk.inbox.counters.refused == {"unknown_sender": 1}


def wrong_bodies() -> dict[str, tuple[bytes, int, str]]:
    agent = Agent("A-1")
    good = agent.body()
    batch = agent.batch()
    return {
        "nothing": (b"", 400, "damaged"),
        "noise": (b"\xc1" * 40, 400, "damaged"),
        "cut": (good[:-7], 400, "damaged"),
        "another shape": (b"\x93\x01\x02\x03", 422, "malformed"),
        "a later version": (pack_envelope(Envelope(2, "e", 1, 1, agent.clock(), b"x")), 422, "wrong_version"),
        "a payload that is not zstd": (pack_envelope(Envelope(1, "e", 1, 1, agent.clock(), b"x" * 50)), 400, "damaged"),
        "an empty epoch": (pack_envelope(Envelope(1, "", 2, 2, agent.clock(), pack_batch(batch))), 422, "malformed"),
    }


@pytest.mark.parametrize("case", wrong_bodies())
def test_a_wrong_body_is_refused_with_its_reason_and_the_next_one_taken(desk: Any, post: Post, case: str) -> None:
    body, status, reason = wrong_bodies()[case]
    assert problem(post(body)) == (status, reason)
    assert +desk.inbox.counters.refused == {reason: 1}
    assert post(Agent("A-1").body()).status_code == 200


def test_too_long_a_body_is_refused_by_its_announcement(post: Post) -> None:
    assert problem(post(bytes(MAX_BODY_BYTES + 1))) == (413, "too_large")


def test_too_long_a_body_is_refused_while_it_is_read(post: Post) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(2**20)

    assert problem(post(endless())) == (413, "too_large")


def test_a_conflict_names_the_position(post: Post) -> None:
    post(Agent("A-1").body(4))
    answer = post(Agent("A-1", seed=1).body(4))
    assert problem(answer) == (409, "conflict")
    assert answer.json()["position"] == 4


def test_only_post_is_answered(post: Post) -> None:
    assert problem(post(b"", method="GET"))[0] == 405


def test_a_full_disk_is_said_and_taken_back_without_a_restart(
    desk: Any, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.inbox.writer.PROBE_EVERY_S", 0.01)
    agent = Agent("A-1")
    first, second = agent.body(), agent.body()
    store = desk.inbox._store

    def full(*_writing: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(type(store), "write", full)
        broken.setattr(type(store), "probe", full)
        answer = post(first)
        assert problem(answer) == (503, "store_full")
        assert int(answer.headers["retry-after"]) > 0
        assert "disk is full" in desk.inbox.healthy()
    while desk.inbox.healthy() is not None:
        pass
    assert decode_receipt(post(first).content).position == 1
    assert decode_receipt(post(second).content).position == 2
    assert decode_receipt(post(first).content).duplicate


def test_whatever_else_goes_wrong_the_writer_goes_on(desk: Any, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_asked: object) -> None:
        raise RuntimeError("a mistake of ours")

    with monkeypatch.context() as once:
        once.setattr("server.inbox.draft.learn", broken)
        with pytest.raises(RuntimeError, match="a mistake of ours"):
            post(Agent("A-1").body())
    assert post(Agent("A-1").body()).status_code == 200
