"""What a batch says, one source and tick at a time, in the order in which it was read."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from readings.model import Gap
from readings.wire import Batch
from server.inbox.arrival import Arrival, gap_of_code

NOT_MET = {Gap.UNREACHABLE, Gap.TIMED_OUT, Gap.BLIND}


class Asked(NamedTuple):
    """One source asked once: the values of its series (``row``), or the reason why it gave none (``row`` None)."""

    device_no: str
    source: str
    at_ms: int
    packed: bytes
    row: NDArray[np.float64] | None
    gap: Gap = Gap.UNREADABLE

    @property
    def heard(self) -> bool:
        """Whether the device itself was met: a collector also tells of those it did not reach."""
        return self.row is not None or self.gap not in NOT_MET


def ticks_of(arrival: Arrival, batch: Batch, times: Sequence[int]) -> list[Asked]:
    """``times``: stored ms of the batch's ticks. Ascending in time."""
    found: list[Asked] = []
    for block in batch.blocks:
        device_no = block.device or arrival.sender.device_no
        matrix = np.frombuffer(block.values, dtype="<f8")
        if len(block.ticks) == 1:
            found.append(Asked(device_no, block.source, times[block.ticks[0]], block.series, matrix))
            continue
        for tick, row in zip(block.ticks, matrix.reshape(len(block.ticks), -1), strict=True):
            found.append(Asked(device_no, block.source, times[tick], block.series, row))
    for gap in batch.gaps:
        device_no, reason = gap.device or arrival.sender.device_no, gap_of_code(gap.reason)
        found += [Asked(device_no, gap.source, times[tick], b"", None, reason) for tick in gap.ticks]
    if len(times) > 1:
        found.sort(key=attrgetter("at_ms"))
    return found
