"""Closing takes everything reviewed and a password; what is frozen then stays, byte for byte."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from server.audit.chain import canonical, verify
from server.audit.tables import AuditEntry
from server.centre import Centre
from server.duty.tables import ChecklistRun
from server.evidence.tables import EvidenceRecord
from tests.duty_runs.conftest import StartRound
from tests.duty_runs.house import Round, Server
from tests.fixtures_centre import Client, HandClock


@pytest.fixture
def reviewed(run: Round, wang: Client) -> Round:
    """Every line confirmed by li and reviewed by wang."""
    run.confirm_all()
    run.by(wang).review_all()
    return run


def stored(centre: Centre) -> tuple[ChecklistRun, int, int]:
    """The run's row, how many records there are, how long the audit chain is."""
    with centre.records.session() as session:
        row = session.exec(select(ChecklistRun)).one()
        return row, len(session.exec(select(EvidenceRecord)).all()), len(session.exec(select(AuditEntry)).all())


def test_the_record_is_frozen_under_its_hash(reviewed: Round, centre: Centre) -> None:
    answer = reviewed.close(note="quiet morning")

    assert answer.status_code == 200, answer.text
    run = answer.json()
    assert (run["state"], run["closed"], run["closed_by"]) == ("closed", "2026-11-24T08:00:00.000Z", "li")
    frozen = reviewed.client.get(f"/api/v1/runs/{reviewed.number}/record")
    assert hashlib.sha256(frozen.content).hexdigest() == run["record_sha256"]
    record = json.loads(frozen.content)
    assert canonical(record).encode() == frozen.content
    assert (record["number"], record["note"], record["counts"]["reviewed"]) == (reviewed.number, "quiet morning", 9)
    cpu = next(line for line in record["items"] if line["item"] == "cpu@S-1")
    assert (cpu["filled"]["value"], cpu["confirmed"]["by"], cpu["reviewed"]["by"]) == (0.2, "li", "wang")
    assert record["template"]["id"] == "host_round"
    with centre.records.session() as session:
        assert verify(session).holds
        entry = session.exec(select(AuditEntry).where(AuditEntry.act == "run.closed")).one()
        before = session.get(AuditEntry, entry.sequence - 1)
    assert entry.subject == f"run/{reviewed.number}"
    assert run["record_sha256"] in entry.new
    assert before is not None
    assert record["audit_head"] == f"{before.sequence}:{before.hash}"


def test_the_frozen_checklist_gives_the_hash_the_run_began_with(reviewed: Round) -> None:
    reviewed.close()
    record = reviewed.client.get(f"/api/v1/runs/{reviewed.number}/record").json()
    assert hashlib.sha256(canonical(record["template"]).encode()).hexdigest() == record["template_sha256"]
    assert record["template_sha256"] == reviewed.read()["hash"]


def test_later_readings_change_nothing(reviewed: Round, host: Server, clock: HandClock) -> None:
    reviewed.close()
    record, shown = reviewed.client.get(f"/api/v1/runs/{reviewed.number}/record").content, reviewed.read()
    for _ in range(3):
        clock.forward(minutes=5)
        host.tell({"cpu": {("cpu_busy_ratio", "total"): 0.99}}, errors=("oops",))
        assert reviewed.read() == shown
    assert reviewed.client.get(f"/api/v1/runs/{reviewed.number}/record").content == record


@pytest.mark.parametrize(
    ("confirmed", "reviewed", "left"),
    [
        pytest.param(0, 0, "9 of 9 lines of C-2026-0001 are not reviewed: 9 open", id="nothing done"),
        pytest.param(3, 1, "8 of 9 lines of C-2026-0001 are not reviewed: 6 open and 2 confirmed", id="some"),
        pytest.param(9, 8, "1 of 9 lines of C-2026-0001 are not reviewed: 1 confirmed", id="one left"),
    ],
)
def test_a_run_with_lines_left_stays_open(
    run: Round, wang: Client, centre: Centre, confirmed: int, reviewed: int, left: str
) -> None:
    items = [line["item"] for line in run.read()["items"]]
    for item in items[:confirmed]:
        assert run.confirm(item, result="normal", note="seen").status_code == 200
    for item in items[:reviewed]:
        assert run.by(wang).review(item).status_code == 200
    before = stored(centre)

    refused = run.close()

    assert (refused.status_code, refused.json()["clause"]) == (409, "2.1-7")
    assert left in refused.json()["detail"]
    assert stored(centre) == before


def test_a_wrong_password_closes_nothing(reviewed: Round, centre: Centre) -> None:
    before = stored(centre)
    assert reviewed.close("not this one").status_code == 403
    assert stored(centre) == before
    assert reviewed.close().status_code == 200


def test_guessing_the_password_has_to_wait(reviewed: Round, clock: HandClock) -> None:
    assert [reviewed.close("not this one").status_code for _ in range(6)] == [403] * 5 + [429]
    assert reviewed.close().status_code == 429
    clock.forward(seconds=2)
    assert reviewed.close().status_code == 200


def test_a_closed_run_takes_no_act_any_more(reviewed: Round, wang: Client, centre: Centre) -> None:
    reviewed.close()
    before = stored(centre)
    for answer in (
        reviewed.confirm("cpu@S-1"),
        reviewed.by(wang).review("cpu@S-1"),
        reviewed.by(wang).review("cpu@S-1", agree=False, note="no"),
        reviewed.close(),
    ):
        assert (answer.status_code, answer.json()["clause"]) == (409, "2.2-4")
        assert "closed by li" in answer.json()["detail"]
    assert stored(centre) == before


def test_an_open_run_has_no_record(run: Round) -> None:
    answer = run.client.get(f"/api/v1/runs/{run.number}/record")
    assert answer.status_code == 404
    assert "open" in answer.json()["detail"]


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("UPDATE checklist_item SET note='other' WHERE item='cpu@S-1'", id="a line changed"),
        pytest.param("UPDATE checklist_run SET closed_by='zhao'", id="the run changed"),
        pytest.param("UPDATE checklist_run SET state='open'", id="opened again"),
        pytest.param("UPDATE evidence_record SET content='{}'", id="the record changed"),
        pytest.param("DELETE FROM evidence_record", id="the record deleted"),
    ],
)
def test_the_database_itself_keeps_what_is_closed(reviewed: Round, centre: Centre, sql: str) -> None:
    reviewed.close()
    before = stored(centre)

    def bypass(session: Session) -> None:
        session.connection().execute(text(sql))
        session.commit()

    with centre.records.session() as session, pytest.raises(DBAPIError):
        bypass(session)
    assert stored(centre) == before


def test_the_next_run_has_the_next_number(reviewed: Round, start: StartRound) -> None:
    reviewed.close()
    assert start().number == "C-2026-0002"
    listed = reviewed.client.get("/api/v1/runs?state=closed").json()["runs"]
    assert [run["number"] for run in listed] == ["C-2026-0001"]


def test_whoever_may_write_closes(reviewed: Round, signed_in: Callable[..., Client]) -> None:
    leader = signed_in("sun", "ops_head")
    assert reviewed.by(leader).close().json()["closed_by"] == "sun"
