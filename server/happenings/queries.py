"""What the records know of a device's events, gaps and facts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import col, select

from server.happenings.tables import EventRow, FactChange, FactRow, SourceGapRow
from server.records import Records

MOST_EVENTS = 1000
MOST_GAPS = 5000
LINES_LOST = ("log_lost", "log_held_back")  # what a source tells of its own log when it could not read or tell it all
NOT_THE_DEVICE = ("user_log", *LINES_LOST)


def events(
    records: Records, device_no: str, start_ms: int, end_ms: int, limit: int = MOST_EVENTS
) -> Sequence[EventRow]:
    """With start ≤ time < end, the newest first, at most ``limit``."""
    asked = (
        select(EventRow)
        .where(col(EventRow.device_no) == device_no, col(EventRow.at_ms) >= start_ms, col(EventRow.at_ms) < end_ms)
        .order_by(col(EventRow.at_ms).desc(), col(EventRow.id))
        .limit(min(limit, MOST_EVENTS))
    )
    with records.session() as session:
        return session.exec(asked).all()


def bad_lines(
    records: Records, device_no: str, source: str, worst: int, *, start_ms: int, end_ms: int
) -> tuple[int, EventRow | None]:
    """How many lines of severity ``worst`` or worse this source told, and the newest: start ≤ time < end.

    What programs wrote there does not count, as it opens no alarm either.
    """
    asked = (
        *(col(EventRow.device_no) == device_no, col(EventRow.source) == source, col(EventRow.severity) <= worst),
        *(col(EventRow.at_ms) >= start_ms, col(EventRow.at_ms) < end_ms, col(EventRow.kind).not_in(NOT_THE_DEVICE)),
    )
    with records.session() as session:
        count = session.exec(select(func.coalesce(func.sum(EventRow.count), 0)).where(*asked)).one()
        order = (col(EventRow.at_ms).desc(), col(EventRow.id))
        return int(count), session.exec(select(EventRow).where(*asked).order_by(*order).limit(1)).first()


def lines_lost(records: Records, device_no: str, source: str, start_ms: int, end_ms: int) -> bool:
    """Whether the source told that lines of this time went by unread or untold."""
    asked = (
        select(EventRow.id)
        .where(col(EventRow.device_no) == device_no, col(EventRow.source) == source)
        .where(col(EventRow.at_ms) >= start_ms, col(EventRow.at_ms) < end_ms, col(EventRow.kind).in_(LINES_LOST))
    )
    with records.session() as session:
        return session.exec(asked.limit(1)).first() is not None


def gaps(records: Records, device_no: str, start_ms: int, end_ms: int) -> Sequence[SourceGapRow]:
    """Every stretch that touches start…end, in order of time."""
    asked = (
        select(SourceGapRow)
        .where(col(SourceGapRow.device_no) == device_no)
        .where(col(SourceGapRow.end_ms) >= start_ms, col(SourceGapRow.start_ms) < end_ms)
        .order_by(col(SourceGapRow.start_ms), col(SourceGapRow.id))
        .limit(MOST_GAPS)
    )
    with records.session() as session:
        return session.exec(asked).all()


def facts(records: Records, device_no: str) -> Sequence[FactRow]:
    with records.session() as session:
        return session.exec(select(FactRow).where(col(FactRow.device_no) == device_no).order_by(col(FactRow.key))).all()


def fact_changes(records: Records, device_no: str, limit: int = MOST_EVENTS) -> Sequence[FactChange]:
    """The newest first."""
    asked = select(FactChange).where(col(FactChange.device_no) == device_no).order_by(col(FactChange.id).desc())
    with records.session() as session:
        return session.exec(asked.limit(limit)).all()
