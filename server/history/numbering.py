"""The number of each series: given at first sight, kept for good with the first segment that uses it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from server.history.tables import SeriesRow
from server.series import SeriesRef

Pair = tuple[str, str]  # metric, part
NewSeries = dict[str, int | str]  # the columns of SeriesRow


class Numbering:
    """Numbers count from 1. A number given but not saved is given anew after a crash: nothing durable names it."""

    def __init__(self, saved: Iterable[SeriesRow]) -> None:
        self._of_device: defaultdict[str, dict[Pair, int]] = defaultdict(dict)
        self._unsaved: list[NewSeries] = []
        self._last = 0
        for row in saved:
            self._of_device[row.device_no][row.metric, row.part] = row.id
            self._last = max(self._last, row.id)

    def numbers(self, device_no: str, series: SeriesRef) -> NDArray[np.int32]:
        """The number of each column, new ones given where needed (by the one thread that appends)."""
        known = self._of_device[device_no]
        numbers: list[int] = []
        for metric, part in series.series:
            number = known.get((metric, part))
            if number is None:
                self._last += 1
                number = known[metric, part] = self._last
                self._unsaved.append({"id": number, "device_no": device_no, "metric": metric, "part": part})
            numbers.append(number)
        return np.array(numbers, dtype=np.int32)

    def of_device(self, device_no: str) -> dict[Pair, int]:
        """(metric, part) → number; a copy."""
        return dict(self._of_device.get(device_no, {}))

    def unsaved(self) -> list[NewSeries]:
        """The rows of SeriesRow that the records lack; a copy."""
        return list(self._unsaved)

    def saved(self, rows: int) -> None:
        """The first ``rows`` of ``unsaved`` are in the records now."""
        del self._unsaved[:rows]
