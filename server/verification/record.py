"""The record of a verification as it is frozen: whatever a report says of it later stands in here.

Nothing of it is asked of the stores again: they are pruned, people leave, a device's card changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from sqlmodel import Session, col, select

from checklists.verification.counters import all_fallen
from checklists.verification.evidence import Evidence, Line, Pace
from readings.model import Severity
from server.audit.chain import canonical, head
from server.devices.tables import Device
from server.evidence.tables import EvidenceRecord
from server.happenings.tables import FactRow
from server.people.tables import Person
from server.verification.gathering import CUT
from server.verification.results import coverage_object, result_object, titled
from server.verification.runs import id_of, profile_json_of, subject_of
from server.verification.tables import VerificationObservation, VerificationRun
from server.verification.watching import Judged
from server.verification.work import Work, work_of

FORMAT = "zhishou verification record"
VERSION = 1
MOST_HOLES = 1_000
MOST_LINES = 500
MOST_FACTS = 500
MOST_SETBACKS = 500
LONGEST_TEXT = 1_500  # of a line or a fact: with all else of 60 days the record still fits into a line of evidence
# What a pass does not prove, by key: the pages have the words, which may be improved when a record may not.
LIMITS = (
    "silent_data_corruption",
    "long_run_reliability",
    "other_loads_and_temperatures",
    "slots_without_data",
    "only_the_checks_listed",
)
NOT_OF_THE_CARD = ("state", "created_ms")


def record_content(
    session: Session, run: VerificationRun, judged: Judged, seen: Sequence[VerificationObservation], note: str = ""
) -> dict[str, Any]:
    """Deterministic: the same stores, run and moment give the same content. ``note``: what the submitter says."""
    evidence = judged.evidence
    assert evidence is not None
    profile = profile_json_of(run)
    device = session.get(Device, run.device_no)
    assert device is not None
    facts = select(FactRow).where(col(FactRow.device_no) == run.device_no).order_by(col(FactRow.key)).limit(MOST_FACTS)
    return {
        "format": FORMAT,
        "version": VERSION,
        "run": {**run_content(run, judged), "note": note.strip()},
        "device": device.model_dump(exclude=set(NOT_OF_THE_CARD)),
        "profile": {"hash": run.profile_hash, "content": profile},
        "coverage": coverage_object(judged.judgement.coverage),
        "results": titled([result_object(result) for result in judged.judgement.results], profile),
        "gaps": gap_ledger(evidence),
        "events": event_list(evidence.lines),
        "planned_work": [work_content(each) for each in work_of(session, id_of(run))],
        "setbacks": [
            {"metric": fall.pair[0], "part": fall.pair[1], "after_ms": fall.after_ms, "before_ms": fall.before_ms}
            for fall in all_fallen(evidence)[:MOST_SETBACKS]
        ],
        "read_every": [
            {"from_ms": pace.from_ms, "interval_ms": pace.interval_ms}
            for pace in (Pace(evidence.start_ms, evidence.interval_ms), *evidence.paces)
        ],
        "boots": [{"at_ms": boot.at_ms, "boot_id": boot.boot_id} for boot in evidence.boots],
        "observations": [observation_content(row) for row in seen],
        "minutes": judged.course,
        "facts": [
            {"key": row.key, "value": clipped(row.value), "since_ms": row.since_ms} for row in session.exec(facts)
        ],
        "people": people_named(session, {run.started_by, run.submitted_by or "", *(row.observer for row in seen)}),
        "limits": list(LIMITS),
        "audit_head": str(head(session)),
    }


def run_content(run: VerificationRun, judged: Judged) -> dict[str, Any]:
    return {
        "number": run.number,
        "device_no": run.device_no,
        "purpose": run.purpose,
        "profile": run.profile,
        "profile_version": run.profile_version,
        "window_s": run.window_s,
        "trial": bool(run.trial),
        "started_ms": run.started_ms,
        "started_by": run.started_by,
        "submitted_ms": run.submitted_ms,
        "submitted_by": run.submitted_by,
        "watched_from_ms": judged.start_ms,
        "watched_to_ms": judged.end_ms,
        "verdict": judged.judgement.verdict.value,
        "effective_s": judged.judgement.effective_ms / 1000,
    }


def gap_ledger(evidence: Evidence) -> dict[str, Any]:
    """The longest ones where there are too many to print; ``count`` and ``minutes`` are of all."""
    longest = sorted(evidence.holes, key=lambda hole: (hole.start_ms - hole.end_ms, hole.start_ms))[:MOST_HOLES]
    return {
        "count": len(evidence.holes),
        "minutes": sum(hole.end_ms - hole.start_ms for hole in evidence.holes) // 60_000,
        "holes": [
            {"start_ms": hole.start_ms, "end_ms": hole.end_ms, "reason": hole.reason}
            for hole in sorted(longest, key=lambda hole: hole.start_ms)
        ],
    }


def event_list(lines: Sequence[Line]) -> dict[str, Any]:
    """Raw, the gravest first to get in, then in the order of time. ``cut``: the evidence itself was cut short."""
    gravest = sorted(lines, key=lambda line: (line.severity > Severity.ERROR, line.at_ms, line.id))[:MOST_LINES]
    return {
        "count": sum(line.count for line in lines),
        "lines_held": len(lines),
        "cut": any(line.id.startswith(CUT) for line in lines),
        "lines": [
            {
                "at_ms": line.at_ms,
                "source": line.source,
                "kind": line.kind,
                "severity": int(line.severity),
                "text": clipped(line.text),
                "count": line.count,
                "id": line.id,
            }
            for line in sorted(gravest, key=lambda line: (line.at_ms, line.id))
        ],
    }


def clipped(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def work_content(work: Work) -> dict[str, Any]:
    planned, cancelled = work.planned, {"at_ms": work.cancelled_ms, "by": work.cancelled_by}
    return {
        "from_ms": planned.from_ms,
        "to_ms": planned.to_ms,
        "noted_ms": planned.noted_ms,
        "noted_by": planned.by,
        "reason": planned.reason,
        "cancelled": None if work.cancelled_ms is None else cancelled,
    }


def observation_content(row: VerificationObservation) -> dict[str, Any]:
    return {"at_ms": row.at_ms, "observer": row.observer, "alarm": bool(row.alarm), "note": row.note}


def people_named(session: Session, names: Iterable[str]) -> list[dict[str, Any]]:
    """As they are called and which posts they hold at this moment, by sign-in name."""
    asked = select(Person).where(col(Person.name).in_(sorted(names))).order_by(col(Person.name))
    return [
        {"name": person.name, "display_name": person.display_name, "posts": list(person.posts)}
        for person in session.exec(asked)
    ]


def freeze(session: Session, run: VerificationRun, content: dict[str, Any], at_ms: int) -> str:
    """Keep the content for good; the hash that is its key. In the caller's transaction."""
    text = canonical(content)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    session.add(EvidenceRecord(sha256=sha256, subject=subject_of(run), at_ms=at_ms, content=text))
    session.flush()
    return sha256


def gives_its_hash(record: EvidenceRecord) -> bool:
    return hashlib.sha256(record.content.encode()).hexdigest() == record.sha256
