"""Work on a device under verification, entered before it begins: the clock stands still for it, and a restart may be.

A window that is entered is never changed. While it has not begun it can be cancelled, by an entry of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from checklists.verification.profile import from_json
from checklists.verification.reboots import UnplannedReboot
from server.audit.chain import Actor
from server.people.acting import ActRefused
from server.people.tables import Person
from server.records import Records
from server.times import rfc3339
from server.times import to_ms as moment
from server.verification.permissions import check_planner, check_state
from server.verification.runs import append_act, find_run, id_of
from server.verification.tables import VerificationRun, VerificationWork
from server.verification.windows import HOUR_MS, LONGEST_MS, MINUTE_MS
from server.verification.work import Work, standing, work_of

LONGEST_WORK_MS = 4 * HOUR_MS
MOST_ENTRIES = 40  # what was cancelled counts: all of it stands in the record


def allowed_of(run: VerificationRun) -> int:
    """How many windows of work its profile lets a verification have."""
    found = [each.planned for each in from_json(run.profile_json).criteria if isinstance(each, UnplannedReboot)]
    return max(found, default=0)


def plan(
    records: Records, key: str, person: Person, span: tuple[datetime, datetime], reason: str, *, actor: Actor,
    now: datetime,
) -> VerificationWork:  # fmt: skip
    """``span`` from and to, widened to whole minutes. Raises NoSuchRun, ActRefused."""
    check_planner(person)
    from_ms, to_ms = moment(span[0]) // MINUTE_MS * MINUTE_MS, -(-moment(span[1]) // MINUTE_MS) * MINUTE_MS
    with records.writing() as session:
        run = find_run(session, key)
        check_state(run, "running", "plan work")
        _check(run, work_of(session, id_of(run)), (from_ms, to_ms), reason, moment(now))
        row = VerificationWork(
            run_id=id_of(run),
            from_ms=from_ms,
            to_ms=to_ms,
            noted_ms=moment(now),
            noted_by=person.name,
            reason=reason.strip(),
        )
        session.add(row)
        session.flush()
        new = {"work": row.id, "begin": rfc3339(from_ms), "end": rfc3339(to_ms), "reason": row.reason}
        append_act(session, run, "work_planned", actor=actor, now=now, new=new)
    return row


def cancel(records: Records, key: str, work_id: int, person: Person, *, actor: Actor, now: datetime) -> None:
    """It will not take place: its minutes count again. Raises NoSuchRun, ActRefused."""
    check_planner(person)
    with records.writing() as session:
        run = find_run(session, key)
        check_state(run, "running", "cancel planned work")
        work = next((each for each in work_of(session, id_of(run)) if each.id == work_id), None)
        if work is None or work.cancelled_ms is not None:
            raise ActRefused(
                f"verification {run.number} has no planned work {work_id}",
                zh=f"{run.number} 没有编号为 {work_id} 的计划维护",
                status=404,
            )
        if work.planned.from_ms <= moment(now):
            raise ActRefused(
                f"planned work {work_id} began at {rfc3339(work.planned.from_ms)}: what has begun cannot be cancelled",
                zh="计划维护已经开始，不能取消",
            )
        row = VerificationWork(
            run_id=id_of(run), from_ms=0, to_ms=0, noted_ms=moment(now), noted_by=person.name, cancels=work_id
        )
        session.add(row)
        append_act(session, run, "work_cancelled", actor=actor, now=now, new={"work": work_id})


def _check(run: VerificationRun, entered: Sequence[Work], span: tuple[int, int], reason: str, now_ms: int) -> None:
    (from_ms, to_ms), stands, most = span, standing(entered), allowed_of(run)
    if not reason.strip():
        raise ActRefused("planned work needs its reason", zh="计划维护要写原因", status=422)
    if from_ms < now_ms:
        raise ActRefused(
            f"begin: {rfc3339(from_ms)} is not in the future: work is entered before it begins",
            zh="计划维护须在开始之前登记",
            status=422,
        )
    if not from_ms < to_ms <= from_ms + LONGEST_WORK_MS:
        raise ActRefused(
            f"end: {rfc3339(to_ms)} is not after the start and at most {LONGEST_WORK_MS // HOUR_MS} h later",
            zh=f"结束须在开始之后，且一次不超过 {LONGEST_WORK_MS // HOUR_MS} 小时",
            status=422,
        )
    if to_ms > run.started_ms + LONGEST_MS:
        raise ActRefused("end: a verification lasts 60 d at most", zh="超出了验证最长 60 天", status=422)
    if len(stands) >= most:
        raise ActRefused(
            f"its profile lets a verification have {most} windows of planned work, {run.number} has {len(stands)}",
            zh=f"按验证模板最多 {most} 次计划维护，{run.number} 已有 {len(stands)} 次",
        )
    if len(entered) >= MOST_ENTRIES:
        raise ActRefused(
            f"verification {run.number} has {len(entered)} entries of planned work: no more fit into its record",
            zh=f"{run.number} 的计划维护登记已满 {len(entered)} 条",
        )
    for other in stands:
        if from_ms < other.to_ms and other.from_ms < to_ms:
            raise ActRefused(
                f"it overlaps the work planned from {rfc3339(other.from_ms)} to {rfc3339(other.to_ms)}",
                zh="与已登记的计划维护重叠",
            )
