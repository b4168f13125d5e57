"""Of each device that was ever verified: how far its open or latest verification is, for Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import func
from sqlmodel import col, select

from checklists.verification.outcome import Outcome
from server.exposition.names import escaped, head_of
from server.records import Records
from server.verification.tables import VerificationFinding, VerificationRun

HOURS = "zhishou_verification_effective_hours"
CRITERIA = "zhishou_verification_criteria"


def verification_lines(records: Records) -> Iterable[str]:
    """Two families; the criteria are counted by outcome, each outcome from the start, at 0."""
    runs = select(func.max(col(VerificationRun.id))).group_by(col(VerificationRun.device_no))
    newest = select(func.max(col(VerificationFinding.id))).group_by(
        col(VerificationFinding.run_id), col(VerificationFinding.criterion)
    )
    with records.session() as session:
        latest = session.exec(
            select(VerificationRun).where(col(VerificationRun.id).in_(runs)).order_by(col(VerificationRun.device_no))
        ).all()
        counted = Counter(
            session.exec(
                select(VerificationFinding.run_id, VerificationFinding.outcome).where(
                    col(VerificationFinding.id).in_(newest), col(VerificationFinding.run_id).in_(runs)
                )
            ).all()
        )
    yield head_of(HOURS, "gauge", "Hours really watched in the device's open or latest verification.")
    for run in latest:
        yield f'{HOURS}{{device="{escaped(run.device_no)}"}} {run.effective_s / 3600!r}\n'
    yield head_of(CRITERIA, "gauge", "Criteria of the device's open or latest verification, by outcome.")
    for run in latest:
        for outcome in Outcome:
            number = counted[run.id or 0, outcome.value]
            yield f'{CRITERIA}{{device="{escaped(run.device_no)}",outcome="{outcome.value}"}} {number}\n'
