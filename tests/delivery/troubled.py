"""A sender to which everything happens: kills, cuts, disks that fail, clocks that are set, a centre that refuses."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from readings.delivery.shelf import Shelf
from readings.delivery.spool import Spool
from readings.delivery.uplink import Uplink
from tests.delivery.model import Centre, Clock, copy_spool, tick

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
HOUR = 3600 * 10**9
READABLE, UNREADABLE = "read-only", "read-only, and what it holds cannot be read either"


@dataclass
class Taken:
    """A tick the spool accepted."""

    serial: int
    boot_id: str
    boottime: int
    durable: bool


class TroubledSender(RuleBasedStateMachine):
    """A sender and its centre; ``owed`` is what must have arrived, or be told as dropped, once all is quiet."""

    @initialize(max_bytes=strategies.sampled_from([10_000, 10**9]), limit_ticks=strategies.sampled_from([1, 3, 1000]))
    def begin(self, max_bytes: int, limit_ticks: int) -> None:
        self.top = Path(tempfile.mkdtemp(prefix="delivery-", dir=MEMORY))
        self.max_bytes, self.limit_ticks = max_bytes, limit_ticks
        self.clock = Clock()
        self.centre = Centre(self.clock)
        self.serial = self.places = self.epochs = 0
        self.owed: dict[int, Taken] = {}
        self.copied: tuple[Path, set[int]] | None = None
        self.shared: set[str] = set()
        self.path = self.top / "0" / "spool.db"
        self.path.parent.mkdir()
        self.full = False
        self.read_only = ""
        self.hidden = False
        self.connected = sqlite3.connect
        sqlite3.connect = self.connect  # type: ignore[assignment]  # put back at the end
        self.open()

    def connect(self, path: Path, **options: Any) -> sqlite3.Connection:
        """As the disk is now. A read-only one may still give what it holds, or, without SQLite's -shm, nothing."""
        if self.read_only == UNREADABLE:
            raise sqlite3.OperationalError("unable to open database file")
        database: sqlite3.Connection = self.connected(path, **options)
        if self.read_only:
            database.execute("pragma query_only = on")
        return database

    def new_epoch(self) -> str:
        self.epochs += 1
        return f"epoch-{self.epochs}"

    def open(self) -> None:
        self.hidden |= bool(self.read_only)  # what the file holds comes after what is read meanwhile
        self.spool = Spool(
            self.path, max_bytes=self.max_bytes, max_memory_bytes=self.max_bytes, new_epoch=self.new_epoch
        )
        self.fresh_uplink()

    def fresh_uplink(self) -> None:
        self.uplink = Uplink(self.spool, self.centre.post, self.clock, jitter=lambda: 0.5, limit_ticks=self.limit_ticks)

    @rule(ticks=strategies.integers(1, 12), filling=strategies.sampled_from([0, 0, 400, 3000]))
    def append(self, ticks: int, filling: int) -> None:
        for _ in range(ticks):
            self.serial += 1
            self.clock.run(15)
            at = self.clock()
            position = self.spool.append(tick(self.clock, self.serial, random.Random(self.serial).randbytes(filling)))
            assert position.durable or self.full or self.read_only
            self.owed[self.serial] = Taken(self.serial, at.boot_id, at.boottime_ns, position.durable)
            if position.durable:
                for earlier in self.owed.values():
                    earlier.durable = True

    @rule(steps=strategies.integers(1, 4))
    def send(self, steps: int) -> None:
        for _ in range(steps):
            self.uplink.step()

    @rule(
        trouble=strategies.sampled_from(
            ["request lost", "answer lost", "answer lost", "a proxy's page", 500, 503, 401, 400, 422, 413]
        )
    )
    def send_into_trouble(self, trouble: str | int) -> None:
        self.centre.next_trouble = trouble
        assert self.uplink.step() >= 0

    @rule(most=strategies.sampled_from([1, 2, 10_000]))
    def the_centre_takes_smaller_batches(self, most: int) -> None:
        self.centre.most_ticks = most

    @rule(away=strategies.booleans())
    def the_centre_is_away(self, away: bool) -> None:
        self.centre.away = away

    @rule()
    def another_sender_uses_our_epoch(self) -> None:
        self.shared.add(self.spool.epoch)
        position = self.centre.positions.get(self.spool.epoch, 0)
        self.centre.positions[self.spool.epoch] = position + 2
        self.centre.held += [(self.spool.epoch, position + 1, -1), (self.spool.epoch, position + 2, -1)]

    @rule(hours=strategies.sampled_from([-24, -1, 1, 24]))
    def the_clock_is_set(self, hours: int) -> None:
        self.clock.ahead += hours * HOUR

    @rule(reboot=strategies.booleans())
    def kill(self, reboot: bool) -> None:
        self.go_on_from(self.path)
        for serial, taken in list(self.owed.items()):
            if not taken.durable:
                del self.owed[serial]
        if reboot:
            self.clock.reboot()
        self.open()

    def forgive_shared_epoch(self) -> None:
        """Copied in mid-run, and stopped before it asked the centre again: nobody can tell whose numbers those are."""
        if self.spool.epoch in self.shared:
            held = set(self.centre.taken())
            self.owed = {serial: taken for serial, taken in self.owed.items() if serial in held}

    def go_on_from(self, path: Path) -> None:
        """The process is gone; its files (or others) are what is found by the next. The disk is as it was."""
        self.forgive_shared_epoch()
        self.places += 1
        new = self.top / str(self.places) / "spool.db"
        copy_spool(path, new)
        read_only = self.read_only
        self.writable()
        self.spool.close()
        self.path, self.read_only = new, read_only

    @rule()
    def stop_and_start(self) -> None:
        self.forgive_shared_epoch()
        self.writable()
        self.spool.close()
        self.open()

    @rule()
    def copy(self) -> None:
        place = self.top / "copy" / "spool.db"
        copy_spool(self.path, place)
        self.copied = (place, {serial for serial, taken in self.owed.items() if taken.durable})

    # A copy from before its ticks were renumbered is beyond what numbers can tell: two rare troubles in one.
    @precondition(lambda self: self.copied is not None and not self.shared)
    @rule()
    def put_the_copy_back(self) -> None:
        assert self.copied is not None
        place, then = self.copied
        held = set(self.centre.taken())
        self.go_on_from(place)
        self.owed = {serial: taken for serial, taken in self.owed.items() if serial in then | held}
        self.open()

    @precondition(lambda self: not self.full)
    @rule()
    def the_disk_is_full(self) -> None:
        self.full = True
        pragma(self.spool, "max_page_count = 1")

    @rule(how=strategies.sampled_from([READABLE, UNREADABLE]))
    def the_disk_turns_read_only(self, how: str) -> None:
        self.read_only = how
        pragma(self.spool, "query_only = on")

    @rule()
    def writable(self) -> None:
        self.full, self.read_only = False, ""
        pragma(self.spool, f"max_page_count = {2**30}")
        pragma(self.spool, "query_only = off")

    @invariant()
    def nothing_is_doubled_and_all_is_in_order(self) -> None:
        taken = self.centre.taken()
        assert len(taken) == len(set(taken))
        if not self.hidden:
            assert taken == sorted(taken)
        for epoch in {epoch for epoch, _, _ in self.centre.held}:
            numbers = [number for of, number, _ in self.centre.held if of == epoch]
            assert numbers == sorted(set(numbers))

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            sqlite3.connect = self.connected
            shutil.rmtree(self.top, ignore_errors=True)

    def send_all(self) -> None:
        for _ in range(400):
            self.uplink.step()
            if self.uplink.idle:
                return
        raise AssertionError(self.uplink.state)

    def settle(self) -> None:
        """No more trouble: all goes out; then every reading is there or told as dropped."""
        self.writable()
        self.centre.next_trouble, self.centre.away = "", False
        self.centre.most_ticks = 10_000
        for _ in range(2):  # a disk put right is found so by the next tick, and what was given up is told by another
            self.append(1, 0)
            self.send_all()
        self.nothing_is_doubled_and_all_is_in_order()
        held = set(self.centre.taken())
        for taken in self.owed.values():
            assert taken.serial in held or self.centre.told_dropped(taken.boot_id, taken.boottime), taken
        counters = self.spool.counters()
        assert (counters.waiting, counters.unwritten) == (0, 0)
        self.spool.close()


def pragma(spool: Spool, words: str) -> None:
    """SQLite's own limits answer as a disk does: below the present size a page count only stops growth."""
    shelf = spool._stock._shelf
    if isinstance(shelf, Shelf):
        try:
            shelf._database.execute(f"pragma {words}")
        except sqlite3.Error as error:
            raise AssertionError(error) from error
