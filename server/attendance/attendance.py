"""The centre signs in when it opens, and now and then while it runs; what lies between two stretches it did not see."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from sqlmodel import col, select, update

from server.attendance.tables import Presence
from server.records import Records

EVERY_MS = 30_000
MOST_STRETCHES = 1_000  # looked at in one question

Stretch = tuple[int, int]  # from ms, to ms


class Attendance:
    """``present`` is called on every round and writes seldom; nothing is written before the first."""

    def __init__(self, records: Records, now_ms: Callable[[], int]) -> None:
        self._records, self._now_ms = records, now_ms
        self._began_ms = now_ms()
        self._written_ms = 0
        self._id: int | None = None

    def present(self) -> None:
        """Raises what the records raise; the next round tries again."""
        now_ms = self._now_ms()
        if abs(now_ms - self._written_ms) < EVERY_MS:
            return
        with self._records.writing() as session:
            if self._id is None:
                row = Presence(began_ms=self._began_ms, last_ms=now_ms)
                session.add(row)
                session.flush()
                self._id = row.id
            else:
                session.exec(update(Presence).where(col(Presence.id) == self._id).values(last_ms=now_ms))
        self._written_ms = now_ms

    def close(self) -> None:
        """Write down the end, if a beginning was."""
        if self._id is not None:
            self._written_ms = 0
            self.present()


def absences(records: Records, start_ms: int, end_ms: int) -> list[Stretch]:
    """Stretches within start…end in which no centre ran, oldest first. Before its first start there was none to run."""
    after = (
        select(Presence).where(col(Presence.last_ms) >= start_ms).order_by(col(Presence.last_ms)).limit(MOST_STRETCHES)
    )
    before = select(Presence).where(col(Presence.last_ms) < start_ms).order_by(col(Presence.last_ms).desc()).limit(1)
    with records.session() as session:
        found = [*session.exec(before).all(), *session.exec(after).all()]
    holes = [(max(earlier.last_ms, start_ms), min(later.began_ms, end_ms)) for earlier, later in pairwise(found)]
    return [(begins, ends) for begins, ends in holes if begins < ends]
