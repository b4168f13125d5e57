"""Minutes without a tick while the centre itself was not running are its own blindness, not the device's silence."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from server.attendance.attendance import Attendance, absences
from server.centre import Centre, Settings
from server.happenings.explaining import gaps_known_to
from server.history.coverage import CoverageGap, coverage
from server.records import Records
from server.times import to_ms

BEGIN_MS = to_ms(datetime(2026, 11, 24, 8, 0, tzinfo=UTC))
MINUTE = 60_000


def test_a_pause_of_the_centre_is_known_after_a_stop_and_after_a_kill(tmp_path: Path) -> None:
    records = Records(tmp_path / "records.db")
    now_ms = BEGIN_MS

    def started() -> Attendance:
        attendance = Attendance(records, lambda: now_ms)
        attendance.present()
        return attendance

    stopped = started()
    now_ms += 5 * MINUTE
    stopped.close()  # to the moment
    now_ms += 60 * MINUTE
    killed = started()
    now_ms += 40_000
    killed.present()
    now_ms += 20_000
    killed.present()  # not yet due: the last sign before a kill is at most half a minute old
    died_ms = now_ms
    now_ms += 30 * MINUTE
    started()
    found = absences(records, BEGIN_MS, now_ms)
    inside = absences(records, died_ms, died_ms + MINUTE)
    known = list(gaps_known_to(records)("srv-1", BEGIN_MS, now_ms))
    records.close()

    assert found == [
        (BEGIN_MS + 5 * MINUTE, BEGIN_MS + 65 * MINUTE),
        (BEGIN_MS + 65 * MINUTE + 40_000, BEGIN_MS + 96 * MINUTE),
    ]
    assert inside == [(died_ms, died_ms + MINUTE)]
    assert known == [CoverageGap(begins, ends, "blind") for begins, ends in found]


def test_a_centre_signs_in_and_out(tmp_path: Path, clock: Any) -> None:
    settings = Settings(data=tmp_path / "data")
    for _ in range(2):
        centre = Centre.open(settings, clock, start=False)
        centre.rounds.once()
        clock.forward(minutes=10)
        centre.close()
        clock.forward(hours=1)
    centre = Centre.open(settings, clock, start=False)
    centre.rounds.once()
    found = absences(centre.records, BEGIN_MS, to_ms(clock()))
    centre.close()

    assert [(ends - begins) // MINUTE for begins, ends in found] == [60, 60]


def test_blind_is_said_only_of_a_hole_the_centre_was_away_for_most_of() -> None:
    ticks = np.array([BEGIN_MS, BEGIN_MS + 10 * MINUTE], np.int64)

    def reason(minutes_away: int) -> str:
        away = [CoverageGap(BEGIN_MS + MINUTE, BEGIN_MS + (1 + minutes_away) * MINUTE, "blind")]
        [gap] = coverage(ticks, BEGIN_MS, BEGIN_MS + 11 * MINUTE, away, BEGIN_MS).gaps
        return gap.reason

    assert [reason(minutes) for minutes in (0, 1, 4, 5, 9)] == [*["unreachable"] * 3, *["blind"] * 2]
