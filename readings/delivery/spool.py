"""Ticks wait here until the centre has them: on disk before ``append`` returns, numbered, bounded, oldest first.

Every opening begins a new epoch, in which ticks are numbered from 1; ticks already there keep epoch and number. So a
spool file that was copied and put back is exact: the centre knows what it has of an old epoch, and what is read from
now on is in another. Where the disk cannot be written (full, read-only, gone) ticks wait in bounded memory and are
written as soon as it can; a damaged file is moved aside. All of this is told in an event of the next tick.

Safe for two threads: one appends, one sends.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from readings.delivery.bounds import Bounds
from readings.delivery.place import lock
from readings.delivery.runner import TakenTick
from readings.delivery.shelf import Head
from readings.delivery.stock import Row, Stock
from readings.delivery.tick import DamagedTick, StoredTick, layout_of, merge, pack_body
from readings.model import Event, Severity
from readings.wire import Receipt, pack_batch

log = logging.getLogger(__name__)

SPOOL = "spool"
MARK = "mark."
MOST_NOTICES = 100
MOST_EVENTS_PER_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Position:
    """Where a tick stands; ``durable`` False: in memory only, because the file cannot be written."""

    epoch: str
    number: int
    durable: bool


@dataclass(frozen=True, slots=True)
class Parcel:
    """A batch ready to be sent; the same ``payload`` goes again until it is answered."""

    epoch: str
    first: int
    last: int
    ticks: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Counters:
    """``waiting``, ``size_bytes`` and ``unwritten`` (in memory only) now; the others since this opening, in ticks."""

    waiting: int
    size_bytes: int
    unwritten: int
    appended: int
    dropped: int
    refused: int
    damaged_files: int


class Spool:
    """Opens (or begins) the spool file ``path``. Raises SpoolInUse, nothing else.

    ``max_bytes`` and ``max_age_s`` bound what waits (age in time the sender was up: a clock that jumps drops nothing),
    ``max_memory_bytes`` what waits in memory while the file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        *,
        max_bytes: int = 512 * 2**20,
        max_age_s: float = 30 * 86_400.0,
        max_memory_bytes: int = 8 * 2**20,
        interval_s: float = 15.0,
        new_epoch: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self.interval_s = interval_s
        self._new_epoch = new_epoch
        self._changed = threading.Condition(threading.RLock())
        self._notices: deque[Event] = deque(maxlen=MOST_NOTICES)
        self._number = self._appended = self._refused = 0
        self._newest: StoredTick | None = None
        self.epoch = new_epoch()
        self._lock = lock(path)
        self._stock = Stock(path, Bounds(max_bytes, int(max_age_s * 1e9), max_memory_bytes), self.tell)
        self._stock.write()

    def close(self) -> None:
        """What is in memory goes to the file if it can; the next opening begins another epoch."""
        with self._changed:
            self._stock.close()
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    # -- the runner's side

    def append(self, taken: TakenTick, marks: Mapping[str, str] | None = None) -> Position:
        """Keep a tick. On disk when this returns, unless ``durable`` is False. Never raises for the disk.

        ``marks`` are places in logs to go on from after a restart, by source: they reach the disk with the tick or
        not at all, so that what it holds is neither told twice nor left out.
        """
        with self._changed:
            events = [*taken.events, *(("", notice) for notice in self._notices)]
            self._notices.clear()
        raw, body = pack_body(replace(taken, events=events))
        layout, clocks = layout_of(taken), taken.clocks
        with self._changed:
            self._number += 1
            self._appended += 1
            self._newest = StoredTick(
                0,
                self.epoch,
                self._number,
                clocks.boot_id,
                clocks.boottime_ns,
                clocks.wall_ns,
                len(events),
                raw,
                layout,
                body,
            )
            self._stock.remember({f"{MARK}{source}": mark for source, mark in (marks or {}).items()})
            durable = self._stock.add(self._newest)
            self._changed.notify_all()
            return Position(self.epoch, self._number, durable)

    def marks(self) -> dict[str, str]:
        """Those of the last tick that reached the disk, as far as the file could be read."""
        with self._changed:
            words = self._stock.remembered()
        return {key.removeprefix(MARK): word for key, word in words.items() if key.startswith(MARK)}

    def tell(self, kind: str, severity: Severity, text: str) -> None:
        """An event of delivery itself: logged now, sent with the next tick."""
        log.log(logging.ERROR if severity <= Severity.ERROR else logging.WARNING, "%s", text)
        with self._changed:
            self._notices.append(Event(SPOOL, kind, severity, text))

    # -- the uplink's side; every method may raise SpoolBlocked

    def oldest_epoch(self) -> str | None:
        """The epoch whose turn it is; None: nothing waits."""
        with self._changed, self._stock.blocked():
            for row in self._stock.rows(1):
                return _head(row).epoch
        return None

    def batch(self, limit_ticks: int, limit_bytes: int) -> Parcel | None:
        """The oldest ticks of one epoch, at least one, ``limit_bytes`` before zstd; None when nothing waits.

        They are not dropped until the next call. Damaged rows found on the way are given up, and told.
        """
        while True:
            with self._changed, self._stock.blocked():
                rows, damaged = _pick(self._stock.rows(limit_ticks), limit_bytes)
                if rows:
                    self._stock.protect(rows[-1].seq)
            batch, torn = merge(rows, interval_s=self.interval_s)
            damaged += [(_head(row), why) for row, why in torn]
            with self._changed, self._stock.blocked():
                if damaged:
                    self._stock.give_up([head for head, _ in damaged])
                    text = f"{len(damaged)} damaged ticks given up: {damaged[0][1]}"
                    self.tell("spool_damaged", Severity.ERROR, text)
                    continue
                if not rows:
                    return None
                told = self._stock.waste.told_with(rows[0].epoch, rows[-1].seq)
            payload = pack_batch(msgspec.structs.replace(batch, dropped=told))
            return Parcel(rows[0].epoch, rows[0].number, rows[-1].number, len(rows), payload)

    def newest(self) -> tuple[str, int, bytes] | None:
        """(epoch, number, zstd of a one-tick batch) of the newest tick of this opening."""
        with self._changed:
            row = self._newest
        if row is None:
            return None
        batch, _ = merge([row], interval_s=self.interval_s)
        return row.epoch, row.number, pack_batch(batch)

    def acknowledge(self, epoch: str, position: int) -> int:
        """The centre holds ``epoch`` up to ``position``: those rows go. How many there were."""
        with self._changed, self._stock.blocked():
            return self._stock.take_off(epoch, position)

    def refuse(self, parcel: Parcel, status: int, detail: str) -> None:
        """Set the ticks of ``parcel`` aside: the centre will not take them."""
        with self._changed, self._stock.blocked():
            count = self._stock.refuse(parcel.epoch, parcel.first, parcel.last, status, detail)
            self._refused += count
            text = f"the centre refused ticks {parcel.first} to {parcel.last} of {parcel.epoch} ({status}): {detail}"
            self.tell("batch_refused", Severity.ERROR, text[:1000])

    def renumber(self, epoch: str) -> None:
        """Waiting ticks of ``epoch`` get a new epoch and numbers from 1: another sender has used the old ones."""
        with self._changed, self._stock.blocked():
            new = self._new_epoch()
            less = self._stock.renumber(epoch, new)
            if epoch == self.epoch:
                self.epoch = new
                self._number = 0 if less < 0 else self._number - less
                if self._newest is not None:
                    self._newest = msgspec.structs.replace(self._newest, epoch=new, number=self._number)
            self.tell("epoch_changed", Severity.NOTICE, f"epoch {epoch} is also used by another sender; now {new}")

    def remember(self, receipt: Receipt) -> None:
        """Keep what the centre last said of itself, as a witness."""
        with self._changed:
            self._stock.remember(
                {"configuration_revision": str(receipt.configuration_revision), "audit_head": receipt.audit_head}
            )

    def remembered(self) -> dict[str, str]:
        """``configuration_revision`` and ``audit_head`` of the last receipt."""
        with self._changed:
            return self._stock.remembered()

    def wait_for_tick(self, timeout_s: float) -> bool:
        """Until the next append, at most ``timeout_s``; at once when something waits. True: something does."""
        with self._changed:
            if not self._stock.counts()[0]:
                self._changed.wait(timeout_s)
            return self._stock.counts()[0] > 0

    def counters(self) -> Counters:
        with self._changed:
            waiting, size, unwritten = self._stock.counts()
            stock = self._stock
            return Counters(waiting, size, unwritten, self._appended, stock.dropped, self._refused, stock.damaged_files)


def _head(row: Row) -> Head:
    if isinstance(row, StoredTick):
        return Head(row.seq, row.epoch, row.number, row.boot_id, row.boottime, row.wall, row.size)
    return row[0]


def _pick(waiting: Iterator[Row], limit_bytes: int) -> tuple[list[StoredTick], list[tuple[Head, DamagedTick]]]:
    """Of the waiting rows those of the first epoch that fit into one batch, and the damaged ones before its end."""
    rows: list[StoredTick] = []
    damaged: list[tuple[Head, DamagedTick]] = []
    layouts: set[int] = set()
    size = events = 0
    for row in waiting:
        if not isinstance(row, StoredTick):
            damaged.append(row)
            continue
        size += row.raw
        events += row.events
        if id(row.layout) not in layouts:
            layouts.add(id(row.layout))
            size += sum(len(series) for _, _, series in row.layout)
        if rows and (row.epoch != rows[0].epoch or size > limit_bytes or events > MOST_EVENTS_PER_BATCH):
            break
        rows.append(row)
    return rows, damaged
