"""A house with two servers that are well, and three people."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server.centre import Centre
from server.times import to_ns
from tests.duty_runs.house import Round, Server
from tests.fixtures_centre import Client, HandClock, MakePerson, MakeToken, Visit

NewServer = Callable[..., Server]
StartRound = Callable[..., Round]


@pytest.fixture
def boss(visit: Visit, token: MakeToken) -> Client:
    return visit().bear(token("admin", "boss"))


@pytest.fixture
def server(visit: Visit, boss: Client, centre: Centre, clock: HandClock) -> NewServer:
    """``server("S-1")`` is in the ledger, and its agent has told one tick (``well=False``: none)."""

    def new(device_no: str, *, well: bool = True) -> Server:
        invitation = boss.post("/api/v1/enrolments", json={"device_no": device_no, "device_name": f"主机 {device_no}"})
        given = visit().post("/api/v1/enrol", json={"token": invitation.json()["token"], "hostname": "h", "facts": {}})
        made = Server(device_no, visit().bear(given.json()["credential"]), centre, clock, to_ns(clock()) - 3600 * 10**9)
        if well:
            made.tell()
        return made

    return new


@pytest.fixture
def signed_in(visit: Visit, person: MakePerson) -> Callable[..., Client]:
    """``signed_in("li", "sysadmin")`` is a person at that post, signed in."""

    def enter(name: str, *posts: str, **more: str) -> Client:
        person(name, *posts, **more)
        client = visit()
        assert client.sign_in(name).status_code == 200
        return client

    return enter


@pytest.fixture
def li(signed_in: Callable[..., Client]) -> Client:
    return signed_in("li", "sysadmin", display_name="李")


@pytest.fixture
def wang(signed_in: Callable[..., Client]) -> Client:
    return signed_in("wang", "dba", display_name="王")


@pytest.fixture
def zhao(signed_in: Callable[..., Client]) -> Client:
    """Another who may confirm: a second system admin."""
    return signed_in("zhao", "sysadmin")


@pytest.fixture
def start(li: Client) -> StartRound:
    """``start()`` is a round over every server, started by li."""

    def begin(client: Client = li, **wanted: object) -> Round:
        answer = client.post("/api/v1/runs", json={"template": "host_round", **wanted})
        assert answer.status_code == 201, answer.text
        return Round(client, answer.json()["number"])

    return begin


@pytest.fixture
def host(server: NewServer) -> Server:
    """S-1, which is well."""
    return server("S-1")


@pytest.fixture
def run(host: Server, start: StartRound) -> Round:
    """A round over S-1, started by li."""
    assert host.number
    return start()
