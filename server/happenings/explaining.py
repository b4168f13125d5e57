"""Why minutes of a device have no reading, as far as its sender said so: what its spool had to drop."""

from __future__ import annotations

from server.happenings.queries import gaps
from server.history.coverage import CoverageGap, KnownGaps
from server.records import Records

SPOOL = "spool"


def gaps_known_to(records: Records) -> KnownGaps:
    def known(device_no: str, start_ms: int, end_ms: int) -> list[CoverageGap]:
        # A source that failed was at least asked: only what was dropped whole leaves minutes without any tick.
        found = gaps(records, device_no, start_ms, end_ms)
        return [CoverageGap(gap.start_ms, gap.end_ms, gap.reason) for gap in found if gap.source == SPOOL]

    return known
