"""A verification as the API and the pages show it, at whatever stage of its life."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, select

from server.audit.tables import AuditEntry
from server.centre import Centre
from server.evidence.tables import EvidenceRecord
from server.people.tables import Person
from server.times import rfc3339, rfc3339_or_none
from server.verification.gathering import seen_in
from server.verification.results import coverage_object, result_object, titled
from server.verification.runs import id_of, profile_json_of, subject_of
from server.verification.signing import needed_until
from server.verification.tables import VerificationObservation, VerificationRun
from server.verification.watching import findings_of
from server.verification.work import Work, work_of

MOST_ACTS = 2_000


def run_object(run: VerificationRun, called: Mapping[str, str]) -> dict[str, Any]:
    """Its own fields. ``called``: sign-in name → name as shown."""

    def someone(name: str | None) -> dict[str, str] | None:
        return None if name is None else {"name": name, "display_name": called.get(name, name)}

    profile = profile_json_of(run)
    return {
        "id": id_of(run),
        "number": run.number,
        "device_no": run.device_no,
        "purpose": run.purpose,
        "profile": {
            "id": run.profile,
            "version": run.profile_version,
            "hash": run.profile_hash,
            "zh": profile["zh"],
            "en": profile["en"],
        },
        "state": run.state,
        "trial": bool(run.trial),
        "needed_hours": run.window_s / 3600,
        "effective_hours": run.effective_s / 3600,
        "verdict": run.verdict,
        "opinion": run.opinion,
        "opinion_text": run.opinion_text,
        "record_sha256": run.record_sha256,
        "started_at": rfc3339(run.started_ms),
        "due_at": rfc3339(needed_until(run)),
        "judged_at": rfc3339_or_none(run.judged_ms),
        "ended_at": rfc3339_or_none(run.ended_ms),
        "submitted_at": rfc3339_or_none(run.submitted_ms),
        "signed_at": rfc3339_or_none(run.signed_ms),
        "started_by": someone(run.started_by),
        "submitted_by": someone(run.submitted_by),
        "signed_by": someone(run.signed_by),
    }


def runs_object(centre: Centre, runs: Sequence[VerificationRun]) -> dict[str, Any]:
    with centre.records.session() as session:
        called = names_of(session, runs)
    return {"verifications": [run_object(run, called) for run in runs]}


def run_whole(centre: Centre, run: VerificationRun) -> dict[str, Any]:
    """With results, coverage, observations and every act.

    Of a running one the newest judging, of one with a record what that says, else what each criterion came to last.
    ``trouble``: why it could not be judged last time, "" when it could.
    """
    results, coverage = _judged(centre, run)
    with centre.records.session() as session:
        run = session.get(VerificationRun, run.id) or run  # judging may have been this question's doing
        seen, acts, work = seen_in(session, id_of(run)), acts_of(session, run), work_of(session, id_of(run))
        called = names_of(
            session,
            [run],
            [*(row.observer for row in seen), *(act["by"] for act in acts), *(each.planned.by for each in work)],
        )
    newest = centre.verifications.newest.get(id_of(run))
    whole = run_object(run, called)
    if run.state == "running" and newest is not None:
        whole |= {
            "verdict": newest.judgement.verdict.value,
            "effective_hours": newest.judgement.effective_ms / 3_600_000,
            "judged_at": rfc3339(newest.at_ms),
        }
    return {
        **whole,
        "trouble": centre.verifications.troubles.get(id_of(run), ""),
        "coverage": coverage,
        "results": results,
        "observations": [observation_object(row, called) for row in seen],
        "planned_work": [work_object(each, called) for each in work],
        "acts": [{**act, "by": {"name": act["by"], "display_name": called.get(act["by"], act["by"])}} for act in acts],
    }


def _judged(centre: Centre, run: VerificationRun) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    profile = profile_json_of(run)
    newest = centre.verifications.newest_of(run) if run.state == "running" else None
    if newest is not None:
        results = titled([result_object(result) for result in newest.judgement.results], profile)
        return results, coverage_object(newest.judgement.coverage)
    with centre.records.session() as session:
        if run.record_sha256 is not None:
            content = json.loads(record_of(session, run).content)
            return content["results"], content["coverage"]
        kept = [json.loads(row.result_json) for row in findings_of(session, id_of(run)).values()]
    return titled(kept, profile), None


def record_of(session: Session, run: VerificationRun) -> EvidenceRecord:
    """Of a run that has one."""
    record = session.get(EvidenceRecord, run.record_sha256)
    assert record is not None, f"{run.number}: the key to the record is a foreign one"
    return record


def work_object(work: Work, called: Mapping[str, str]) -> dict[str, Any]:
    planned = work.planned
    return {
        "id": work.id,
        "begin": rfc3339(planned.from_ms),
        "end": rfc3339(planned.to_ms),
        "reason": planned.reason,
        "entered_at": rfc3339(planned.noted_ms),
        "entered_by": {"name": planned.by, "display_name": called.get(planned.by, planned.by)},
        "cancelled_at": rfc3339_or_none(work.cancelled_ms),
    }


def observation_object(row: VerificationObservation, called: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": rfc3339(row.at_ms),
        "observer": {"name": row.observer, "display_name": called.get(row.observer, row.observer)},
        "alarm": bool(row.alarm),
        "note": row.note,
    }


def acts_of(session: Session, run: VerificationRun) -> list[dict[str, Any]]:
    """What people did with it, from the audit chain, the oldest first."""
    asked = select(AuditEntry).where(col(AuditEntry.subject) == subject_of(run)).order_by(col(AuditEntry.sequence))
    return [
        {
            "at": rfc3339(entry.at_ms),
            "act": entry.act.removeprefix("verification."),
            "by": entry.actor,
            "what": json.loads(entry.new) if entry.new else {},
            "sequence": entry.sequence,
        }
        for entry in session.exec(asked.limit(MOST_ACTS))
    ]


def names_of(session: Session, runs: Sequence[VerificationRun], more: Iterable[str] = ()) -> dict[str, str]:
    """Sign-in name → name as shown, of everybody who had to do with these."""
    names = {name for run in runs for name in (run.started_by, run.submitted_by, run.signed_by) if name}
    asked = select(Person).where(col(Person.name).in_(sorted(names | set(more))))
    return {person.name: person.display_name for person in session.exec(asked)}
