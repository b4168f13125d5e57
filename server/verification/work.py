"""Planned work as it stands: what was entered, and what of it was cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from checklists.verification.evidence import Planned
from server.verification.tables import VerificationWork


@dataclass(frozen=True, slots=True)
class Work:
    """One entry as it stands now."""

    id: int
    planned: Planned
    cancelled_ms: int | None
    cancelled_by: str


def work_of(session: Session, run_id: int) -> list[Work]:
    """In the order in which it was entered."""
    asked = select(VerificationWork).where(col(VerificationWork.run_id) == run_id).order_by(col(VerificationWork.id))
    rows = session.exec(asked).all()
    ended = {row.cancels: row for row in rows if row.cancels is not None}
    return [_work(row.id, row, ended.get(row.id)) for row in rows if row.id is not None and row.cancels is None]


def standing(work: Sequence[Work]) -> list[Planned]:
    """What was not cancelled, in the order of time."""
    return sorted((each.planned for each in work if each.cancelled_ms is None), key=lambda each: each.from_ms)


def _work(number: int, row: VerificationWork, ended: VerificationWork | None) -> Work:
    planned = Planned(row.from_ms, row.to_ms, row.noted_ms, row.noted_by, row.reason)
    return Work(number, planned, ended.noted_ms if ended else None, ended.noted_by if ended else "")
