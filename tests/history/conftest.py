"""A history on disk with records of its own, and arrivals made without an inbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import create_engine
from sqlmodel import Session, SQLModel

from readings.model import GAP_FLOATS, Gap
from readings.wire import Batch, Block, SourceGap, Tick, pack_series
from server.history import History
from server.history.sealer import Bounds, Sealer
from server.history.tables import HistoryCursor, Segment, SeriesRow
from server.inbox.arrival import Arrival, Sender
from server.inbox.offsets import Resolved
from server.inbox.reception import arrival

TABLES = [SQLModel.metadata.tables[table.__tablename__] for table in (SeriesRow, Segment, HistoryCursor)]
BY_HAND = Bounds(seconds=1e9, samples=10**12)


class Ledger:
    """Records with the tables of the history alone. ``trouble`` makes the next writing fail."""

    def __init__(self, file: Path) -> None:
        self.engine = create_engine(f"sqlite:///{file}")
        SQLModel.metadata.create_all(self.engine, tables=TABLES)
        self.trouble: Exception | None = None

    @contextmanager
    def session(self) -> Iterator[Session]:
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with Session(self.engine) as session:
            yield session
            if self.trouble is not None:
                raise self.trouble
            session.commit()


class Archive:
    """A history that can be crashed: ``crash`` opens it anew from what is on disk, ``feed`` gives what it lacks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = Ledger(folder / "records.db")
        self.history = self.open()
        self.sent: list[Arrival] = []

    def open(self) -> History:
        return History(Sealer(self.folder / "history", self.ledger, BY_HAND))  # no thread: seals come by hand

    def feed(self, *arrivals: Arrival) -> None:
        self.sent += arrivals
        self.history.apply(arrivals)

    def crash(self) -> None:
        """What was not sealed comes again from the inbox."""
        self.history._sealer.stop()
        self.history = self.open()
        self.history.apply([arrival for arrival in self.sent if arrival.id > self.history.cursor()])

    def close(self) -> None:
        self.history._sealer.stop()
        self.ledger.engine.dispose()


Row = tuple[int, Sequence[float | Gap]]  # ms, values


def said(
    number: int,
    rows: Sequence[Row],
    series: Sequence[tuple[str, str]] = (("load1", ""),),
    device_no: str = "A-1",
    source: str = "load",
    failed: Sequence[tuple[int, str, Gap]] = (),
) -> Arrival:
    """An arrival with one block. ``failed``: (ms, source, gap) of sources that gave nothing at further ticks."""
    times = sorted({ms for ms, _ in rows} | {ms for ms, _, _ in failed})
    ticks = [Tick(index + 1, 0, ms * 10**6, ms * 10**6) for index, ms in enumerate(times)]
    values = [[GAP_FLOATS[v] if isinstance(v, Gap) else float(v) for v in row] for _, row in rows]
    blocks = []
    if rows:
        places = [times.index(ms) for ms, _ in rows]

        blocks = [Block("", source, places, pack_series(series), np.array(values, dtype="<f8").tobytes())]
    gaps = [SourceGap("", name, [times.index(ms)], int(gap)) for ms, name, gap in failed]
    batch = Batch(["boot"], ticks, blocks, gaps)
    sender = Sender(f"agent of {device_no}", device_no)
    return arrival(number, sender, "epoch", times[-1], batch=batch, newest=None, at=Resolved([0], [], inferred=False))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    archive = Archive(tmp_path)
    yield archive
    archive.close()


@pytest.fixture(name="said")
def _said() -> object:
    return said
