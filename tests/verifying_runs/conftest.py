"""The house of a verification, with everybody in it."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from server.centre import Centre
from server.times import to_ns
from tests.fixtures_centre import HandClock, MakePerson, MakeToken, Visit
from tests.verifying_runs.house import DEVICE_NO, House
from tests.weeks import WatchedHost


@pytest.fixture(autouse=True)
def _passwords_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody guesses here, and everybody signs in."""
    monkeypatch.setattr("server.people.passwords._hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def house(centre: Centre, clock: HandClock, visit: Visit, person: MakePerson, token: MakeToken) -> House:
    """Nothing is done by itself: rounds are made when a test says so."""
    centre.rounds.stop()
    boss, agent = visit().bear(token("admin", "setting up")), visit()
    boss.post("/api/v1/devices", json={"device_no": DEVICE_NO, "name": "报盘机", "purpose": "报盘"})
    invitation = boss.post("/api/v1/enrolments", json={"device_no": DEVICE_NO}).json()["token"]
    given = agent.post("/api/v1/enrol", json={"token": invitation, "hostname": "srv", "facts": {}}).json()
    agent.bear(given["credential"])
    return House(centre, clock, visit, person, agent, WatchedHost(DEVICE_NO, to_ns(clock())))
