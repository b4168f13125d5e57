"""Single-use tokens, agents' own credentials, approval and revocation."""

from __future__ import annotations

from typing import Any

from readings.wire import Clock, Envelope, pack_envelope
from server.centre import Centre
from server.senders.tables import AgentIdentity, EnrolmentToken
from tests.fixtures_centre import Client, HandClock, MakeToken, Visit

HELLO = pack_envelope(Envelope(1, "0123456789abcdef", 0, 0, Clock("boot", 1, 1)))


def invite(boss: Client, **what: Any) -> str:
    answer = boss.post("/api/v1/enrolments", json=what)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def enrol(client: Client, token: str, hostname: str = "db-01") -> Any:
    return client.post("/api/v1/enrol", json={"token": token, "hostname": hostname, "facts": {"kernel": "6.1"}})


def hello(client: Client, credential: str) -> int:
    headers = {"Authorization": f"Bearer {credential}"}
    return client.post("/api/v1/batches", content=HELLO, headers=headers).status_code


def test_a_token_bound_to_a_device_lets_one_agent_send_at_once(visit: Visit, token: MakeToken) -> None:
    boss, agent = visit().bear(token("admin")), visit()

    given = enrol(agent, invite(boss, device_no="S-001", device_name="行情数据库")).json()

    assert given["device_no"] == "S-001"
    assert given["state"] == "active"
    assert hello(agent, given["credential"]) == 200
    assert boss.get("/api/v1/devices/S-001").json()["name"] == "行情数据库"


def test_the_same_token_lets_nobody_in_twice(visit: Visit, token: MakeToken) -> None:
    boss, agent = visit().bear(token("admin")), visit()
    invitation = invite(boss, device_no="S-001")
    enrol(agent, invitation)

    second = enrol(agent, invitation, "stranger")

    assert second.status_code == 401
    assert "used" in second.json()["detail"]
    assert len(boss.get("/api/v1/devices/S-001/agents").json()["agents"]) == 1


def test_a_token_ends_after_its_hour(visit: Visit, token: MakeToken, clock: HandClock) -> None:
    boss, agent = visit().bear(token("admin")), visit()
    invitation = invite(boss, device_no="S-001")

    clock.forward(hours=1)

    assert enrol(agent, invitation).status_code == 401


def test_an_invented_token_lets_nobody_in(client: Client) -> None:
    assert enrol(client, "zse_invented").status_code == 401
    assert client.post("/api/v1/enrol", json={"hostname": "x"}).status_code == 422


def test_an_agent_without_a_device_waits_for_approval_and_then_sends(visit: Visit, token: MakeToken) -> None:
    boss, agent = visit().bear(token("admin")), visit()
    given = enrol(agent, invite(boss), "db 01").json()
    assert given["state"] == "pending"
    assert given["device_no"] == "db-01"
    assert hello(agent, given["credential"]) == 403

    approved = boss.post("/api/v1/devices/db-01/approve", json={"device_no": "S-007"})

    assert approved.json() == {"device_no": "S-007", "state": "active"}
    assert hello(agent, given["credential"]) == 200
    assert [device["device_no"] for device in boss.get("/api/v1/devices").json()["devices"]] == ["S-007"]


def test_two_hosts_of_one_name_wait_under_two_numbers(visit: Visit, token: MakeToken) -> None:
    boss, agent = visit().bear(token("admin")), visit()

    first, second = (enrol(agent, invite(boss), "host").json()["device_no"] for _ in range(2))

    assert first == "host"
    assert second.startswith("host-")


def test_approving_twice_or_nothing_is_a_conflict(visit: Visit, token: MakeToken) -> None:
    boss, agent = visit().bear(token("admin")), visit()
    enrol(agent, invite(boss), "host")

    answers = [boss.post(f"/api/v1/devices/{no}/approve").status_code for no in ("host", "host", "nowhere")]

    assert answers == [200, 409, 404]


def test_only_an_administrator_invites_and_approves(visit: Visit, token: MakeToken) -> None:
    writer = visit().bear(token("write"))

    assert writer.post("/api/v1/enrolments", json={}).status_code == 403
    assert writer.post("/api/v1/devices/x/approve").status_code == 403


def test_a_revoked_credential_is_refused_at_once(visit: Visit, token: MakeToken) -> None:
    boss, agent = visit().bear(token("admin")), visit()
    given = enrol(agent, invite(boss, device_no="S-001")).json()

    assert boss.delete(f"/api/v1/agents/{given['agent_id']}").status_code == 204

    assert hello(agent, given["credential"]) == 401


def test_a_host_installed_anew_takes_the_place_of_its_old_agent(visit: Visit, token: MakeToken) -> None:
    boss, agent = visit().bear(token("admin")), visit()
    old = enrol(agent, invite(boss, device_no="S-001")).json()
    new = enrol(agent, invite(boss, device_no="S-001")).json()

    assert hello(agent, old["credential"]) == 401
    assert hello(agent, new["credential"]) == 200


def test_an_agent_is_no_program_and_a_program_no_agent(visit: Visit, token: MakeToken) -> None:
    boss, agent = visit().bear(token("admin")), visit()
    given = enrol(agent, invite(boss, device_no="S-001")).json()

    assert visit().bear(given["credential"]).get("/api/v1/devices").status_code == 401
    assert hello(agent, token("admin", "another")) == 401


def test_secrets_are_kept_as_hashes_only(visit: Visit, token: MakeToken, centre: Centre) -> None:
    boss, agent = visit().bear(token("admin")), visit()
    invitation = invite(boss, device_no="S-001")
    credential = enrol(agent, invitation).json()["credential"]

    with centre.records.session() as session:
        for table in (AgentIdentity, EnrolmentToken):
            assert session.get(table, credential) is None
    for file in centre.settings.data.glob("records.db*"):
        stored = file.read_bytes()
        assert invitation.encode() not in stored
        assert credential.encode() not in stored
