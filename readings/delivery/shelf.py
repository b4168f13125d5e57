"""The spool's file: SQLite in WAL mode, every commit on disk before it returns. What to keep is the spool's to say."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from readings.delivery.tick import DamagedTick, Layout, StoredTick, pack_layout, unpack_layout
from readings.wire import Dropped

VERSION = 1
MOST_LAYOUTS = 16  # above this the unused are looked for
SCHEMA = """
create table ticks (
    seq integer primary key, epoch text not null, number integer not null, boot_id text not null,
    boottime integer not null, wall integer not null, events integer not null, raw integer not null,
    size integer not null, layout integer not null, body blob not null);
create unique index ticks_by_number on ticks (epoch, number);
create table layouts (id integer primary key, packed blob not null);
create table dropped (
    before_seq integer not null, epoch text not null, first integer not null, last integer not null,
    boot_id text not null, since_boottime integer not null, until_boottime integer not null,
    since_wall integer not null, until_wall integer not null);
create table refused (
    seq integer primary key, epoch text not null, number integer not null, boot_id text not null,
    boottime integer not null, wall integer not null, events integer not null, raw integer not null,
    size integer not null, layout integer not null, body blob not null,
    status integer not null, detail text not null);
create table meta (key text primary key, value text not null) without rowid;
"""
TICK = "seq, epoch, number, boot_id, boottime, wall, events, raw, size, layout, body"
# SQLITE_CORRUPT and SQLITE_NOTADB: the file is no longer what was written. All else may pass.
DAMAGE_CODES = {11, 26}


class ShelfDamaged(Exception):  # noqa: N818 - it reads as the sentence it makes
    """The file cannot be read any more and has to be moved aside."""


class SpoolBlocked(Exception):  # noqa: N818 - it reads as the sentence it makes
    """The file cannot be read or changed now and must be before anything is sent: try again later."""


@dataclass(frozen=True, slots=True)
class Head:
    """A waiting row without its body."""

    seq: int
    epoch: str
    number: int
    boot_id: str
    boottime: int
    wall: int
    size: int


@dataclass(frozen=True, slots=True)
class Span:
    """Ticks given up: told by the first batch that reaches the row ``before_seq``, and forgotten with its answer."""

    before_seq: int
    epoch: str
    dropped: Dropped


class Shelf:
    """One open spool file. Every method may raise sqlite3.Error or ShelfDamaged; not for several threads at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._layouts: dict[Layout, int] = {}
        self._known: dict[int, Layout] = {}
        self._database = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
        try:
            with _told_damage(path):
                self._begin()
        except BaseException:
            self._database.close()
            raise

    def _begin(self) -> None:
        run = self._database.execute
        version = run("pragma user_version").fetchone()[0]
        if version not in {0, VERSION}:
            raise ShelfDamaged(f"{self._path}: version {version} of the spool, this one knows {VERSION}")
        if version == 0:
            if run("select count(*) from sqlite_master").fetchone()[0]:
                raise ShelfDamaged(f"{self._path}: a database, but no spool")
            run("pragma auto_vacuum = incremental")
        run("pragma journal_mode = wal")
        run("pragma synchronous = full")
        run(f"pragma journal_size_limit = {8 * 2**20}")
        if version == 0:
            self._database.executescript(f"begin;{SCHEMA}pragma user_version = {VERSION};commit;")
        else:
            told = run("pragma quick_check(1)").fetchone()[0]
            if told != "ok":
                raise ShelfDamaged(f"{self._path}: {told}")
        self.rows, self.size = run("select count(*), coalesce(sum(size), 0) from ticks").fetchone()
        self.newest_seq = run("select max(coalesce((select max(seq) from ticks), 0),"
                              " coalesce((select max(seq) from refused), 0),"
                              " coalesce((select max(before_seq) from dropped), 0))").fetchone()[0]  # fmt: skip
        self.boots: dict[str, int] = dict(
            run("select boot_id, max(boottime) from ticks group by boot_id order by min(seq)").fetchall()
        )

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, on disk when it ends; counts follow."""
        rows, size, layouts = self.rows, self.size, dict(self._layouts)
        with _told_damage(self._path):
            self._database.execute("begin immediate")
            try:
                yield
                self._database.execute("commit")
            except BaseException:
                self.rows, self.size, self._layouts = rows, size, layouts
                with suppress(sqlite3.Error):
                    self._database.execute("rollback")
                raise

    def put(self, rows: Sequence[StoredTick]) -> None:
        """Within a transaction."""
        for row in rows:
            layout = self._layouts.get(row.layout)
            size = row.size
            if layout is None:
                packed = pack_layout(row.layout)
                layout = self._database.execute("insert into layouts (packed) values (?)", (packed,)).lastrowid
                assert layout is not None
                self._layouts[row.layout] = layout
                size += len(packed)
            # A commit that failed may still have reached the disk: the same row again is no error.
            self._database.execute(
                f"insert into ticks ({TICK}) values (?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608 - column names of ours
                " on conflict (seq) do update set number = excluded.number, epoch = excluded.epoch",
                (row.seq, row.epoch, row.number, row.boot_id, row.boottime, row.wall, row.events, row.raw, size, layout,
                 row.body),
            )  # fmt: skip
            self.rows += 1
            self.size += size

    def remove(self, condition: str, *values: object) -> int:
        """Within a transaction: delete ticks where ``condition``; how many there were."""
        count, size = self._counted(condition, values)
        if count:
            self._database.execute(f"delete from ticks where {condition}", values)  # noqa: S608 - conditions of ours
            self.rows -= count
            self.size -= size
            self._sweep()
        return count

    def refuse(self, epoch: str, first: int, last: int, status: int, detail: str, *, most: int) -> None:
        """Within a transaction: move ticks to ``refused``, of which the newest ``most`` rows are kept."""
        run = self._database.execute
        run(
            f"insert or replace into refused select {TICK}, ?, ? from ticks"  # noqa: S608 - column names of ours
            " where epoch = ? and number between ? and ?",
            (status, detail, epoch, first, last),
        )
        self.remove("epoch = ? and number between ? and ?", epoch, first, last)
        run("delete from refused where seq not in (select seq from refused order by seq desc limit ?)", (most,))

    def renumber(self, epoch: str, new: str, less: int) -> None:
        """Within a transaction."""
        self._database.execute("update ticks set epoch = ?, number = number - ? where epoch = ?", (new, less, epoch))

    def heads(self, after_seq: int, limit: int) -> list[Head]:
        """The oldest waiting rows after ``after_seq``."""
        with _told_damage(self._path):
            found = self._database.execute(
                "select seq, epoch, number, boot_id, boottime, wall, size from ticks"
                " where seq > ? order by seq limit ?",
                (after_seq, limit),
            )
            return [Head(*columns) for columns in found]

    def last_seq(self, epoch: str, position: int) -> int | None:
        """Place of the last row of ``epoch`` up to number ``position``."""
        with _told_damage(self._path):
            found = self._database.execute(
                "select seq from ticks where epoch = ? and number <= ? order by number desc limit 1", (epoch, position)
            ).fetchone()
        return None if found is None else int(found[0])

    def first_number(self, epoch: str) -> int | None:
        """Of the oldest row of ``epoch``."""
        with _told_damage(self._path):
            found = self._database.execute("select min(number) from ticks where epoch = ?", (epoch,)).fetchone()[0]
        return None if found is None else int(found)

    def count(self, condition: str, *values: object) -> tuple[int, int]:
        """(rows, bytes) where ``condition``."""
        with _told_damage(self._path):
            return self._counted(condition, values)

    def read(self, after_seq: int, limit: int) -> Iterator[StoredTick | tuple[Head, DamagedTick]]:
        """Waiting rows, oldest first, of one epoch; of a row whose layout is damaged, head and damage."""
        with _told_damage(self._path):
            found = self._database.execute(
                f"select {TICK.replace('body', 'cast(body as blob)')} from ticks"  # noqa: S608 - column names of ours
                " where seq > ? order by seq limit ?",
                (after_seq, limit),
            )
            for seq, epoch, number, boot_id, boottime, wall, events, raw, size, layout, body in found:
                try:
                    known = self._layout(layout)
                except DamagedTick as damage:
                    yield Head(seq, epoch, number, boot_id, boottime, wall, size), damage
                    continue
                yield StoredTick(seq, epoch, number, boot_id, boottime, wall, events, raw, known, body)

    def spans(self) -> list[Span]:
        with _told_damage(self._path):
            found = self._database.execute("select * from dropped order by before_seq, since_boottime").fetchall()
        return [Span(before, epoch, Dropped(*columns)) for before, epoch, *columns in found]

    def put_spans(self, spans: Sequence[Span]) -> None:
        """Within a transaction: exactly these from now on."""
        self._database.execute("delete from dropped")
        for span in spans:
            told = span.dropped
            columns = (span.before_seq, span.epoch, told.first, told.last, told.boot_id, told.since_boottime,
                       told.until_boottime, told.since_wall, told.until_wall)  # fmt: skip
            self._database.execute("insert into dropped values (?,?,?,?,?,?,?,?,?)", columns)

    def meta(self) -> dict[str, str]:
        with _told_damage(self._path):
            return dict(self._database.execute("select key, value from meta").fetchall())

    def put_meta(self, words: dict[str, str]) -> None:
        """Within a transaction."""
        self._database.executemany("insert or replace into meta values (?, ?)", list(words.items()))

    def _counted(self, condition: str, values: Sequence[object]) -> tuple[int, int]:
        row = self._database.execute(
            f"select count(*), coalesce(sum(size), 0) from ticks where {condition}",  # noqa: S608 - conditions of ours
            values,
        ).fetchone()
        return int(row[0]), int(row[1])

    def _layout(self, number: int) -> Layout:
        layout = self._known.get(number)
        if layout is None:
            found = self._database.execute("select packed from layouts where id = ?", (number,)).fetchone()
            if found is None:
                raise DamagedTick(f"layout {number} is missing")
            layout = unpack_layout(found[0])
            if len(self._known) >= MOST_LAYOUTS:
                self._known.clear()
            self._known[number] = layout
        return layout

    def _sweep(self) -> None:
        """Layouts nobody uses any more go, and a large file gives pages back; only while few ticks wait."""
        if self.rows > 200:
            return
        count = self._database.execute("select count(*) from layouts").fetchone()[0]
        if count > MOST_LAYOUTS:
            self._database.execute(
                "delete from layouts where id not in (select layout from ticks union select layout from refused)"
            )
            self._layouts.clear()
            self._known.clear()
        if self._database.execute("pragma freelist_count").fetchone()[0] > 1024:
            self._database.execute("pragma incremental_vacuum(512)").fetchall()


@contextmanager
def _told_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        # A flipped bit may also make a text that is none; it has no code of its own.
        if (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF in DAMAGE_CODES or "decode to UTF-8" in str(error):
            raise ShelfDamaged(f"{path}: {error}") from error
        raise
