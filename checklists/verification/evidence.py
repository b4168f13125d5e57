"""What a verification is judged by: everything the centre holds of one device and one window, as plain values.

All moments are stored time in ms since the epoch; values are in the catalogue's base units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Pair = tuple[str, str]  # (metric, part)
ENDLESS_MS = 2**62  # no moment of any window lies behind it


@dataclass(frozen=True, slots=True)
class Track:
    """The readings of one series in the window, in the order of time. NaN: asked for and not had."""

    t: NDArray[np.int64]
    value: NDArray[np.float64]


NO_TRACK = Track(np.empty(0, np.int64), np.empty(0, np.float64))


@dataclass(frozen=True, slots=True)
class Line:
    """One event of the device. ``severity`` is RFC 5424's; ``count`` alike lines were folded into it."""

    at_ms: int
    source: str
    kind: str
    severity: int
    text: str
    count: int = 1
    id: str = ""


@dataclass(frozen=True, slots=True)
class Boot:
    """From ``at_ms`` on the device said that it runs in this boot. The first may lie before the window."""

    at_ms: int
    boot_id: str


@dataclass(frozen=True, slots=True)
class Hole:
    """Whole minutes without any tick, start ≤ t < end, and the word for why."""

    start_ms: int
    end_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody saw standing before the device. ``alarm``: a lamp or a sound that should not be."""

    at_ms: int
    observer: str
    alarm: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """Work that ``by`` entered at ``noted_ms`` for from ≤ t < to, whole minutes."""

    from_ms: int
    to_ms: int
    noted_ms: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Setback:
    """Readings of ``after_ms`` and ``before_ms``, both of one boot, showed that the counter went down between them.

    ``before_ms`` ENDLESS_MS: it fell too often to keep count; from ``after_ms`` on nothing it says bridges anything.
    """

    pair: Pair
    after_ms: int
    before_ms: int


@dataclass(frozen=True, slots=True)
class Pace:
    """From ``from_ms`` on the device was read every ``interval_ms``."""

    from_ms: int
    interval_ms: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of the window start ≤ t < end, whose ends are whole minutes.

    ``interval_ms``: how often the device was read at the start, ``paces`` where that changed. ``setbacks``: falls of
    counters that were seen, whether or not the readings that showed them are still there.
    """

    start_ms: int
    end_ms: int
    interval_ms: int
    ticks: NDArray[np.int64]  # when anything at all of the device was read, in order
    tracks: Mapping[Pair, Track] = field(default_factory=dict)
    lines: Sequence[Line] = ()
    boots: Sequence[Boot] = ()
    holes: Sequence[Hole] = ()
    seen: Sequence[Seen] = ()
    planned: Sequence[Planned] = ()
    setbacks: Sequence[Setback] = ()
    paces: Sequence[Pace] = ()

    def track(self, metric: str, part: str = "") -> Track:
        """Empty when the device never gave it."""
        return self.tracks.get((metric, part), NO_TRACK)

    @property
    def announced(self) -> list[Planned]:
        """The planned work that counts, in the order of time: what was entered when it had begun already is nothing."""
        return sorted((work for work in self.planned if work.noted_ms <= work.from_ms), key=lambda work: work.from_ms)

    @property
    def minutes(self) -> int:
        return max(0, (self.end_ms - self.start_ms) // 60_000)
