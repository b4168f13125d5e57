"""The heads and the thread that seals them: the one being filled, the one being sealed, and how far all is durable."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb
from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, SQLModel, select

from server.history.head import Head
from server.history.numbering import Numbering
from server.history.sealing import flatten, write_segment
from server.history.segments import Segments
from server.history.tables import HistoryCursor, Segment, SeriesRow

log = logging.getLogger(__name__)

CURSOR = "history"
RETRY_S = 5.0
SERIES_TABLE = SQLModel.metadata.tables["history_series"]


class RecordsPort(Protocol):
    """What the history needs of the records."""

    def session(self) -> AbstractContextManager[Session]: ...

    def writing(self) -> AbstractContextManager[Session]: ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a head is sealed, and how large it may grow while an older one cannot be."""

    seconds: float = 600.0
    samples: int = 5_000_000
    head_bytes: int = 192 * 2**20


class Sealer:
    """One thread fills, readers take ``snapshot``; after ``start`` a thread of its own seals when it is time."""

    def __init__(self, folder: Path, records: RecordsPort, bounds: Bounds) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._records = records
        self._bounds = bounds
        with records.session() as session:
            self.numbering = Numbering(session.exec(select(SeriesRow)).all())
            self.segments = Segments(folder, session.exec(select(Segment)).all())
            cursor = session.get(HistoryCursor, CURSOR)
        self.durable_id = cursor.arrival if cursor is not None else 0
        self.head = Head()
        self.head.last_id = self.durable_id
        self._frozen: Head | None = None
        self._changing = threading.Lock()  # guards which heads and segments there are
        self._sealing = threading.Lock()  # one seal at a time
        self._due = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.trouble: str | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="history-sealer", daemon=True)
        self._thread.start()

    def snapshot(self) -> tuple[tuple[Segment, ...], Sequence[Head]]:
        """Every sample once: the segments, and the heads that are not among them."""
        with self._changing:
            frozen = self._frozen
            return self.segments.listed, (self.head,) if frozen is None else (frozen, self.head)

    @contextmanager
    def filling(self) -> Iterator[Head]:
        """The head to append to, which no seal takes away meanwhile; begins a seal when it is time."""
        with self._changing:
            head = self.head
            yield head
            if head.began is None:
                head.began = time.monotonic()
                self._due.set()  # so that its age is watched from here on
            if self._large(head):
                self._due.set()

    def crowded(self) -> bool:
        """No room in memory until a seal succeeds."""
        return self._frozen is not None and self.head.bytes > self._bounds.head_bytes

    def _large(self, head: Head) -> bool:
        # Of rows without samples, and of lists of series met only once, memory fills long before samples count.
        return head.samples >= self._bounds.samples or head.bytes >= self._bounds.head_bytes

    def seal(self) -> None:
        """Make everything appended so far durable now. Raises OSError, duckdb.Error or SQLAlchemyError; all is kept."""
        with self._sealing:
            for head in self._to_seal():
                self._seal(head)

    def _to_seal(self) -> Iterator[Head]:
        if self._frozen is not None:
            yield self._frozen
        with self._changing:
            if self.head.last_id > self.durable_id:
                self._frozen, self.head = self.head, Head()
                self.head.last_id = self._frozen.last_id
        if self._frozen is not None:
            yield self._frozen

    def _seal(self, head: Head) -> None:
        segment = None
        if head.samples:
            segment = write_segment(self._folder, f"{head.last_id:015d}.parquet", flatten(head))
        rows = self.numbering.unsaved()
        count = len(rows)
        with self._records.writing() as session:
            if rows:  # a new fleet brings tens of thousands: past the ORM, which takes seconds for them
                session.connection().execute(insert(SERIES_TABLE), rows)
            if segment is not None:
                session.add(Segment(**segment.model_dump()))
            session.merge(HistoryCursor(name=CURSOR, arrival=head.last_id))
        self.numbering.saved(count)
        with self._changing:
            if segment is not None:
                self.segments.add(segment)
            self._frozen = None
        self.durable_id = head.last_id
        self.trouble = None

    def _run(self) -> None:
        while not self._stopping:
            self._due.wait(self._seconds_left())
            if self._stopping:
                return
            self._due.clear()
            if self._seconds_left() > 0 and not self._large(self.head) and self._frozen is None:
                continue
            try:
                self.seal()
            except (OSError, duckdb.Error, SQLAlchemyError) as error:
                self.trouble = f"history: sealing into {self._folder}: {error}"
                log.warning("%s; again in %g s", self.trouble, RETRY_S)
                self._due.wait(RETRY_S)

    def _seconds_left(self) -> float:
        if self._frozen is not None:
            return 0.0
        began = self.head.began
        left = self._bounds.seconds if began is None else began + self._bounds.seconds - time.monotonic()
        return min(max(left, 0.0), 60.0) if began is not None else 60.0

    def stop(self) -> None:
        """End the thread after the seal under way; what is not sealed is still in the inbox."""
        self._stopping = True
        self._due.set()
        if self._thread is not None:
            self._thread.join()
        self.segments.close()
