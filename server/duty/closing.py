"""Closing a run: everything reviewed, the record frozen under its hash, and nothing of it changed ever after."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlmodel import select

from server.audit.chain import Actor, append, canonical, head
from server.duty.acts import REVIEW, check_open
from server.duty.lines import CONFIRMED, OPEN, Act, Line, Run
from server.duty.runs import NoSuchRun, find_run, whole
from server.evidence.tables import EvidenceRecord
from server.people.acting import ActRefused, check_password_again
from server.people.tables import Person
from server.records import Records
from server.times import rfc3339, rfc3339_or_none, to_ms

FORMAT = "zhishou/run/1"


def close_run(
    records: Records, ref: str, password: str, note: str, *, person: Person, actor: Actor, now: datetime
) -> None:
    """Blocks while the password is checked. Raises ActRefused and NoSuchRun."""
    with records.session() as session:
        check_open(find_run(session, ref))
    check_password_again(records, person, password, actor.address, now)
    with records.writing() as session:
        row = find_run(session, ref)
        check_open(row)
        run = whole(session, row)
        left = {state: run.counts[state] for state in (OPEN, CONFIRMED) if run.counts[state]}
        if left:
            said = " and ".join(f"{number} {state}" for state, number in left.items())
            total = sum(left.values())
            raise ActRefused(
                f"{total} of {len(run.lines)} lines of {run.number} are not reviewed: {said}",
                zh=f"还有 {total} 项没有复核，不能关闭",
                clause=REVIEW,
            )
        closed = Act(person.name, person.display_name, to_ms(now))
        content = canonical(record_of(run, closed, note.strip(), str(head(session))))
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        subject = f"run/{run.number}"
        session.add(EvidenceRecord(sha256=sha256, subject=subject, at_ms=closed.at_ms, content=content))
        session.flush()
        row.state, row.closed_ms, row.closed_by, row.record_sha256 = "closed", closed.at_ms, person.name, sha256
        session.add(row)
        session.flush()
        new = {"record_sha256": sha256, "note": note.strip()}
        append(session, at=now, actor=actor, act="run.closed", subject=subject, new=new)


def record(records: Records, ref: str) -> EvidenceRecord:
    """What was frozen. Raises NoSuchRun while the run is open."""
    with records.session() as session:
        run = find_run(session, ref)
        asked = select(EvidenceRecord).where(EvidenceRecord.sha256 == run.record_sha256)
        row = session.exec(asked).first()
    if row is None:
        raise NoSuchRun(f"run {run.number} is open: its record is frozen when it is closed")
    return row


def record_of(run: Run, closed: Act, note: str, audit_head: str) -> dict[str, Any]:
    """Everything the run rests on. ``audit_head``: the last entry of the audit chain before it was closed."""
    return {
        "format": FORMAT,
        "number": run.number,
        "calendar_date": run.calendar_date,
        "template": run.template.as_json(),
        "template_sha256": run.template_hash,
        "started": _act(run.started),
        "closed": _act(closed),
        "note": note,
        "audit_head": audit_head,
        "counts": dict(run.counts),
        "items": [_line(line) for line in run.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "item": line.item,
        "spec": line.spec.id,
        "device_no": line.device_no,
        "device_name": line.device_name,
        "verdict": line.verdict,
        "filled": None if line.filled is None else json.loads(json.dumps(line.filled.as_json())),
        "filled_at": rfc3339_or_none(line.filled_ms),
        "result": line.result,
        "value": line.value,
        "override": line.override,
        "note": line.note,
        "confirmed": _act(line.confirmed),
        "reviewed": _act(line.reviewed),
        "review_note": line.review_note,
    }


def _act(act: Act | None) -> dict[str, str] | None:
    return None if act is None else {"by": act.by, "display_name": act.display_name, "at": rfc3339(act.at_ms)}
