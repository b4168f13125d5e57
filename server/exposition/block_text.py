"""The lines of one source of one device, formatted again only where a value changed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from readings.catalogue import Metric
from server.exposition.names import escaped, name_in, part_label, written
from server.series import SeriesRef

Pair = tuple[str, str]


class BlockText:
    """``texts``: metric → its lines. Series in ``besides`` are told by another source of the device already."""

    def __init__(
        self, device_no: str, series: SeriesRef, catalogue: Mapping[str, Metric], besides: frozenset[Pair]
    ) -> None:
        self.series = series
        self.texts: dict[str, str] = {}
        self._prefixes: list[str] = []
        self._columns: dict[str, list[int]] = {}
        self._metrics: list[str] = []
        device = escaped(device_no)
        for column, pair in enumerate(series.series):
            metric, part = pair
            label = f',{part_label(catalogue.get(metric))}="{escaped(part)}"' if part else ""
            self._prefixes.append(f'{name_in(metric, catalogue)}{{device="{device}"{label}}} ')
            self._metrics.append(metric)
            if pair not in besides:
                self._columns.setdefault(metric, []).append(column)
        self._told = {column for columns in self._columns.values() for column in columns}
        self._lines = [""] * len(series)
        self._bits: NDArray[np.int64] | None = None
        self._values: NDArray[np.float64] | None = None

    def show(self, values: NDArray[np.float64]) -> None:
        """Take the newest values; a gap has no line."""
        if values is self._values:
            return
        self._values = values
        bits = values.view(np.int64)
        # By bits: 0.0 and -0.0 differ, a NaN is itself.
        changed = list(range(len(values))) if self._bits is None else np.flatnonzero(bits != self._bits).tolist()
        self._bits = bits
        numbers = values[changed].tolist()
        touched: set[str] = set()
        for column, number in zip(changed, numbers, strict=True):
            if column in self._told:
                known = number == number  # noqa: PLR0124 - NaN alone differs from itself: the fast way
                self._lines[column] = f"{self._prefixes[column]}{written(number)}\n" if known else ""
                touched.add(self._metrics[column])
        for metric in touched:
            self.texts[metric] = "".join([self._lines[column] for column in self._columns[metric]])
