"""Why minutes of a device have no reading: what its spool had to drop, that the centre itself was not there, or for a
device that a collector asks, that it did not answer, or that nobody said anything of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from readings.model import Gap
from server.attendance.attendance import absences
from server.happenings.queries import gaps
from server.happenings.tables import SourceGapRow
from server.history.coverage import CoverageGap, KnownGaps
from server.records import Records

SPOOL = "spool"
NOT_REACHED = {Gap.UNREACHABLE.word, Gap.TIMED_OUT.word, Gap.BLIND.word}

# A device's seconds between two polls while a collector asks it, None: it has an agent of its own.
PollInterval = Callable[[str], float | None]


def gaps_known_to(records: Records, poll_interval: PollInterval = lambda _device_no: None) -> KnownGaps:
    def known(device_no: str, start_ms: int, end_ms: int) -> list[CoverageGap]:
        # A source that failed was at least asked: only what was dropped whole leaves minutes without any tick.
        interval_s = poll_interval(device_no)
        before_ms = 0 if interval_s is None else round(interval_s * 1000)
        found = gaps(records, device_no, start_ms - before_ms, end_ms)
        dropped = [CoverageGap(gap.start_ms, gap.end_ms, gap.reason) for gap in found if gap.source == SPOOL]
        away = [CoverageGap(begins, ends, Gap.BLIND.word) for begins, ends in absences(records, start_ms, end_ms)]
        asked = [] if interval_s is None else polled(found, start_ms, end_ms, before_ms)
        return [*dropped, *away, *asked]

    return known


def polled(found: Sequence[SourceGapRow], start_ms: int, end_ms: int, interval_ms: int) -> list[CoverageGap]:
    """Of a device that a collector asks: a poll in vain speaks for the interval after it, and where nobody said
    anything it was the collector that was gone or cut off: ``blind``. Ascending, without overlap.
    """
    told: list[CoverageGap] = []
    at = start_ms
    for gap in sorted(found, key=lambda gap: gap.start_ms):
        begins, ends = max(gap.start_ms, at), min(gap.end_ms + interval_ms, end_ms)
        if gap.reason not in NOT_REACHED or begins >= ends:
            continue
        if begins > at:
            told.append(CoverageGap(at, begins, Gap.BLIND.word))
        told.append(CoverageGap(begins, ends, gap.reason))
        at = ends
    if at < end_ms:
        told.append(CoverageGap(at, end_ms, Gap.BLIND.word))
    return told
