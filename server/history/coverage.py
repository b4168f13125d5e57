"""How much of a span was watched: slots of a minute, each filled by at least one tick of the device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readings.model import Gap

SLOT_MS = 60_000
BLIND = Gap.BLIND.word


@dataclass(frozen=True, slots=True)
class CoverageGap:
    """Slots without a tick, start ≤ t < end. ``source`` "" means the device as a whole."""

    start_ms: int
    end_ms: int
    reason: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    slots: int
    filled: int
    gaps: list[CoverageGap]

    @property
    def ratio(self) -> float:
        return self.filled / self.slots if self.slots else 0.0


# (device_no, start ms, end ms) -> what somebody said was missing then, and why
KnownGaps = Callable[[str, int, int], Iterable[CoverageGap]]


def coverage(
    ticks: NDArray[np.int64], start_ms: int, end_ms: int, known: Sequence[CoverageGap], first_tick_ms: int | None
) -> Coverage:
    """Slots are whole minutes UTC that begin in the span. Before the device's first tick ever the reason is
    not_offered; where nobody said why, the device was unreachable.
    """
    first, end = -(-start_ms // SLOT_MS), -(-end_ms // SLOT_MS)
    slots = max(0, end - first)
    filled = np.zeros(slots, np.bool_)
    places = ticks // SLOT_MS - first
    filled[places[(places >= 0) & (places < slots)]] = True
    edges = np.flatnonzero(np.diff(np.concatenate(([True], filled, [True])).astype(np.int8)))
    gaps: list[CoverageGap] = []
    for begin, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        gaps += _explained((first + begin) * SLOT_MS, (first + stop) * SLOT_MS, known, first_tick_ms)
    return Coverage(slots, int(filled.sum()), gaps)


def _explained(
    start_ms: int, end_ms: int, known: Sequence[CoverageGap], first_tick_ms: int | None
) -> list[CoverageGap]:
    """One hole with the reason that covers most of it; split where the device begins to exist."""
    if first_tick_ms is None or end_ms <= first_tick_ms:
        return [CoverageGap(start_ms, end_ms, Gap.NOT_OFFERED.word)]
    begins = first_tick_ms // SLOT_MS * SLOT_MS
    if start_ms < begins < end_ms:
        return [
            CoverageGap(start_ms, begins, Gap.NOT_OFFERED.word),
            *_explained(begins, end_ms, known, first_tick_ms),
        ]
    shared: dict[tuple[str, str], int] = {}
    for gap in known:
        together = min(end_ms, gap.end_ms) - max(start_ms, gap.start_ms)
        if together > 0:
            shared[gap.reason, gap.source] = shared.get((gap.reason, gap.source), 0) + together
    if 2 * shared.get((BLIND, ""), 0) < end_ms - start_ms:
        shared.pop((BLIND, ""), None)  # the centre was away for a moment of it: that is not why
    reason, source = max(shared, key=lambda key: shared[key], default=(Gap.UNREACHABLE.word, ""))
    return [CoverageGap(start_ms, end_ms, reason, source)]
