"""A head becomes a Parquet segment: sorted, written, on disk, before anything is told about it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from readings.model import Gap
from server.history.head import Group, Head
from server.history.tables import Segment

ROW_GROUP_ROWS = 122_880
SEAL_MEMORY = "512MB"


@dataclass(slots=True)
class Columns:
    """One entry a sample, sorted by series, then time. ``gap`` is 0 where ``value`` is a number."""

    series: NDArray[np.int32]
    t: NDArray[np.int64]
    value: NDArray[np.float64]
    gap: NDArray[np.uint8]


def flatten(head: Head) -> Columns:
    """All samples of the head in the order of a segment."""
    groups = [group for group in head.groups.values() if group.rows and len(group.series)]
    groups.sort(key=lambda group: int(group.numbers[0]))  # mostly in order then, and nothing is left to sort
    matrices = [group.matrix() for group in groups]
    total = sum(matrix.size for _, matrix in matrices)
    series, t, value = np.empty(total, np.int32), np.empty(total, np.int64), np.empty(total, np.float64)
    at = 0
    for group, (times, matrix) in zip(groups, matrices, strict=True):
        end = at + matrix.size
        series[at:end] = np.repeat(group.numbers, len(times))
        t[at:end] = np.tile(times, len(group.numbers))
        value[at:end].reshape(matrix.shape[::-1])[...] = matrix.T
        at = end
    order = _order(groups, [len(times) for times, _ in matrices], series, t)
    if order is not None:
        series, t, value = series[order], t[order], value[order]
    return Columns(series, t, value, gap_codes(value))


def gap_codes(value: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The reason inside each NaN, 0 for a number; an infinity becomes an unreadable NaN in place.

    The database forgets what a NaN carries, so it is read out here.
    """
    codes = np.zeros(len(value), np.uint8)
    holes = ~np.isfinite(value)
    if holes.any():
        value[np.isinf(value)] = np.nan
        carried = (np.ascontiguousarray(value[holes], dtype="<f8").view("<u8") & 0xFF).astype(np.uint8)
        known = np.isin(carried, np.array([int(gap) for gap in Gap], dtype=np.uint8))
        codes[holes] = np.where(known, carried, np.uint8(Gap.UNREADABLE))
    return codes


def _order(
    groups: list[Group], ticks: list[int], series: NDArray[np.int32], t: NDArray[np.int64]
) -> NDArray[np.intp] | None:
    """What to take in which order, None when all lies well already.

    Each column of a group is a run sorted by time: only the runs are put in order, where that is enough.
    """
    if not groups:
        return None
    lengths = np.concatenate([np.full(len(g.numbers), n, np.intp) for g, n in zip(groups, ticks, strict=True)])
    starts = np.cumsum(lengths) - lengths
    heads = series[starts]
    if (heads[1:] > heads[:-1]).all():
        return None
    runs = np.lexsort((t[starts], heads))
    begins, sizes = starts[runs], lengths[runs]
    into = np.cumsum(sizes) - sizes
    order = np.repeat(begins - into, sizes) + np.arange(len(series), dtype=np.intp)
    ordered, times = series[order], t[order]
    if ((ordered[1:] == ordered[:-1]) & (times[1:] < times[:-1])).any():
        return np.lexsort((t, series))  # one series in two groups with times between each other
    return order


def write_segment(folder: Path, name: str, columns: Columns) -> Segment:
    """Write, fsync, rename, fsync the folder. Raises OSError or duckdb.Error; a rest ends as an orphan."""
    path, unfinished = folder / name, folder / f"{name}.tmp"
    rows_ = {"series": columns.series, "t": columns.t, "value": columns.value, "gap": columns.gap}
    with duckdb.connect(":memory:", config={"threads": 1, "memory_limit": SEAL_MEMORY}) as connection:
        target = str(unfinished).replace("'", "''")
        connection.execute(
            f"copy (select series, t, value, gap from rows_) to '{target}' "  # noqa: S608 - our own path, quoted
            f"(format parquet, compression zstd, parquet_version v2, row_group_size {ROW_GROUP_ROWS})"
        ).fetchall()  # this DuckDB writes only when the result is asked for
    del rows_
    with unfinished.open("rb") as written:
        os.fsync(written.fileno())
        digest = hashlib.file_digest(written, "sha256").hexdigest()
        size = written.tell()
    unfinished.replace(path)
    sync_folder(folder)
    return Segment(
        file=name,
        sha256=digest,
        size=size,
        samples=len(columns.series),
        min_ms=int(columns.t.min()),
        max_ms=int(columns.t.max()),
        min_series=int(columns.series[0]),
        max_series=int(columns.series[-1]),
    )


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
