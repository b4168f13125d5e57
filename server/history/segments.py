"""The sealed segments, read by DuckDB: nothing durable is in a DuckDB file."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from server.history.tables import Segment

log = logging.getLogger(__name__)

READ_MEMORY = "256MB"

SegmentPoints = tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64], NDArray[np.uint8]]


class Segments:
    """Files of ``folder`` as the records list them. ``missing`` names those that are not as they were sealed."""

    def __init__(self, folder: Path, recorded: Sequence[Segment]) -> None:
        self._folder = folder
        self.missing: list[str] = []
        known = {segment.file for segment in recorded}
        for stray in folder.iterdir():
            # Sealing records a file last: what is not recorded was never finished, its batches are still in the inbox.
            if stray.name not in known and stray.suffix in {".parquet", ".tmp"}:
                stray.unlink()
                log.info("history: removed %s, left over by a seal that did not finish", stray)
        self.listed: tuple[Segment, ...] = tuple(segment for segment in recorded if self._whole(segment))
        self._connection = duckdb.connect(
            ":memory:", config={"threads": 2, "memory_limit": READ_MEMORY, "temp_directory": str(folder / "spill")}
        )
        self._connection.execute("set parquet_metadata_cache=true")
        self._of_thread = threading.local()

    def _whole(self, segment: Segment) -> bool:
        file = self._folder / segment.file
        size = file.stat().st_size if file.is_file() else None
        if size != segment.size:
            self.missing.append(segment.file)
            log.error("history: segment %s has %s bytes, %d were sealed", file, size, segment.size)
        return size == segment.size

    def add(self, segment: Segment) -> None:
        self.listed = (*self.listed, segment)

    def read(
        self, listed: Sequence[Segment], numbers: Sequence[int], start_ms: int, end_ms: int
    ) -> SegmentPoints | None:
        """(series, ms, value, gap code) of these series with start ≤ t < end, file by file; None: no file has any."""
        low, high = min(numbers), max(numbers)
        files = [
            str(self._folder / segment.file)
            for segment in listed
            if segment.max_ms >= start_ms
            and segment.min_ms < end_ms
            and segment.max_series >= low
            and segment.min_series <= high
        ]
        if not files:
            return None
        which = "series = ?" if low == high else "series between ? and ? and series in (select unnest(?))"
        chosen: list[object] = [low] if low == high else [low, high, list(numbers)]
        found = (
            self._cursor()
            .execute(
                f"select series, t, value, gap from read_parquet(?) where {which} and t >= ? and t < ?",  # noqa: S608 - fixed words
                [files, *chosen, start_ms, end_ms],
            )
            .fetchnumpy()
        )
        value = np.ma.filled(found["value"], np.nan)
        return np.asarray(found["series"]), np.asarray(found["t"]), value, np.asarray(found["gap"])

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._of_thread, "cursor", None)
        if cursor is None:
            cursor = self._of_thread.cursor = self._connection.cursor()
        return cursor

    def close(self) -> None:
        self._connection.close()
