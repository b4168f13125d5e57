"""The ticks that wait: in the file, and in memory while the file cannot be written. Bounded; the oldest go first.

A row's ``seq`` is its place among all, across epochs. Not for several threads at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from readings.delivery.bounds import Bounds
from readings.delivery.place import move_aside
from readings.delivery.shelf import Head, Shelf, ShelfDamaged, SpoolBlocked
from readings.delivery.tick import DamagedTick, StoredTick
from readings.delivery.waste import Waste
from readings.model import Severity

DELETE_AT_ONCE = 16  # taken ticks; fewer are deleted with the next append, which syncs anyway
MOST_REFUSED = 2_000  # ticks kept of what the centre refused
# SQLITE_BUSY, LOCKED, FULL: the open file is sound and will take the next write or the one after.
PASSING_CODES = {5, 6, 13}

Tell = Callable[[str, Severity, str], None]
Row = StoredTick | tuple[Head, DamagedTick]


class Stock:
    """The ticks waiting at ``path``. ``tell`` is told what people should know: kind, severity, sentence."""

    def __init__(self, path: Path, bounds: Bounds, tell: Tell) -> None:
        self._path = path
        self._bounds = bounds
        self._tell = tell
        self._shelf: Shelf | None = None
        self._reached = False  # the file was open in this process: what it holds is known
        self._trouble = ""
        self._oldest: Head | None = None
        self._newest: StoredTick | None = None
        self._done_seq = 0  # rows up to here were taken; they may still stand in the file
        self._done = (0, 0)  # how many do, and their bytes
        self._flight_seq = 0  # rows up to here are being sent and are not dropped
        self._seq = 0
        self._meta: dict[str, str] = {}
        self._meta_changed = False
        self.memory: list[StoredTick] = []
        self.waste = Waste()
        self.dropped = 0
        self.damaged_files = 0

    # -- the file

    def write(self) -> bool:
        """Everything in memory to the file, what is done or too much out of it. False: it cannot be written now."""
        for _ in range(2):
            try:
                shelf = self._reach()
                with self._change(shelf):
                    if self._done[0]:
                        shelf.remove("seq <= ?", self._done_seq)
                    shelf.put(self.memory)
                    self._drop_from(shelf)
                    if self._meta_changed:
                        shelf.put_meta(self._meta)
            except ShelfDamaged as damage:
                self._set_aside(damage)
                continue
            except (sqlite3.Error, OSError) as error:
                self._fail(error)
                return False
            self.memory.clear()
            self._done = (0, 0)
            self._meta_changed = False
            if self._trouble:
                self._tell("spool_written_again", Severity.NOTICE, f"{self._path}: can be written again")
                self._trouble = ""
            return True
        return False

    @contextmanager
    def _change(self, shelf: Shelf) -> Iterator[None]:
        """One transaction, and what was given up in it written down with it; all or nothing in memory too."""
        waste, dropped = self.waste.copy(), self.dropped
        try:
            with shelf.transaction():
                yield
                if self.waste.changed:
                    shelf.put_spans(self.waste.spans)
        except BaseException:
            self.waste, self.dropped = waste, dropped
            raise
        self.waste.changed = False

    def close(self) -> None:
        self.write()
        if self._shelf:
            self._shelf.close()
            self._shelf = None

    def _reach(self) -> Shelf:
        if self._shelf is None:
            shelf = Shelf(self._path)
            if not self._reached:
                # What waited in memory until now comes after all that the file already held.
                self.memory = [replace(row, seq=row.seq + shelf.newest_seq) for row in self.memory]
                self._flight_seq += shelf.newest_seq if self._flight_seq else 0
                self.waste.move(shelf.newest_seq)
                self.waste.spans[:0] = shelf.spans()
                self._seq += shelf.newest_seq
                self._meta = {**shelf.meta(), **self._meta}
                self._bounds.ages.saw_before(shelf.boots)
                self._reached = True
            self._seq = max(self._seq, shelf.newest_seq)
            self._done = shelf.count("seq <= ?", self._done_seq)
            self._shelf = shelf
        return self._shelf

    def _fail(self, error: Exception) -> None:
        if self._shelf and (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF not in PASSING_CODES:
            self._shelf.close()
            self._shelf = None
        if not self._trouble:
            text = f"{self._path}: cannot be used: {error}; ticks wait in memory and a kill would lose them"
            self._tell("spool_unwritable", Severity.ERROR, text)
        self._trouble = str(error) or type(error).__name__

    def _set_aside(self, damage: ShelfDamaged) -> None:
        known = self._reached and self._oldest is not None and self._newest is not None
        waiting = f"{self._shelf.rows - self._done[0]}" if self._shelf else "an unknown number of"
        if self._shelf:
            self._shelf.close()
            self._shelf = None
        aside = move_aside(self._path)
        self._meta_changed = True  # what is remembered goes into the new file
        self.damaged_files += 1
        text = f"{damage}; moved aside as {aside.name} with {waiting} ticks, a new one is begun"
        self._tell("spool_damaged", Severity.ERROR, text)
        self.waste.changed = True
        if known and self._oldest and self._newest:
            self.waste.add_lost_file(self._oldest, self._newest)
        self._oldest = None

    @contextmanager
    def blocked(self) -> Iterator[None]:
        """Errors of the file become SpoolBlocked; a damaged one is moved aside first."""
        try:
            yield
        except ShelfDamaged as damage:
            self._set_aside(damage)
            raise SpoolBlocked(str(damage)) from damage
        except (sqlite3.Error, OSError) as error:
            self._fail(error)
            raise SpoolBlocked(f"{self._path}: {error}") from error

    # -- rows in

    def add(self, row: StoredTick) -> bool:
        """Keep ``row`` (its ``seq`` is given here). False: in memory only."""
        self._seq += 1
        row = replace(row, seq=self._seq)
        self.memory.append(row)
        self._bounds.ages.see(row.boot_id, row.boottime)
        written = self.write()
        if written:
            self._newest = row
        else:
            self._bound_memory()
        return written

    def remember(self, words: dict[str, str]) -> None:
        """Kept in the file from its next write on."""
        if any(self._meta.get(key) != word for key, word in words.items()):
            self._meta.update(words)
            self._meta_changed = True

    def remembered(self) -> dict[str, str]:
        return dict(self._meta)

    # -- rows out

    def rows(self, limit: int) -> Iterator[Row]:
        """What waits, oldest first. Raises SpoolBlocked while the oldest stand in a file that cannot be opened."""
        last, count = self._done_seq, 0
        if self._shelf:
            for row in self._shelf.read(self._done_seq, limit):
                last = row.seq if isinstance(row, StoredTick) else row[0].seq
                count += 1
                yield row
        elif self._reached and self._oldest is not None:
            raise SpoolBlocked(f"{self._path}: {self._trouble}")
        # Only once the file has no more: a number that is passed over can never be sent again.
        yield from [row for row in self.memory if row.seq > last][: limit - count]

    def protect(self, seq: int) -> None:
        """Rows up to ``seq`` are on their way and are not dropped."""
        self._flight_seq = seq

    def take_off(self, epoch: str, position: int) -> int:
        """Rows of ``epoch`` up to number ``position`` are taken: how many. May raise what the file raises."""
        oldest = next(self.rows(1), None)
        if oldest is None:
            return 0
        in_turn = (oldest.epoch if isinstance(oldest, StoredTick) else oldest[0].epoch) == epoch
        count, seqs = 0, [row.seq for row in self.memory if row.epoch == epoch and row.number <= position]
        last = self._shelf.last_seq(epoch, position) if self._shelf else None
        if self._shelf and last is not None and last > self._done_seq:
            if in_turn:
                ticks, size = self._shelf.count("seq > ? and seq <= ?", self._done_seq, last)
                self._done = (self._done[0] + ticks, self._done[1] + size)
                self._done_seq = last
            else:
                with self._shelf.transaction():
                    ticks = self._shelf.remove("epoch = ? and number <= ?", epoch, position)
            count += ticks
            self.waste.answered(0 if in_turn else last - ticks + 1, last)
        if seqs:
            gone = set(seqs)
            self.memory = [row for row in self.memory if row.seq not in gone]
            self.waste.answered(0 if in_turn else seqs[0], seqs[-1])
        if self._done[0] >= DELETE_AT_ONCE:
            self.write()
        self._note_oldest()
        return count + len(seqs)

    def refuse(self, epoch: str, first: int, last: int, status: int, detail: str) -> int:
        """Set rows aside in the table ``refused``; told to the centre as given up. How many there were."""
        if not self.write() or self._shelf is None:
            raise SpoolBlocked(f"{self._path}: {self._trouble}")
        heads = [head for head in self._shelf.heads(self._done_seq, last - first + 1) if head.epoch == epoch]
        heads = [head for head in heads if first <= head.number <= last]
        with self._change(self._shelf):
            self._shelf.refuse(epoch, first, last, status, detail, most=MOST_REFUSED)
            for head in heads:
                self.waste.add(head)
        self._note_oldest()
        return len(heads)

    def give_up(self, heads: list[Head]) -> None:
        """Rows that cannot be read."""
        if not self.write() or self._shelf is None:
            raise SpoolBlocked(f"{self._path}: {self._trouble}")
        with self._change(self._shelf):
            for head in heads:
                self._shelf.remove("seq = ?", head.seq)
                self.waste.add(head)
            self.dropped += len(heads)
        self._note_oldest()

    def renumber(self, epoch: str, new: str) -> int:
        """Waiting rows of ``epoch`` go into the epoch ``new``, from 1 on; by how much their numbers fell."""
        if not self.write() and self._reached:
            raise SpoolBlocked(f"{self._path}: {self._trouble}")
        mine = [row.number for row in self.memory if row.epoch == epoch]
        if self._shelf:
            first = self._shelf.first_number(epoch)
            mine += [] if first is None else [first]
        less = min(mine, default=1) - 1
        if self._shelf:
            with self._shelf.transaction():
                self._shelf.renumber(epoch, new, less)
            self._note_oldest()
        self.memory = [
            replace(row, epoch=new, number=row.number - less) if row.epoch == epoch else row for row in self.memory
        ]
        return less if mine else -1

    # -- counts and bounds

    def counts(self) -> tuple[int, int, int]:
        """(ticks that wait, their bytes, of them in memory only)."""
        rows, size = len(self.memory), sum(row.size for row in self.memory)
        if self._shelf:
            rows, size = rows + self._shelf.rows - self._done[0], size + self._shelf.size - self._done[1]
        return rows, size, len(self.memory)

    def _note_oldest(self) -> None:
        self._oldest = next(iter(self._shelf.heads(self._done_seq, 1)), None) if self._shelf else None

    def _drop_from(self, shelf: Shelf) -> None:
        """Within a transaction: what is over the bounds goes, but never what is on its way or the newest."""
        oldest = None if self._trouble else self._oldest
        if oldest and oldest.seq > self._done_seq and self._bounds.hold(shelf.size, oldest):
            return
        after = max(self._flight_seq, self._done_seq)
        gone = self._bounds.over(shelf, after, self._seq)
        for head in gone:
            self.waste.add(head)
        if gone:
            self.dropped += len(gone)
            shelf.remove("seq > ? and seq <= ?", after, gone[-1].seq)
        self._note_oldest()

    def _bound_memory(self) -> None:
        self.memory, gone = self._bounds.over_in_memory(self.memory, self._flight_seq)
        for row in gone:
            self.waste.add(row)
        self.dropped += len(gone)
