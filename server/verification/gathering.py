"""The evidence of one device and one window, from the stores: bounded, and saying so where something was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from sqlalchemy import ColumnElement, case, func
from sqlmodel import Session, col, select

from checklists.verification.evidence import Boot, Evidence, Hole, Line, Seen, Track
from checklists.verification.planned import RESTART
from readings.model import Severity
from server.happenings.tables import EventRow, FactChange
from server.history.history import History
from server.records import Records
from server.verification.tables import VerificationObservation
from server.verification.windows import MINUTE_MS
from server.verification.work import standing, work_of

MOST_LINES = 2_000
MOST_BOOTS = 1_000
MOST_SEEN = 300
BOOT_FACT = "boot_id"
LOST = ("log_lost", "log_held_back")
CUT = "left out "


def gather(
    history: History,
    records: Records,
    device_no: str,
    window: tuple[int, int],
    *,
    metrics: Collection[str],
    run_id: int,
    interval_s: float,
) -> Evidence:
    """What is held of start ≤ t < end: the series of these metrics, and what was seen at the rack in the run."""
    start_ms, end_ms = window
    wanted = [pair for pair in history.series(device_no) if pair[0] in metrics]
    found = history.points(device_no, wanted, start_ms, end_ms)
    ticks = history.ticks(device_no, start_ms, end_ms)
    holes = history.coverage(device_no, start_ms, end_ms).gaps
    with records.session() as session:
        lines = lines_of(session, device_no, start_ms, end_ms)
        boots = boots_of(session, device_no, start_ms, end_ms)
        seen, work = seen_in(session, run_id), work_of(session, run_id)
    return Evidence(
        start_ms=start_ms,
        end_ms=end_ms,
        interval_ms=max(1000, round(interval_s * 1000)),
        ticks=ticks,
        tracks={pair: Track(points.t, points.value) for pair, points in found.items() if len(points.t)},
        lines=lines,
        boots=boots,
        holes=[Hole(gap.start_ms, gap.end_ms, gap.reason) for gap in holes],
        seen=[Seen(row.at_ms, row.observer, bool(row.alarm), row.note) for row in seen],
        planned=standing(work),
    )


def lines_of(session: Session, device_no: str, start_ms: int, end_ms: int, most: int = MOST_LINES) -> list[Line]:
    """In the order of time. Where there are more than ``most``, errors and losses come first, and of each minute of
    which something was left out a line says how much: as a log says it that was overwritten unread.
    """
    inside = (col(EventRow.device_no) == device_no, col(EventRow.at_ms) >= start_ms, col(EventRow.at_ms) < end_ms)
    weighty = (col(EventRow.severity) <= Severity.ERROR) | col(EventRow.kind).in_((*LOST, RESTART[1]))
    asked = select(EventRow).where(*inside).order_by(case((weighty, 0), else_=1), col(EventRow.at_ms), col(EventRow.id))
    rows = session.exec(asked.limit(most + 1)).all()
    taken = rows[:most]
    lines = [
        Line(row.at_ms, row.source, row.kind, row.severity, row.text, row.count, row.id)
        for row in sorted(taken, key=lambda row: (row.at_ms, row.id))
    ]
    if len(rows) > most:
        lines = sorted([*lines, *_left_out(session, inside, taken)], key=lambda line: (line.at_ms, line.id))
    return lines


def _left_out(session: Session, inside: Sequence[ColumnElement[bool]], taken: Sequence[EventRow]) -> Iterator[Line]:
    minute = col(EventRow.at_ms) // MINUTE_MS
    held = session.exec(select(minute, func.count(), func.max(col(EventRow.at_ms))).where(*inside).group_by(minute))
    there = Counter(row.at_ms // MINUTE_MS for row in taken)
    for number, count, last_ms in held:
        if missing := count - there[number]:
            text = f"{missing} more events of this minute were left out of the evidence: the window has too many"
            yield Line(last_ms, "centre", LOST[1], Severity.WARNING, text, missing, f"{CUT}{number}")


def boots_of(session: Session, device_no: str, start_ms: int, end_ms: int) -> list[Boot]:
    """The boot in force when the window began, and each that came after."""
    told = select(FactChange).where(col(FactChange.device_no) == device_no, col(FactChange.key) == BOOT_FACT)
    before = told.where(col(FactChange.at_ms) <= start_ms).order_by(
        col(FactChange.at_ms).desc(), col(FactChange.id).desc()
    )
    after = told.where(col(FactChange.at_ms) > start_ms, col(FactChange.at_ms) < end_ms)
    rows = [
        *session.exec(before.limit(1)).all(),
        *session.exec(after.order_by(col(FactChange.at_ms), col(FactChange.id)).limit(MOST_BOOTS)).all(),
    ]
    return [Boot(row.at_ms, row.new) for row in rows]


def seen_in(session: Session, run_id: int) -> list[VerificationObservation]:
    asked = select(VerificationObservation).where(col(VerificationObservation.run_id) == run_id)
    return list(session.exec(asked.order_by(col(VerificationObservation.id)).limit(MOST_SEEN)).all())


def observers_of(seen: Iterable[VerificationObservation]) -> set[str]:
    return {row.observer for row in seen}
