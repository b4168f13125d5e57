"""What can be exported: a record that was frozen, found by its id or its number."""

from __future__ import annotations

from sqlmodel import Session, col, or_, select

from server.duty.tables import ChecklistRun
from server.people.acting import ActRefused
from server.verification.tables import VerificationRun

RUN, VERIFICATION = "run", "verification"  # the first word of their subjects in the audit chain
LONGEST_ID = 18  # digits; beyond lies no database's integer


def exportable(session: Session, kind: str, asked: str) -> str:
    """The subject ("run/C-2026-0001") with this id or number.

    Raises LookupError when there is none, ActRefused while its record is not frozen.
    """
    id_asked = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) <= LONGEST_ID else None
    found = _run(session, id_asked, asked) if kind == RUN else _verification(session, id_asked, asked)
    if found is None:
        raise LookupError(f"there is no {kind} {asked}")
    if isinstance(found, ChecklistRun) and found.state != "closed":
        raise ActRefused(
            f"{found.number} is {found.state}: only a closed checklist can be exported",
            zh=f"{found.number} 还没有关闭，不能导出",
        )
    if isinstance(found, VerificationRun) and found.state not in {"submitted", "signed"}:
        raise ActRefused(
            f"{found.number} is {found.state}: only a submitted or signed verification can be exported",
            zh=f"{found.number} 还没有提交，不能导出",
        )
    return f"{kind}/{found.number}"


def numbered(session: Session, number: str) -> str:
    """As ``exportable``, of whichever kind the number is. Raises LookupError, ActRefused."""
    return exportable(session, RUN if _run(session, None, number) else VERIFICATION, number)


def _run(session: Session, id_asked: int | None, number: str) -> ChecklistRun | None:
    this = or_(col(ChecklistRun.id) == id_asked, col(ChecklistRun.number) == number)
    return session.exec(select(ChecklistRun).where(this)).first()


def _verification(session: Session, id_asked: int | None, number: str) -> VerificationRun | None:
    this = or_(col(VerificationRun.id) == id_asked, col(VerificationRun.number) == number)
    return session.exec(select(VerificationRun).where(this)).first()
