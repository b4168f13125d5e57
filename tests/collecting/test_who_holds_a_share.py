"""A lease on a share: one collector at a time, the standby within two intervals, no way back by itself."""

from __future__ import annotations

import asyncio

import pytest
from sqlmodel import select

from server.audit.tables import AuditEntry
from server.centre import Centre
from server.collection.leasing import ask_leases
from server.collection.tables import ShareHeld
from tests.collecting.conftest import Collector, MakeCollector, put
from tests.fixtures_centre import Client, HandClock, Visit

Pair = tuple[Collector, Collector]


def test_the_active_collector_holds_it_and_the_standby_waits(pair: Pair) -> None:
    active, standby = pair
    assert active.leases() == {
        "share": "room",
        "held": True,
        "term": 1,
        "lasts_s": 60.0,
        "every_s": 20.0,
        "alone": False,
    }
    assert standby.leases() == {
        "share": "room",
        "held": False,
        "term": 1,
        "lasts_s": 0.0,
        "every_s": 20.0,
        "alone": False,
    }


def test_the_standby_takes_over_within_two_intervals_of_the_last_word(pair: Pair, clock: HandClock) -> None:
    active, standby = pair
    active.leases()
    waited = 0
    while not standby.leases()["held"]:
        clock.forward(seconds=20)
        waited += 20
    assert waited == 60
    assert active.leases()["held"] is False, "who was dead does not take it back"
    assert standby.leases()["term"] == 2


def test_a_lease_that_is_renewed_does_not_pass(pair: Pair, clock: HandClock) -> None:
    active, standby = pair
    for _ in range(30):
        assert active.leases()["held"]
        clock.forward(seconds=20)
        assert not standby.leases()["held"]


def test_the_standby_begins_where_the_active_one_never_came(pair: Pair, clock: HandClock) -> None:
    _, standby = pair
    assert not standby.leases()["held"]
    clock.forward(seconds=60)
    assert standby.leases()["held"]


def test_of_many_that_ask_at_once_one_gets_it(pair: Pair, centre: Centre, clock: HandClock) -> None:
    active, standby = pair
    clock.forward(seconds=61)

    async def all_at_once() -> list[bool]:
        asks = [asyncio.to_thread(ask_leases, centre.records, one.id, clock()) for one in [active, standby] * 10]
        return [told.leases[0].held for told, _ in await asyncio.gather(*asks)]

    held = asyncio.run(all_at_once())
    assert {any(held[0::2]), any(held[1::2])} == {True, False}
    with centre.records.session() as session:
        assert len(session.exec(select(ShareHeld)).all()) == 1


def test_a_lease_without_a_standby_has_no_end(
    boss: Client, pair: Pair, clock: HandClock, collector: MakeCollector
) -> None:
    active, _ = pair
    put(boss, "/api/v1/collection/shares/room", active_id=active.id)
    assert active.leases()["alone"] is True
    clock.forward(days=3)
    later = collector("COL-3")
    put(boss, "/api/v1/collection/shares/room", active_id=active.id, standby_id=later.id)
    assert later.leases()["held"] is False, "the one cut off may still be reading"
    put(boss, "/api/v1/collection/shares/room", active_id=later.id)
    assert later.leases()["held"] is True, "until somebody says that it is over"


def test_a_collector_sees_only_its_own_shares(pair: Pair, collector: MakeCollector) -> None:
    stranger = collector("COL-9")
    assert stranger.client.post("/api/v1/collectors/self/leases").json()["leases"] == []
    assert stranger.devices().json()["devices"] == []


def test_who_has_no_credential_gets_nothing(pair: Pair, visit: Visit, boss: Client) -> None:
    for client in (visit(), boss):
        assert client.post("/api/v1/collectors/self/leases").status_code == 401
        assert client.get("/api/v1/collectors/self/devices").status_code == 401


def test_a_change_of_hands_is_audited(pair: Pair, clock: HandClock, centre: Centre) -> None:
    active, standby = pair
    active.leases()
    clock.forward(seconds=60)
    standby.leases()
    with centre.records.session() as session:
        taken = [(e.actor, e.subject) for e in session.exec(select(AuditEntry)) if e.act == "collection.taken"]
    assert taken == [(active.id, "share/room"), (standby.id, "share/room")]


@pytest.mark.parametrize(
    ("words", "because"),
    [
        pytest.param({"active_id": "agent-none"}, "active_id: there is no active agent", id="nobody"),
        pytest.param({"standby_id": "agent-none"}, "standby_id: there is no active agent", id="no such standby"),
        pytest.param({"interval_s": 1}, "interval_s: 1 s is not between 5 and 3600 s", id="too quick"),
    ],
)
def test_a_share_that_cannot_be_is_refused(boss: Client, pair: Pair, words: dict[str, object], because: str) -> None:
    active, standby = pair
    before = boss.get("/api/v1/collection/shares").json()
    asked = {"active_id": active.id, "standby_id": standby.id, "interval_s": 60, **words}
    refused = put(boss, "/api/v1/collection/shares/room", **asked)
    assert refused.status_code == 422
    assert because in refused.json()["detail"]
    assert boss.get("/api/v1/collection/shares").json() == before
