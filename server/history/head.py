"""The head: what was accepted and not sealed yet, as the matrices it came in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from server.series import SeriesRef

Matrix = NDArray[np.float64]
Rows = tuple[Sequence[int], Matrix]  # stored ms of each row, rows × series

GROUP_COLUMN_BYTES = 250  # of a list of series: names, their tuple, its place in the index, its number
ROW_OVERHEAD_BYTES = 400  # of a block of one row: its tuple, its times, the view, the bytes below it


class Group:
    """All matrices of one device with the same list of series. ``numbers`` are those of its columns."""

    __slots__ = ("device_no", "numbers", "rows", "series")

    def __init__(self, device_no: str, series: SeriesRef, numbers: NDArray[np.int32]) -> None:
        self.device_no = device_no
        self.series = series
        self.numbers = numbers
        self.rows: list[Rows] = []

    def column(self, column: int) -> tuple[NDArray[np.int64], Matrix]:
        """(ms, values) of one series, as they came."""
        rows = self.rows[:]
        times = np.array([ms for times, _ in rows for ms in times], dtype=np.int64)
        return times, np.concatenate([matrix[:, column] for _, matrix in rows])

    def matrix(self) -> tuple[NDArray[np.int64], Matrix]:
        """(ms, rows × series), sorted by time."""
        rows = self.rows[:]
        times = np.array([ms for times, _ in rows for ms in times], dtype=np.int64)
        matrix = np.concatenate([matrix for _, matrix in rows])
        if (times[1:] < times[:-1]).any():
            order = np.argsort(times, kind="stable")
            return times[order], matrix[order]
        return times, matrix


class Head:
    """One thread appends; others may read at the same time (a group's rows only grow)."""

    def __init__(self) -> None:
        self.groups: dict[tuple[str, SeriesRef], Group] = {}
        self._of_device: defaultdict[str, list[Group]] = defaultdict(list)
        self.samples = 0
        self.bytes = 0
        self.last_id = 0
        self.began: float | None = None  # monotonic

    def add_group(self, group: Group) -> None:
        self.groups[group.device_no, group.series] = group
        self._of_device[group.device_no].append(group)
        self.bytes += ROW_OVERHEAD_BYTES + GROUP_COLUMN_BYTES * len(group.series)

    def add_rows(self, group: Group, times: Sequence[int], matrix: Matrix) -> None:
        group.rows.append((times, matrix))
        self.samples += matrix.size
        self.bytes += matrix.nbytes + ROW_OVERHEAD_BYTES

    def of_device(self, device_no: str) -> list[Group]:
        return list(self._of_device.get(device_no, ()))
