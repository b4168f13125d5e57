"""Why minutes of a device have no reading: what its spool had to drop, or that the centre itself was not there."""

from __future__ import annotations

from readings.model import Gap
from server.attendance.attendance import absences
from server.happenings.queries import gaps
from server.history.coverage import CoverageGap, KnownGaps
from server.records import Records

SPOOL = "spool"


def gaps_known_to(records: Records) -> KnownGaps:
    def known(device_no: str, start_ms: int, end_ms: int) -> list[CoverageGap]:
        # A source that failed was at least asked: only what was dropped whole leaves minutes without any tick.
        found = gaps(records, device_no, start_ms, end_ms)
        dropped = [CoverageGap(gap.start_ms, gap.end_ms, gap.reason) for gap in found if gap.source == SPOOL]
        away = absences(records, start_ms, end_ms)
        return [*dropped, *(CoverageGap(begins, ends, Gap.BLIND.word) for begins, ends in away)]

    return known
