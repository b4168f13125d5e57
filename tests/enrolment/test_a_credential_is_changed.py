"""An agent changes its credential, whatever is lost or killed on the way: it is never locked out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select

from readings.delivery.credential import Credential, keep, kept
from readings.delivery.rotation import Rotation, RotationFailed
from readings.delivery.transport import Transport
from readings.wire import Clock, Envelope, pack_envelope
from server.audit.tables import AuditEntry
from server.centre import Centre
from server.secret import hash_secret
from server.senders.tables import AgentIdentity
from tests.fixtures_centre import Client, HandClock, MakeToken, Visit

HELLO = pack_envelope(Envelope(1, "0123456789abcdef", 0, 0, Clock("boot", 1, 1)))


class Killed(BaseException):
    """The process ends here."""


class Host:
    """An agent's disk, and what a process that starts from it does."""

    def __init__(self, state: Path, door: Client) -> None:
        self.state = state
        self.door = door
        self.lose_answer = False

    def _pass(self, request: httpx.Request) -> httpx.Response:
        headers = {key: request.headers[key] for key in ("authorization", "content-type") if key in request.headers}
        said = self.door.request(request.method, request.url.path, content=request.content, headers=headers)
        if self.lose_answer:
            raise httpx.ReadError("cut off")
        return httpx.Response(said.status_code, stream=httpx.ByteStream(said.content))  # as off the wire

    def started(self) -> tuple[Transport, Rotation]:
        credential = kept(self.state)
        assert credential is not None
        http = httpx.Client(base_url="http://127.0.0.1", transport=httpx.MockTransport(self._pass))
        transport = Transport(http, credential.credential)
        return transport, Rotation(http, self.state, credential, transport, every_s=100.0, wall_s=lambda: 0.0)

    def sends(self) -> int:
        """A process started now sends what it has; the status of the answer."""
        return self.started()[0].post(HELLO).status

    def holds(self) -> str:
        credential = kept(self.state)
        assert credential is not None
        return credential.credential


@pytest.fixture
def host(visit: Visit, token: MakeToken, tmp_path: Path) -> Host:
    boss, door = visit().bear(token("admin")), visit()
    invitation = boss.post("/api/v1/enrolments", json={"device_no": "S-001"}).json()["token"]
    given = door.post("/api/v1/enrol", json={"token": invitation, "hostname": "db-01"}).json()
    keep(tmp_path / "state", Credential("http://127.0.0.1", given["agent_id"], "S-001", given["credential"]))
    return Host(tmp_path / "state", door)


def lets_in(host: Host, credential: str) -> bool:
    return (
        Transport(httpx.Client(base_url="http://127.0.0.1", transport=httpx.MockTransport(host._pass)), credential)
        .post(HELLO)
        .status
        == 200
    )


def row(centre: Centre) -> AgentIdentity:
    with centre.records.session() as session:
        return session.exec(select(AgentIdentity)).one()


def test_the_old_one_lets_in_until_the_new_one_was_used(host: Host, centre: Centre, clock: HandClock) -> None:
    old = host.holds()
    transport, rotation = host.started()

    rotation.rotate()
    new = host.holds()
    centre.rounds.once()
    assert new != old
    assert lets_in(host, old), "the new one was not used yet"

    clock.forward(minutes=1)
    assert transport.post(HELLO).status == 200
    centre.rounds.once()

    assert lets_in(host, new)
    assert not lets_in(host, old)
    assert row(centre).credential_ms == int(clock().timestamp() * 1000)
    with centre.records.session() as session:
        acts = [entry.act for entry in session.exec(select(AuditEntry))]
    assert acts.count("agent.credential_rotated") == 1


def _before_asking(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx.Client, "stream", _die)


def _answer_lost(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.lose_answer = True


def _before_writing(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readings.delivery.rotation.keep", _die)


def _half_written(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", _die)


def _before_the_first_use(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Transport, "bear", lambda *_: _die() if kept(host.state) else None)


def _disk_full(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)


def _die(*_: Any, **__: Any) -> Any:
    raise Killed


STEPS: dict[str, Callable[[Host, pytest.MonkeyPatch], None]] = {
    "killed before asking": _before_asking,
    "the answer lost": _answer_lost,
    "killed before writing": _before_writing,
    "killed while writing": _half_written,
    "the disk full": _disk_full,
    "killed before the first use": _before_the_first_use,
}


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
def test_nobody_is_locked_out_at_any_step(
    step: Callable[[Host, pytest.MonkeyPatch], None], times: int, host: Host, centre: Centre
) -> None:
    for _ in range(times):
        with pytest.MonkeyPatch.context() as patched:
            _, rotation = host.started()
            step(host, patched)
            with pytest.raises((Killed, RotationFailed, OSError)):
                rotation.rotate()
        host.lose_answer = False
        centre.rounds.once()

    assert host.sends() == 200
    centre.rounds.once()

    before = host.holds()
    transport, rotation = host.started()
    rotation.rotate()
    assert host.holds() != before
    assert transport.post(HELLO).status == 200
    centre.rounds.once()
    assert host.sends() == 200
    assert not lets_in(host, before)


def test_asking_again_right_after_the_first_use_locks_nobody_out(host: Host, centre: Centre) -> None:
    transport, rotation = host.started()
    rotation.rotate()
    transport.post(HELLO)
    # No round in between: the centre has not yet written that the new one was used.
    host.lose_answer = True
    with pytest.raises(RotationFailed):
        rotation.rotate()
    host.lose_answer = False

    centre.rounds.once()

    assert host.sends() == 200


def test_a_revoked_agent_gets_no_new_one_and_loses_both(host: Host, visit: Visit, token: MakeToken) -> None:
    old = host.holds()
    _, rotation = host.started()
    rotation.rotate()
    new = host.holds()
    credential = kept(host.state)
    assert credential is not None

    visit().bear(token("admin", "boss")).delete(f"/api/v1/agents/{credential.agent_id}")

    assert not lets_in(host, old)
    assert not lets_in(host, new)
    with pytest.raises(RotationFailed, match="401"):
        rotation.rotate()
    assert host.holds() == new


def test_only_agents_that_were_let_in_get_one(visit: Visit, token: MakeToken) -> None:
    boss, door = visit().bear(token("admin")), visit()
    waiting = door.post(
        "/api/v1/enrol", json={"token": boss.post("/api/v1/enrolments", json={}).json()["token"], "hostname": "x"}
    ).json()

    assert visit().post("/api/v1/agents/self/credential").status_code == 401
    assert boss.post("/api/v1/agents/self/credential").status_code == 401
    assert visit().bear(waiting["credential"]).post("/api/v1/agents/self/credential").status_code == 403


def test_the_next_one_is_kept_as_a_hash_too(host: Host, centre: Centre) -> None:
    host.started()[1].rotate()
    assert row(centre).next_hash == hash_secret(host.holds())
    for file in centre.settings.data.glob("records.db*"):
        assert host.holds().encode() not in file.read_bytes()


def test_it_is_due_when_its_file_is_old(host: Host) -> None:
    file = host.state / "credential.json"
    since = file.stat().st_mtime
    http = httpx.Client()
    held = Credential("", "", "", "")

    def due_at(wall_s: float, every_s: float = 100.0) -> bool:
        return Rotation(http, host.state, held, Transport(http, ""), every_s=every_s, wall_s=lambda: wall_s).due()

    assert not due_at(since + 99)
    assert due_at(since + 100)
    file.unlink()
    assert not due_at(since + 1e9)
