"""rasdaemon's database, made as its ras-record.c makes it: new rows are events, over restarts and replaced files."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from agent.hardware.rasdaemon import MOST_ROWS, Rasdaemon
from agent.host.root import Root
from readings.model import Clocks, Event, Gap, Severity, SourceFailed

STAMP = "2026-11-24 19:30:00 +0800"
MADE = """
CREATE TABLE mc_event (id INTEGER PRIMARY KEY, timestamp TEXT, err_count INTEGER, err_type TEXT, err_msg TEXT,
    label TEXT, mc INTEGER, top_layer INTEGER, middle_layer INTEGER, lower_layer INTEGER, address INTEGER,
    grain INTEGER, syndrome INTEGER, driver_detail TEXT);
CREATE TABLE aer_event (id INTEGER PRIMARY KEY, timestamp TEXT, dev_name TEXT, err_type TEXT, err_msg TEXT);
CREATE TABLE mce_record (id INTEGER PRIMARY KEY, timestamp TEXT, bank_name TEXT, error_msg TEXT, mcistatus_msg TEXT);
CREATE TABLE extlog_event (id INTEGER PRIMARY KEY, timestamp TEXT, etype INTEGER, severity INTEGER, cper_data BLOB);
CREATE TABLE disk_errors (id INTEGER PRIMARY KEY, timestamp TEXT, dev TEXT, sector INTEGER, error TEXT);
CREATE TABLE memory_failure_event (id INTEGER PRIMARY KEY, timestamp TEXT, pfn TEXT, action_result TEXT);
CREATE TABLE cxl_poison_event (id INTEGER PRIMARY KEY, timestamp TEXT, memdev TEXT);
CREATE TABLE unrelated (id INTEGER PRIMARY KEY, timestamp TEXT);
"""


def said(words: str, *fields: object) -> tuple[str, tuple[object, ...]]:
    table, _, columns = words.partition(" ")
    marks = ", ".join("?" * (len(fields) + 1))
    return f"INSERT INTO {table} (timestamp, {columns}) VALUES ({marks})", (STAMP, *fields)


class Database:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as made:
            made.executescript(MADE)

    def add(self, words: str, *fields: object, times: int = 1) -> None:
        sql, values = said(words, *fields)
        with closing(sqlite3.connect(self.path)) as open_, open_:
            for _ in range(times):
                open_.execute(sql, values)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "var/lib/rasdaemon/ras-mc_event.db")


@pytest.fixture
def watch(tmp_path: Path, clocks: Callable[[], Clocks]) -> Callable[[str], Rasdaemon]:
    return lambda mark: Rasdaemon(Root.under(tmp_path), clocks, mark)


@pytest.fixture
def begun(watch: Callable[[str], Rasdaemon], database: Database) -> Rasdaemon:
    """After its first look at a database that was empty."""
    assert database.path.is_file()
    source = watch("")
    list(source.read())
    source.commit()
    return source


def events(source: Rasdaemon) -> list[Event]:
    return [item for item in source.read() if isinstance(item, Event)]


@pytest.mark.parametrize(
    ("words", "fields", "kind", "level"),
    [
        ("mc_event err_count, err_type, label", (1, "Corrected", "CPU0_DIMM_A1"), "memory_error", Severity.ERROR),
        ("mc_event err_count, err_type, label", (1, "Uncorrected", "CPU0_DIMM_A1"), "memory_error", Severity.CRITICAL),
        ("mc_event err_count, err_type, label", (1, "Fatal", "CPU0_DIMM_A1"), "memory_error", Severity.ALERT),
        ("aer_event dev_name, err_type", ("0000:03:00.0", "Corrected"), "pcie_error", Severity.ERROR),
        ("aer_event dev_name, err_type", ("0000:03:00.0", "Uncorrected (Non-Fatal)"), "pcie_error", Severity.CRITICAL),
        ("aer_event dev_name, err_type", ("0000:03:00.0", "Uncorrected (Fatal)"), "pcie_error", Severity.ALERT),
        ("mce_record mcistatus_msg", ("Corrected_error Error_enabled",), "machine_check", Severity.ERROR),
        ("mce_record mcistatus_msg", ("Uncorrected_error Error_enabled",), "machine_check", Severity.CRITICAL),
        ("mce_record error_msg", ("Internal parity error",), "machine_check", Severity.CRITICAL),
        ("extlog_event severity, cper_data", (1, b"\x00\xff"), "hardware_error", Severity.ALERT),
        ("extlog_event severity", (2,), "hardware_error", Severity.ERROR),
        ("disk_errors dev, error", ("8:0", "I/O error"), "disk_error", Severity.ERROR),
        ("memory_failure_event pfn, action_result", ("0x12", "Recovered"), "memory_error", Severity.CRITICAL),
        ("cxl_poison_event memdev", ("mem0",), "hardware_error", Severity.ERROR),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_row_is_an_event_with_its_severity_and_moment(
    words: str, fields: tuple[object, ...], kind: str, level: Severity, begun: Rasdaemon, database: Database
) -> None:
    database.add(words, *fields)
    (event,) = events(begun)
    assert (event.kind, event.severity) == (kind, level)
    assert event.wall_ns == 1_795_519_800 * 10**9
    assert all(str(field) in event.text for field in fields if isinstance(field, str))


def test_rows_are_told_once_over_a_restart(
    begun: Rasdaemon, database: Database, watch: Callable[[str], Rasdaemon]
) -> None:
    database.add("disk_errors dev, error", "8:0", "I/O error")
    assert len(events(begun)) == 1
    assert len(events(begun)) == 1  # not committed: told again
    begun.commit()
    assert events(begun) == []
    database.add("disk_errors dev, error", "8:16", "timeout")
    (event,) = events(watch(begun.mark))
    assert "8:16" in event.text


def test_what_was_there_before_the_first_look_is_only_counted(
    database: Database, watch: Callable[[str], Rasdaemon]
) -> None:
    database.add("disk_errors dev, error", "8:0", "I/O error", times=7)
    (event,) = events(watch(""))
    assert (event.kind, event.severity) == ("log_begins", Severity.NOTICE)
    assert "disk_errors holds rows up to 7" in event.text


def test_a_burst_is_told_over_several_passes_and_none_is_left_out(begun: Rasdaemon, database: Database) -> None:
    with closing(sqlite3.connect(database.path)) as open_, open_:
        for number in range(MOST_ROWS + 20):
            open_.execute(*said("disk_errors dev, error", f"8:{number}", "I/O error"))
    told: list[Event] = []
    for _ in range(3):
        told += events(begun)
        begun.commit()
    assert len(told) == MOST_ROWS + 20


def test_a_replaced_database_is_a_loss_that_is_told(begun: Rasdaemon, database: Database) -> None:
    kept = database.path.with_name("old")  # keeps its inode from being given to the new one
    database.path.rename(kept)
    again = Database(database.path)
    again.add("disk_errors dev, error", "8:0", "I/O error")
    assert [event.kind for event in events(begun)] == ["log_lost", "disk_error"]


def test_an_emptied_table_is_a_loss_that_is_told(
    begun: Rasdaemon, database: Database, watch: Callable[[str], Rasdaemon]
) -> None:
    database.add("disk_errors dev, error", "8:0", "I/O error", times=3)
    events(begun)
    begun.commit()
    with closing(sqlite3.connect(database.path)) as open_, open_:
        open_.execute("DELETE FROM disk_errors")
    assert [event.kind for event in events(watch(begun.mark))] == ["log_lost"]


def test_a_database_somebody_writes_to_is_read_in_the_next_pass(begun: Rasdaemon, database: Database) -> None:
    with closing(sqlite3.connect(database.path)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute(*said("disk_errors dev, error", "8:0", "I/O error"))
        database.path.touch()
        with pytest.raises(SourceFailed) as failed:
            events(begun)
        assert failed.value.gap is Gap.TIMED_OUT
        writer.commit()
    assert len(events(begun)) == 1


def test_reading_leaves_the_database_as_it_was(begun: Rasdaemon, database: Database) -> None:
    database.add("disk_errors dev, error", "8:0", "I/O error")
    before = (database.path.read_bytes(), sorted(file.name for file in database.path.parent.iterdir()))
    events(begun)
    assert (database.path.read_bytes(), sorted(file.name for file in database.path.parent.iterdir())) == before
