"""rasdaemon's database, opened read-only: each row that is new since the last tick on disk is an event.

Tables and columns differ between versions (ras-record.c): every known table that has ``id`` and ``timestamp`` is read.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime

from agent.host.kernel_files import gap_for
from agent.host.root import Root
from agent.oslog.telling import Telling
from readings.model import Clocks, Event, Gap, Sample, Severity, SourceFailed

TABLES = {
    "mc_event": "memory_error",
    "aer_event": "pcie_error",
    "mce_record": "machine_check",
    "memory_failure_event": "memory_error",
    "disk_errors": "disk_error",
    "extlog_event": "hardware_error",
    "devlink_event": "hardware_error",
    "arm_event": "hardware_error",
    "non_standard_event": "hardware_error",
}
CXL = "cxl_"
MOST_ROWS = 100  # a table and pass
LONGEST_FIELD = 200
WAIT_FOR_LOCK_S = 0.2
FATAL = re.compile(r"\bfatal\b", re.IGNORECASE)
UNCORRECTED = re.compile(r"uncorrect|unrecover|non-fatal|deferred|\brecoverable|context.corrupt", re.IGNORECASE)
CORRECTED = re.compile(r"\bcorrected|\bcorrectable", re.IGNORECASE)
# UEFI's numbers (CPER) where a table keeps no word.
BY_NUMBER = {0: Severity.CRITICAL, 1: Severity.ALERT, 2: Severity.ERROR, 3: Severity.NOTICE}

Row = dict[str, object]


class Rasdaemon:
    """``mark``: ``inode table=row …``, the last row told of each table."""

    name = "rasdaemon"

    def __init__(self, root: Root, clocks: Callable[[], Clocks], mark: str = "") -> None:
        self._path = f"{root.var}/lib/rasdaemon/ras-mc_event.db"
        self._clocks = clocks
        inode, _, rows = mark.partition(" ")
        self._inode = int(inode) if inode.isdecimal() else None
        self._rows = {table: int(row) for table, _, row in (word.partition("=") for word in rows.split())}
        self._seen: tuple[int, int, int] | None = None
        self._telling = Telling(self.name, self.name, mark)

    @property
    def mark(self) -> str:
        return self._telling.mark

    def commit(self) -> None:
        self._telling.commit()

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        self._telling.begin()
        try:
            said = os.stat(self._path)  # noqa: PTH116 - text paths, on the way of every pass
        except OSError as error:
            gap = gap_for(error)
            why = "rasdaemon does not run here or records nothing" if gap is Gap.NOT_OFFERED else error.strerror
            raise SourceFailed(gap, f"{self._path}: {why}") from error
        signature = (said.st_ino, said.st_mtime_ns, said.st_size)
        if signature != self._seen and self._take(said.st_ino):
            self._seen = signature
        return self._telling.end(f"{self._inode} " + " ".join(f"{t}={row}" for t, row in sorted(self._rows.items())))

    def _take(self, inode: int) -> bool:
        """Tell what is new; whether that was all. Raises SourceFailed."""
        first_look = self._inode is None
        if self._inode not in {None, inode}:
            self._lost("was replaced: rows of the old one that were not read are gone")
            self._rows = {}
        self._inode = inode
        try:
            with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=WAIT_FOR_LOCK_S)) as database:
                database.text_factory = lambda raw: raw.decode("utf-8", "replace")
                done = [self._take_table(database, table, first_look) for table in tables(database)]
                return all(done)
        except sqlite3.Error as error:
            locked = "locked" in str(error)
            refused = not os.access(self._path, os.R_OK)
            gap = Gap.TIMED_OUT if locked else Gap.REFUSED if refused else Gap.UNREADABLE
            needs = " (needs to read it: root)" if refused else ""
            raise SourceFailed(gap, f"{self._path}: {error}{needs}") from error

    def _take_table(self, database: sqlite3.Connection, table: str, first_look: bool) -> bool:
        newest = database.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]  # noqa: S608 - a name of TABLES or of letters
        told = self._rows.get(table, 0)
        if first_look:
            self._rows[table] = newest  # the past was not ours to watch
            if newest:
                text = f"{table} holds rows up to {newest} from before this watch began: they are not told one by one"
                self._telling.add("log_begins", Severity.NOTICE, text, boottime_ns=self._clocks().boottime_ns)
            return True
        if newest < told:
            self._lost(f"{table} was emptied: it ended at row {told}, now at {newest}")
            told = 0
        cursor = database.execute(f"SELECT * FROM {table} WHERE id > ? ORDER BY id LIMIT {MOST_ROWS}", (told,))  # noqa: S608 - as above
        columns = [column[0] for column in cursor.description]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor]
        for row in rows:
            told = self._tell(table, row)
        self._rows[table] = told
        return len(rows) < MOST_ROWS

    def _tell(self, table: str, row: Row) -> int:
        number = int(str(row["id"]))
        kind = TABLES.get(table, "hardware_error")
        wall = wall_ns(str(row.get("timestamp")))
        self._telling.add(kind, severity(table, row), words(table, row), wall_ns=wall, cursor=f"{table} {number}")
        return number

    def _lost(self, what: str) -> None:
        self._telling.lost(1, f"{self._path}: {what}", boottime_ns=self._clocks().boottime_ns)


def tables(database: sqlite3.Connection) -> list[str]:
    """Those that are known and have the two columns that are needed."""
    named = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    known = [name for (name,) in named if name in TABLES or re.fullmatch(f"{CXL}[a-z_]+", str(name))]
    return [
        name
        for name in known
        if {"id", "timestamp"} <= {column[1] for column in database.execute(f"PRAGMA table_info({name})")}
    ]


def severity(table: str, row: Row) -> Severity:
    """Uncorrected is critical, fatal worse, corrected an error; what says neither is an error too."""
    number = row.get("severity")
    if isinstance(number, int) and number in BY_NUMBER:
        return BY_NUMBER[number]
    said = " ".join(value for key, value in row.items() if isinstance(value, str) and key != "timestamp")
    if FATAL.search(re.sub(r"non-fatal", "", said, flags=re.IGNORECASE)):
        return Severity.ALERT
    if UNCORRECTED.search(said) or table == "memory_failure_event":
        return Severity.CRITICAL
    if CORRECTED.search(said) or table != "mce_record":
        return Severity.ERROR
    return Severity.CRITICAL


def words(table: str, row: Row) -> str:
    """``mc_event: 1 Corrected memory read error, label=CPU0_DIMM_A1 …``: every field that says something."""
    told = [
        f"{key}={str(value)[:LONGEST_FIELD]}"
        for key, value in row.items()
        if key not in {"id", "timestamp"} and value not in {None, "", 0} and not isinstance(value, bytes)
    ]
    return f"{table} of {row.get('timestamp')}: {', '.join(told)}"


def wall_ns(stamp: str) -> int | None:
    """``2026-11-24 08:36:52 +0800``: local time with its offset."""
    try:
        at = datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None
    return int(at.timestamp()) * 10**9
