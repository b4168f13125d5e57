"""The chain of acts: what enters it, and what happens to whoever edits it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlmodel import col, select

from server.audit.chain import Actor, Head, append, verify
from server.audit.tables import AuditEntry
from server.centre import Centre
from tests.fixtures_centre import Client, HandClock, MakePerson, MakeToken


@pytest.fixture
def chain(centre: Centre, clock: HandClock) -> Path:
    """Five entries, and the file they lie in."""
    with centre.records.writing() as session:
        for number in range(5):
            append(session, at=clock(), actor=Actor("command", "test"), act="tried", subject=f"thing/{number}")
    assert centre.records.path is not None
    return centre.records.path


def edit(file: Path, *statements: str) -> None:
    """As somebody would who has the file and has removed what guards it."""
    with closing(sqlite3.connect(file)) as connection:
        for statement in (
            "DROP TRIGGER IF EXISTS audit_entry_no_update",
            "DROP TRIGGER IF EXISTS audit_entry_no_delete",
            *statements,
        ):
            connection.execute(statement)
        connection.commit()


def test_the_database_itself_refuses_to_change_or_delete_an_entry(chain: Path) -> None:
    with closing(sqlite3.connect(chain)) as connection:
        for statement in ("UPDATE audit_entry SET actor = 'nobody'", "DELETE FROM audit_entry WHERE sequence = 5"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)


def test_an_untouched_chain_holds(centre: Centre, chain: Path) -> None:
    with centre.records.session() as session:
        found = verify(session)

    assert found.holds
    assert found.entries == 5


@pytest.mark.parametrize(
    ("statement", "broken_at", "reason"),
    [
        pytest.param("UPDATE audit_entry SET actor = 'x' WHERE sequence = 3", 3, "was changed", id="one altered"),
        pytest.param("DELETE FROM audit_entry WHERE sequence = 3", 3, "is missing", id="one taken out"),
        pytest.param("UPDATE audit_entry SET hash = 'aa' WHERE sequence = 3", 3, "was changed", id="its hash altered"),
        pytest.param(
            "UPDATE audit_entry SET previous_hash = 'aa' WHERE sequence = 4", 4, "hash of entry 3", id="a link altered"
        ),
    ],
)
def test_the_first_entry_that_does_not_fit_is_named(
    centre: Centre, chain: Path, statement: str, broken_at: int, reason: str
) -> None:
    edit(chain, statement)

    with centre.records.session() as session:
        found = verify(session)

    assert found.broken_at == broken_at
    assert reason in found.reason


def test_a_witness_notices_that_the_end_was_cut_off(centre: Centre, chain: Path) -> None:
    with centre.records.session() as session:
        witness = verify(session).head
    edit(chain, "DELETE FROM audit_entry WHERE sequence > 3")

    with centre.records.session() as session:
        assert verify(session).holds
        found = verify(session, witness)

    assert found.broken_at == 4
    assert "witness" in found.reason


def test_a_witness_notices_a_chain_written_anew(centre: Centre, chain: Path) -> None:
    with centre.records.session() as session:
        found = verify(session, Head(2, "0" * 64))

    assert found.broken_at == 2


def test_acts_enter_with_who_when_and_from_what_to_what(
    client: Client, centre: Centre, person: MakePerson, token: MakeToken
) -> None:
    person("boss", scope="admin")
    client.sign_in("boss")
    client.post("/api/v1/people", json={"name": "li", "password": "correct horse battery", "posts": ["dba"]})
    client.patch("/api/v1/people/li", json={"posts": ["netadmin"]})

    with centre.records.session() as session:
        last = session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence).desc())).first()

    assert last is not None
    assert (last.actor_kind, last.actor, last.act, last.subject) == ("person", "boss", "person.changed", "person/li")
    assert '"posts":["dba"]' in last.old
    assert '"posts":["netadmin"]' in last.new
    assert last.address == "127.0.0.1"


def test_a_receipt_carries_the_newest_head(centre: Centre, chain: Path) -> None:
    with centre.records.session() as session:
        head = str(verify(session).head)

    centre.rounds.once()

    assert centre.audit.told() == head
