"""Work that was announced before it began: its minutes are no evidence, and a restart inside it is no fault.

What was entered when it had begun already is nothing: otherwise a bad hour could be excused after the fact.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np

from checklists.verification.counters import changes
from checklists.verification.evidence import Evidence
from checklists.verification.minutes import MINUTE_MS

RESTART = ("restarts", "restart")  # source and kind of what an agent says of how the boot before ended
UNKNOWN, ORDERLY = 3, 4  # RFC 5424: worse than UNKNOWN nothing shut it down in order, from ORDERLY on something did
NEAR_MS = MINUTE_MS  # the moment of a start is calculated from two clocks


class Kind(Enum):
    """What a restart was."""

    PLANNED = "planned"
    UNPLANNED = "unplanned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Restart:
    """Between ``after_ms``, the last anybody heard of the boot before, and ``at_ms``, the first of the new one."""

    after_ms: int
    at_ms: int
    kind: Kind


def restarts(evidence: Evidence) -> list[Restart]:
    """Inside the window, in the order of time."""
    return [
        _restart(evidence, after.at_ms)
        for _, after in pairwise(changes(evidence))
        if evidence.start_ms <= after.at_ms < evidence.end_ms
    ]


def _restart(evidence: Evidence, at_ms: int) -> Restart:
    before = int(np.searchsorted(evidence.ticks, at_ms)) - 1
    after_ms = int(evidence.ticks[before]) if before >= 0 else evidence.start_ms
    touching = [work for work in evidence.announced if work.from_ms <= at_ms and after_ms < work.to_ms]
    if not touching:
        return Restart(after_ms, at_ms, Kind.UNPLANNED)
    inside = any(work.from_ms <= after_ms and at_ms < work.to_ms for work in touching)
    told = [
        line.severity
        for line in evidence.lines
        if (line.source, line.kind) == RESTART and after_ms - NEAR_MS <= line.at_ms <= at_ms + NEAR_MS
    ]
    if min(told, default=ORDERLY) < UNKNOWN:
        return Restart(after_ms, at_ms, Kind.UNPLANNED)
    known = inside and bool(told) and min(told) >= ORDERLY
    return Restart(after_ms, at_ms, Kind.PLANNED if known else Kind.UNKNOWN)
