"""Schema and migrations agree; what cannot be opened says why."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import server
from server.people.tables import Person
from server.records import Records, RecordsError
from server.records.engine import open_engine
from server.records.tables import TABLE_MODULES, metadata
from server.records.upgrade import configuration


def test_the_migrations_lead_to_exactly_the_tables_of_the_code(tmp_path: Path) -> None:
    records = Records(tmp_path / "records.db")
    try:
        with records.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata()) == []
    finally:
        records.close()


def test_no_folder_with_tables_is_forgotten() -> None:
    folder = Path(server.__path__[0])
    there = {f"server.{file.parent.name}.tables" for file in folder.glob("*/tables.py")} - {"server.records.tables"}

    assert there <= set(TABLE_MODULES)


def test_the_migrations_are_one_line() -> None:
    assert len(ScriptDirectory.from_config(configuration()).get_heads()) == 1


def test_committed_means_on_disk_and_foreign_keys_hold(tmp_path: Path) -> None:
    records = Records(tmp_path / "records.db")
    try:
        with records.engine.connect() as connection:
            asked = {
                pragma: connection.execute(text(f"PRAGMA {pragma}")).scalar()
                for pragma in ("journal_mode", "synchronous", "foreign_keys")
            }
    finally:
        records.close()

    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_newer_versions_records_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    Records(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999_future'")
        connection.commit()

    with pytest.raises(RecordsError, match=r"newer version.*9999_future"):
        Records(path)


def test_an_older_versions_records_are_copied_and_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    engine = open_engine(f"sqlite:///{path}")
    config = configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002_people")
    engine.dispose()

    Records(path).close()

    [copy] = tmp_path.glob("records.db.before-*")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002_people",)]


def test_what_is_no_database_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    path.write_bytes(b"these are not the records you are looking for" * 100)

    with pytest.raises(RecordsError, match=r"records\.db.*not a database"):
        Records(path)


def test_writers_take_turns_and_none_is_lost(tmp_path: Path) -> None:
    records = Records(tmp_path / "records.db")
    with records.writing() as session:
        session.add(
            Person(
                id=1, name="li", display_name="0", scope="read", password_hash="", created_ms=0, password_changed_ms=0
            )
        )

    def count_up() -> None:
        for _ in range(20):
            with records.writing() as session:
                person = session.get_one(Person, 1)
                person.display_name = str(int(person.display_name) + 1)

    threads = [Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with records.session() as session:
        assert session.get_one(Person, 1).display_name == "80"
    records.close()


def test_a_failed_act_leaves_nothing_behind(tmp_path: Path) -> None:
    records = Records(tmp_path / "records.db")
    li = Person(name="li", display_name="", scope="read", password_hash="", created_ms=0, password_changed_ms=0)

    def fail() -> None:
        with records.writing() as session:
            session.add(li)
            session.flush()
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail()
    with records.session() as session:
        assert session.get(Person, 1) is None
    records.close()
