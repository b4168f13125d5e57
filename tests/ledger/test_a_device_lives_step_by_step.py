"""From stock to production: every step there is, who may take it, and every step there is not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import product
from typing import Any

import pytest

from server.audit.chain import Actor
from server.audit.chain import head as chain_head
from server.centre import Centre
from server.devices.acts import device_in
from server.devices.life import LIFE_WORDS, STEPS, Life, move
from server.devices.tables import Device
from server.evidence.tables import EvidenceRecord
from server.people.acting import ActRefused
from server.verification.tables import VerificationRun
from tests.fixtures_centre import PASSWORD, Client, HandClock, MakePerson, MakeToken, Visit

OURS = Actor("command", "test")


@pytest.fixture
def ledger(client: Client, token: MakeToken) -> Client:
    return client.bear(token("write"))


@pytest.fixture
def device(ledger: Client) -> str:
    made = ledger.post(
        "/api/v1/devices",
        json={"device_no": "SRV-1", "owner_dept": "信息技术部", "owner": "系统管理岗", "issued_on": "2026-11-01"},
    )
    assert made.status_code == 201, made.text
    return "SRV-1"


def signed(centre: Centre, device_no: str, opinion: str, at_ms: int) -> None:
    """A finished verification as its own acts leave it."""
    record = f"{at_ms:064x}"
    with centre.records.writing() as session:
        session.add(EvidenceRecord(sha256=record, subject=f"verification/V-{at_ms}", at_ms=at_ms, content="{}"))
        session.flush()
        session.add(
            VerificationRun(
                number=f"V-{at_ms}",
                device_no=device_no,
                profile="server",
                profile_version=1,
                profile_hash="",
                profile_json="{}",
                window_s=604_800,
                state="signed",
                started_ms=at_ms,
                started_by="li",
                verdict=opinion,
                opinion=opinion,
                signed_ms=at_ms,
                signed_by="zhao",
                submitted_ms=at_ms,
                submitted_by="li",
                record_sha256=record,
            )
        )


def take(centre: Centre, clock: HandClock, device_no: str, *lives: Life) -> None:
    for life in lives:
        with centre.records.writing() as session:
            move(session, device_in(session, device_no), life, actor=OURS, now=clock(), reference="V-1")


def stands(centre: Centre, device_no: str) -> tuple[str, str]:
    with centre.records.session() as session:
        row = session.get(Device, device_no)
        assert row is not None
        return row.life, chain_head(session).hash


def ask(who: Client, device_no: str, to: str, **more: Any) -> Any:
    return who.post(f"/api/v1/devices/{device_no}/life", json={"to": to, "password": PASSWORD, **more})


@pytest.fixture
def li(visit: Visit, person: MakePerson) -> Client:
    person("li", "sysadmin")
    client = visit()
    assert client.sign_in("li").status_code == 200
    return client


def test_every_life_has_its_words_and_every_step_its_clause() -> None:
    assert set(LIFE_WORDS) == set(Life)
    assert all(step.clause and (step.posts or step.act) for step in STEPS)


def test_a_device_begins_issued_or_in_stock_and_never_further(ledger: Client) -> None:
    assert ledger.post("/api/v1/devices", json={"device_no": "A"}).json()["life"] == "issued"
    assert ledger.post("/api/v1/devices", json={"device_no": "B", "life": "stocked"}).json()["life"] == "stocked"
    assert ledger.post("/api/v1/devices", json={"device_no": "C", "life": "in_production"}).status_code == 422


def test_a_device_leaves_the_stock_once_somebody_answers_for_it(ledger: Client, li: Client) -> None:
    ledger.post("/api/v1/devices", json={"device_no": "B", "life": "stocked"})

    refused = ask(li, "B", "issued")
    ledger.patch("/api/v1/devices/B", json={"owner": "李工", "owner_dept": "信息技术部"})
    done = ask(li, "B", "issued")

    assert (refused.status_code, refused.json()["clause"]) == (409, "1.5-23")
    assert "owner" in refused.json()["detail"]
    assert done.json()["life"] == "issued"


def test_production_opens_only_over_a_signed_pass(centre: Centre, clock: HandClock, device: str, li: Client) -> None:
    take(centre, clock, device, Life.VERIFYING, Life.VERIFIED)
    before = stands(centre, device)

    refused = ask(li, device, "in_production")
    assert (refused.status_code, refused.json()["clause"]) == (409, "1.5-20")
    assert stands(centre, device)[0] == "verified" == before[0]

    signed(centre, device, "pass", 1)
    opened = ask(li, device, "in_production", note="报盘程序已装")
    assert opened.status_code == 200
    assert opened.json()["life"] == "in_production"
    newest = li.get(f"/api/v1/devices/{device}/entries").json()["entries"][0]
    assert (newest["kind"], newest["old"], newest["new"], newest["actor"], newest["note"]) == (
        *("life", "verified", "in_production", "li", "报盘程序已装"),
    )


def test_a_later_fail_closes_what_an_earlier_pass_opened(
    centre: Centre, clock: HandClock, device: str, li: Client
) -> None:
    signed(centre, device, "pass", 1)
    signed(centre, device, "fail", 2)
    take(centre, clock, device, Life.VERIFYING, Life.VERIFIED)

    refused = ask(li, device, "in_production")

    assert refused.status_code == 409
    assert "V-2" in refused.json()["detail"]


NO_STEPS = [pair for pair in product(Life, Life) if not any((step.leaves, step.to) == pair for step in STEPS)]


@pytest.mark.parametrize(("leaves", "to"), NO_STEPS, ids=[f"{leaves} to {to}" for leaves, to in NO_STEPS])
def test_a_step_that_is_not_in_the_table_is_refused_and_changes_nothing(
    centre: Centre, clock: HandClock, ledger: Client, leaves: Life, to: Life
) -> None:
    ledger.post("/api/v1/devices", json={"device_no": "X", "owner": "a", "owner_dept": "b"})
    signed(centre, "X", "pass", 1)
    with centre.records.writing() as session:
        device = device_in(session, "X")
        device.life = leaves.value
        session.add(device)
    before = stands(centre, "X")

    with pytest.raises(ActRefused, match="cannot become"), centre.records.writing() as session:
        move(session, device_in(session, "X"), to, actor=OURS, now=clock())

    assert stands(centre, "X") == before


@pytest.mark.parametrize(
    ("posts", "scope", "status"),
    [
        pytest.param(["netadmin"], "write", 403, id="another post"),
        pytest.param([], "admin", 403, id="no post, whatever the scope"),
        pytest.param(["security_admin"], "write", 403, id="who signed it"),
        pytest.param(["sysadmin"], "read", 403, id="the post but only reading"),
    ],
)
def test_who_may_not_launch_is_told_so(
    centre: Centre,
    clock: HandClock,
    device: str,
    visit: Visit,
    person: MakePerson,
    posts: list[str],
    scope: str,
    status: int,
) -> None:
    take(centre, clock, device, Life.VERIFYING, Life.VERIFIED)
    signed(centre, device, "pass", 1)
    person("other", *posts, scope=scope)
    other = visit()
    other.sign_in("other")
    before = stands(centre, device)

    refused = ask(other, device, "in_production")

    assert refused.status_code == status
    assert stands(centre, device) == before


def test_no_token_moves_a_device(centre: Centre, device: str, visit: Visit, token: MakeToken) -> None:
    before = stands(centre, device)
    for scope in ("read", "write", "admin"):
        assert ask(visit().bear(token(scope, f"{scope} again")), device, "in_production").status_code == 403
    assert stands(centre, device)[0] == before[0]


def test_a_wrong_password_signs_nothing(centre: Centre, clock: HandClock, device: str, li: Client) -> None:
    take(centre, clock, device, Life.VERIFYING, Life.VERIFIED)
    signed(centre, device, "pass", 1)
    before = stands(centre, device)

    refused = li.post(f"/api/v1/devices/{device}/life", json={"to": "in_production", "password": "not this one"})

    assert refused.status_code == 403
    assert "not this one" not in refused.text
    assert stands(centre, device) == before


def test_the_database_itself_keeps_production_closed(centre: Centre, device: str) -> None:
    assert centre.records.path is not None
    with (
        closing(sqlite3.connect(centre.records.path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match=r"1\.5-16"),
    ):
        connection.execute("UPDATE device SET life = 'in_production' WHERE device_no = ?", [device])


@pytest.mark.parametrize("act", ["DELETE FROM device_entry", "UPDATE device_entry SET note = ''"])
def test_the_database_itself_keeps_every_entry(centre: Centre, clock: HandClock, device: str, act: str) -> None:
    take(centre, clock, device, Life.VERIFYING)
    assert centre.records.path is not None
    with (
        closing(sqlite3.connect(centre.records.path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(act)
