"""inbox.db: batches as received, how far each sender came, the hashes of its last batches, the offsets of its boots."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from server.inbox.offsets import Offset

RING = 256  # hashes kept per sender
BUSY_TIMEOUT_S = 10
SCHEMA_VERSION = 1
ROWS_PER_STATEMENT = 64
RELEASE_STEP = 1024
CHECKPOINT_PAGES = 4000  # of 8 kB: the log is folded in every 32 MB

SCHEMA = """
create table if not exists batch(
    id integer primary key autoincrement, sender text not null, device_no text not null, epoch text not null,
    first integer not null, last integer not null, received_ms integer not null, resolved blob not null,
    body blob not null);
create table if not exists position(
    sender text not null, epoch text not null, position integer not null, primary key(sender, epoch)) without rowid;
create table if not exists ring(
    sender text not null, slot integer not null, turn integer not null, epoch text not null, first integer not null,
    last integer not null, hash blob not null, primary key(sender, slot)) without rowid;
create table if not exists boot(
    sender text not null, boot_id text not null, offset_ns integer not null, learnt_ns integer not null,
    round_trip_ns integer, inferred integer not null, primary key(sender, boot_id)) without rowid;
create table if not exists probe(id integer primary key, filler blob not null);
"""

StoredRow = tuple[int, str, str, str, int, int, int, bytes, bytes]  # the columns of batch
RingRow = tuple[str, int, int, str, int, int, bytes]


@dataclass(slots=True)
class SenderState:
    """What the inbox knows of a sender: position per epoch, offset per boot, how many hashes it ever kept."""

    positions: dict[str, int] = field(default_factory=dict)
    boots: dict[str, Offset] = field(default_factory=dict)
    unsaved_boots: set[str] = field(default_factory=set)
    turns: int = 0


@dataclass(slots=True)
class Writing:
    """The rows of one transaction."""

    batches: list[StoredRow] = field(default_factory=list)
    positions: dict[tuple[str, str], int] = field(default_factory=dict)
    ring: list[RingRow] = field(default_factory=list)
    boots: dict[tuple[str, str], Offset] = field(default_factory=dict)


def connect(path: Path, *, reading: bool = False) -> sqlite3.Connection:
    """WAL, synchronous=FULL: a commit returns when its pages are on disk."""
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    connection.execute("pragma page_size=8192")
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    connection.execute(f"pragma wal_autocheckpoint={CHECKPOINT_PAGES}")
    if reading:
        connection.execute("pragma query_only=on")
    return connection


class InboxStore:
    """The writing side; one thread at a time. Raises sqlite3.Error and OSError as they come."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = connect(path)
        version = self._connection.execute("pragma user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise RuntimeError(f"inbox: {path} has schema {version}, this version knows {SCHEMA_VERSION}")
        self._connection.executescript(SCHEMA)
        self._connection.execute(f"pragma user_version={SCHEMA_VERSION}")
        _sync_folder(path.parent)

    def last_id(self) -> int:
        row = self._connection.execute("select seq from sqlite_sequence where name='batch'").fetchone()
        return int(row[0]) if row else 0

    def sender_state(self, sender: str) -> SenderState:
        run = self._connection.execute
        state = SenderState()
        state.positions = dict(run("select epoch, position from position where sender=?", (sender,)))
        for boot_id, offset, learnt, trip, inferred in run(
            "select boot_id, offset_ns, learnt_ns, round_trip_ns, inferred from boot where sender=?", (sender,)
        ):
            state.boots[boot_id] = Offset(offset, learnt, trip, bool(inferred))
        newest = run("select max(turn) from ring where sender=?", (sender,)).fetchone()[0]
        state.turns = 0 if newest is None else newest + 1
        return state

    def known_hash(self, sender: str, epoch: str, first: int, last: int) -> bytes | None:
        row = self._connection.execute(
            "select hash from ring where sender=? and epoch=? and first=? and last=?", (sender, epoch, first, last)
        ).fetchone()
        return bytes(row[0]) if row else None

    def write(self, writing: Writing) -> None:
        """All of it in one transaction that is on disk when this returns, or none of it."""
        with self._transaction():
            self._insert("insert into batch values", 9, writing.batches)
            self._insert("insert or replace into ring values", 7, writing.ring)
            positions = [(*key, position) for key, position in writing.positions.items()]
            self._insert("insert or replace into position values", 3, positions)
            if writing.boots:
                self._insert(
                    "insert or replace into boot values",
                    6,
                    [
                        (*key, offset.offset_ns, offset.learnt_ns, offset.round_trip_ns, offset.inferred)
                        for key, offset in writing.boots.items()
                    ],
                )

    def _insert(self, statement: str, width: int, rows: Sequence[tuple[object, ...]]) -> None:
        # Many rows a statement: every step of SQLite gives up the interpreter lock and must win it back.
        for start in range(0, len(rows), ROWS_PER_STATEMENT):
            part = rows[start : start + ROWS_PER_STATEMENT]
            places = ",".join([f"({','.join('?' * width)})"] * len(part))
            self._connection.execute(f"{statement} {places}", [cell for row in part for cell in row])

    def release(self, up_to: int) -> bool:
        """Delete some of the batches with ids ≤ ``up_to``; True when more are left."""
        with self._transaction():
            done = self._connection.execute(
                "delete from batch where id in (select id from batch where id <= ? order by id limit ?)",
                (up_to, RELEASE_STEP),
            ).rowcount
        return done >= RELEASE_STEP

    def start_after(self, last_id: int) -> None:
        """Never give out an id up to this one (an applier already holds it, though this file does not know)."""
        if last_id > self.last_id():
            with self._transaction():
                self._connection.execute("delete from sqlite_sequence where name='batch'")
                self._connection.execute("insert into sqlite_sequence values('batch', ?)", (last_id,))

    def probe(self) -> None:
        """Write something of the size of a batch and take it back: raises when there is no room."""
        with self._transaction():
            self._connection.execute("insert or replace into probe values(1, zeroblob(65536))")
        with self._transaction():
            self._connection.execute("delete from probe")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("begin immediate")
        try:
            yield
            self._connection.execute("commit")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            raise

    def close(self) -> None:
        self._connection.close()


def read_rows(connection: sqlite3.Connection, after: int, up_to: int, limit_bytes: int) -> list[StoredRow]:
    """Stored batches with after < id ≤ up_to in order, about ``limit_bytes`` of them and at least one."""
    rows: list[StoredRow] = []
    size = 0
    found: Iterable[StoredRow] = connection.execute(
        "select * from batch where id > ? and id <= ? order by id", (after, up_to)
    )
    for row in found:
        rows.append(row)
        size += len(row[-1])
        if size >= limit_bytes:
            break
    return rows


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
