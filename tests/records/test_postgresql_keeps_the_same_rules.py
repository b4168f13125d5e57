"""The records on a real PostgreSQL: the same tables, and the same acts refused by the database itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.records import Records
from server.records.tables import metadata
from tests.probes.peers import as_user, folder_of, free_port, running, until

pytestmark = pytest.mark.peer("postgres", "root")

DEVICE = (
    "INSERT INTO device (device_no, name, kind, state, location, purpose, owner_post, interval_s, created_ms) "
    "VALUES ('S', 'S', 'server', 'active', '', '', '', 15, 0)"
)
ENTRY = (
    "INSERT INTO device_entry (device_no, at_ms, kind, actor, old, new, note, reference) "
    "VALUES ('S', 0, 'life', 'li', '', '', '', '')"
)
RECORD = "INSERT INTO evidence_record VALUES ('a', 'run/C-1', 0, '{}')"
RUN = (
    "INSERT INTO checklist_run (number, template, template_version, template_hash, template_json, calendar_date, "
    "state, started_ms, started_by) VALUES ('C-1', 't', 1, '', '{}', '', 'open', 0, 'li')"
)
ITEM = (
    "INSERT INTO checklist_item (run_id, item, ordinal, device_no, spec_json, verdict, filled_json, state, result, "
    "human_value, override, note, confirmed_by, reviewed_by, review_note, version) "
    "VALUES (1, 'cpu', 1, '', '{}', '', '', 'reviewed', 'normal', '', 0, '', 'li', '%s', '', 1)"
)


@pytest.fixture(scope="module")
def records(peer: Callable[[str], str]) -> Iterator[Records]:
    programs = Path(peer("postgres")).parent
    with folder_of("postgres") as folder:
        port = free_port()
        initdb = [
            str(programs / "initdb"),
            "-D",
            str(folder / "data"),
            "-U",
            "zhishou",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "-N",
        ]
        assert as_user("postgres", folder, [*initdb, "-E", "UTF8", "--locale=C.UTF-8"]).wait(60) == 0
        command = [str(programs / "postgres"), "-D", str(folder / "data"), "-c", "listen_addresses=127.0.0.1"]
        command += ["-c", f"port={port}", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
        with running(as_user("postgres", folder, command)):
            until(lambda: _answers(port), "PostgreSQL")
            opened = Records(f"postgresql+psycopg://zhishou@127.0.0.1:{port}/postgres")
            yield opened
            opened.close()


def _answers(port: int) -> bool:
    try:
        psycopg.connect(host="127.0.0.1", port=port, user="zhishou", dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def act(records: Records, statement: str) -> str:
    """Why it was refused, nothing when it was done. A refused act leaves nothing."""
    try:
        with records.engine.begin() as connection:
            connection.execute(text(statement))
    except DBAPIError as error:
        return str(error.orig).splitlines()[0]
    return ""


def test_the_migrations_lead_to_the_tables_of_the_code(records: Records) -> None:
    with records.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata()) == []


def test_what_must_never_happen_is_refused_there_too(records: Records) -> None:
    for allowed in (DEVICE, ENTRY, RECORD, RUN):
        assert act(records, allowed) == ""
    assert "1.5-16" in act(records, "UPDATE device SET life = 'in_production'")
    for table in ("device_entry", "evidence_record"):
        assert "append-only" in act(records, f"DELETE FROM {table}")
    assert "append-only" in act(records, "UPDATE evidence_record SET content = ''")
    assert "ck_item_two_people" in act(records, ITEM % "li")
    assert act(records, ITEM % "wang") == ""
    assert act(records, "UPDATE checklist_run SET state = 'closed'") == ""
    assert "never changed" in act(records, "UPDATE checklist_run SET state = 'open'")
    assert "closed" in act(records, "UPDATE checklist_item SET note = 'later'")
    assert "never deleted" in act(records, "DELETE FROM checklist_item")
