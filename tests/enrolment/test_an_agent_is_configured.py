"""An administrator asks an agent for harmless things only; the receipt says that there is something to fetch."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import select

from readings.wire import Clock, Envelope, pack_envelope
from server.audit.tables import AuditEntry
from server.centre import Centre
from tests.fixtures_centre import Client, MakeToken, Visit

HELLO = pack_envelope(Envelope(1, "0123456789abcdef", 0, 0, Clock("boot", 1, 1)))


@pytest.fixture
def boss(visit: Visit, token: MakeToken) -> Client:
    return visit().bear(token("admin"))


@pytest.fixture
def agent(boss: Client, visit: Visit) -> Client:
    """An enrolled agent; ``agent.id`` is not a thing a client has, so it is its User-Agent."""
    invitation = boss.post("/api/v1/enrolments", json={"device_no": "S-001"}).json()["token"]
    given = visit().post("/api/v1/enrol", json={"token": invitation, "hostname": "db-01"}).json()
    client = visit().bear(given["credential"])
    client.http.headers["User-Agent"] = given["agent_id"]
    return client


def path(agent: Client) -> str:
    return f"/api/v1/agents/{agent.http.headers['User-Agent']}"


def told(agent: Client) -> int:
    return int(agent.post("/api/v1/batches", content=HELLO).json()["configuration_revision"])


def fetched(agent: Client) -> Any:
    return agent.get("/api/v1/agents/self/configuration").json()


def test_what_is_set_is_told_by_revision_and_fetched(boss: Client, agent: Client) -> None:
    assert told(agent) == 0
    assert fetched(agent) == {"revision": 0, "settings": {}, "rotate_credential": False}

    set_ = boss.patch(path(agent), json={"interval_s": 30, "log_level": "DEBUG", "paces": {"log_self_test": 3600}})

    assert set_.status_code == 200, set_.text
    assert set_.json()["configuration_revision"] == told(agent) == 1
    settings = {"interval_s": 30.0, "log_level": "DEBUG", "paces": {"log_self_test": 3600.0}}
    assert fetched(agent) == {"revision": 1, "settings": settings, "rotate_credential": False}


def test_only_what_is_sent_changes_and_null_gives_it_back(boss: Client, agent: Client) -> None:
    boss.patch(path(agent), json={"interval_s": 30, "log_level": "DEBUG"})
    boss.patch(path(agent), json={"interval_s": None})
    assert fetched(agent)["settings"] == {"log_level": "DEBUG"}
    same = boss.patch(path(agent), json={"log_level": "DEBUG"}).json()
    assert same["configuration_revision"] == told(agent) == 2, "nothing changed, nothing to fetch"


@pytest.mark.parametrize(
    ("change", "because"),
    [
        pytest.param({"interval_s": 0.5}, "interval_s: 0.5 s is not between 1 and 3600 s", id="too often"),
        pytest.param({"interval_s": "soon"}, "interval_s", id="no number"),
        pytest.param({"log_level": "LOUD"}, "log_level", id="no level"),
        pytest.param({"paces": {"smart": 1}}, "paces.smart: 1 s is not between 10 and 86400 s", id="too quick a pace"),
        pytest.param({"command": "reboot"}, "command", id="a command"),
        pytest.param({"state": "/tmp"}, "state", id="a path"),
        pytest.param({"server": "https://elsewhere"}, "server", id="another centre"),
    ],
)
def test_anything_else_has_no_word_and_changes_nothing(
    change: dict[str, Any], because: str, boss: Client, agent: Client
) -> None:
    boss.patch(path(agent), json={"interval_s": 30})

    refused = boss.patch(path(agent), json=change)

    assert refused.status_code == 422
    assert because in refused.json()["detail"]
    assert told(agent) == 1
    assert fetched(agent)["settings"] == {"interval_s": 30.0}


def test_a_rotation_is_wished_for_until_it_was_done(boss: Client, agent: Client, visit: Visit, centre: Centre) -> None:
    boss.patch(path(agent), json={"rotate_credential": True})
    assert fetched(agent)["rotate_credential"] is True

    fresh = agent.post("/api/v1/agents/self/credential").json()["credential"]
    again = visit().bear(fresh)
    assert told(again) == 1
    centre.rounds.once()

    assert fetched(again) == {"revision": 1, "settings": {}, "rotate_credential": False}
    [shown] = boss.get("/api/v1/devices/S-001/agents").json()["agents"]
    assert shown["rotate_credential"] is False
    assert shown["configuration_revision"] == 1
    assert agent.get("/api/v1/agents/self/configuration").status_code == 401


def test_only_an_administrator_configures_and_it_is_audited(
    boss: Client, agent: Client, visit: Visit, token: MakeToken, centre: Centre
) -> None:
    assert visit().bear(token("write")).patch(path(agent), json={"interval_s": 30}).status_code == 403
    assert agent.patch(path(agent), json={"interval_s": 30}).status_code == 401
    assert boss.patch("/api/v1/agents/agent-none", json={"interval_s": 30}).status_code == 404
    assert told(agent) == 0

    boss.patch(path(agent), json={"interval_s": 30})

    with centre.records.session() as session:
        [entry] = [entry for entry in session.exec(select(AuditEntry)) if entry.act == "agent.configured"]
    assert entry.subject == "device/S-001"
    assert '"interval_s":30.0' in entry.new


def test_each_agent_has_its_own(boss: Client, agent: Client, visit: Visit) -> None:
    invitation = boss.post("/api/v1/enrolments", json={"device_no": "S-002"}).json()["token"]
    other = visit().bear(
        visit().post("/api/v1/enrol", json={"token": invitation, "hostname": "db-02"}).json()["credential"]
    )
    boss.patch(path(agent), json={"interval_s": 30})
    assert (told(agent), told(other)) == (1, 0)
    assert fetched(other)["settings"] == {}
