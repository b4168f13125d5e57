"""Confirming a line and reviewing it: one person, then another. Whoever acts on what has changed since is told so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from checklists.duty.filling import Filled, ItemVerdict
from checklists.duty.template import Item
from checklists.sentences import shown
from server.audit.chain import Actor, Content, append
from server.audit.tables import AuditEntry
from server.duty.lines import CONFIRMED, OPEN, RESULTS, REVIEWED, filled_of, spec_of
from server.duty.runs import find_item, find_run
from server.duty.tables import ChecklistItem, ChecklistRun
from server.people.acting import ActRefused, check_post
from server.people.tables import Person
from server.records import Records
from server.times import rfc3339, to_ms

TRACE = "2.2-4"  # process and result leave their trace
REVIEW = "2.1-7"  # every item is reviewed by somebody else
POST = "1.3-4"  # every detail falls to a concrete post
DONE = {
    "run.item_confirmed": "confirmed it",
    "run.item_reviewed": "reviewed it",
    "run.item_returned": "returned it",
}


@dataclass(frozen=True, slots=True)
class Word:
    """What a person says of a line. ``version``: of the line as they saw it. ``result`` None: as the reading says."""

    version: int
    result: str | None = None
    value: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What another person thinks of it. ``version`` as above; not agreeing needs a note."""

    version: int
    agree: bool
    note: str = ""


def confirm(records: Records, ref: str, item: str, word: Word, *, person: Person, actor: Actor, now: datetime) -> None:
    """The reading stands from here on as it was shown. Raises ActRefused and NoSuchRun."""
    with records.writing() as session:
        run, row = _row(session, ref, item)
        spec, filled = spec_of(row), filled_of(row)
        if spec.operator:
            check_post(person, spec.operator, f"confirm {row.item}", clause=POST, zh=f"确认“{spec.text.zh}”")
        _check_unmoved(session, run, row, word.version, OPEN)
        note = word.note.strip()
        result = _result(row, spec, filled, word, note)
        _check_fresh(row, filled, result, to_ms(now))
        old = _reading(row, filled)
        row.state, row.result, row.human_value, row.note = CONFIRMED, result, word.value.strip(), note
        row.override = int(filled is not None and result != row.verdict)
        row.confirmed_by, row.confirmed_ms = person.name, to_ms(now)
        row.version += 1
        session.add(row)
        _append(session, run, "run.item_confirmed", actor, now, old=old, new=_said(row))


def review(
    records: Records, ref: str, item: str, opinion: Opinion, *, person: Person, actor: Actor, now: datetime
) -> None:
    """Agreeing closes the line, not agreeing opens it again, with the reason. Raises ActRefused and NoSuchRun."""
    agree, note = opinion.agree, opinion.note.strip()
    with records.writing() as session:
        run, row = _row(session, ref, item)
        if row.state == OPEN:
            raise ActRefused(
                f"{_name(run, row)} is not confirmed yet: there is nothing to review",
                zh="此项还没有确认，无从复核",
                clause=REVIEW,
            )
        _check_unmoved(session, run, row, opinion.version, CONFIRMED)
        if row.confirmed_by == person.name:
            raise ActRefused(
                f"{person.name} confirmed {_name(run, row)}: somebody else must review it",
                zh=f"此项由 {person.display_name} 确认，须由另一人复核",
                clause=REVIEW,
                status=403,
            )
        reviewer = spec_of(row).reviewer
        if reviewer:
            check_post(person, reviewer, f"review {row.item}", clause=REVIEW, zh="复核此项")
        if not agree and not note:
            raise ActRefused(f"{_name(run, row)}: say why it goes back", zh="退回要写理由", clause=TRACE, status=422)
        said = _said(row)
        row.review_note = note
        row.version += 1
        if agree:
            row.state, row.reviewed_by, row.reviewed_ms = REVIEWED, person.name, to_ms(now)
        else:
            row.state, row.result, row.human_value, row.override, row.note = OPEN, "", "", 0, ""
            row.confirmed_by = row.confirmed_ms = None
        session.add(row)
        act = "run.item_reviewed" if agree else "run.item_returned"
        new = {"item": row.item, "agree": agree, "note": note, "version": row.version}
        _append(session, run, act, actor, now, old=said, new=new)


def check_open(run: ChecklistRun) -> None:
    """Raises ActRefused."""
    if run.state != "open":
        raise ActRefused(
            f"run {run.number} was closed by {run.closed_by}: it is never changed",
            zh=f"检查单 {run.number} 已关闭，不能再改",
            clause=TRACE,
        )


def _row(session: Session, ref: str, item: str) -> tuple[ChecklistRun, ChecklistItem]:
    run = find_run(session, ref)
    row = find_item(session, run, item)
    check_open(run)
    return run, row


def _check_unmoved(session: Session, run: ChecklistRun, row: ChecklistItem, version: int, state: str) -> None:
    """The line is as whoever acts saw it, and in the state their act needs."""
    if row.state == state and row.version == version:
        return
    last = _last_act(session, run, row)
    what = f"{last.actor} {DONE[last.act]} at {rfc3339(last.at_ms)}" if last is not None else "nobody acted on it"
    if row.state == OPEN:
        what += f"; its reading is {row.verdict or 'to be taken by hand'} now"
    raise ActRefused(
        f"{_name(run, row)} is {row.state}, version {row.version}, you saw {version}: {what}",
        zh=f"此项在你打开之后变了，请重新看过（{what}）",
    )


def _last_act(session: Session, run: ChecklistRun, row: ChecklistItem) -> AuditEntry | None:
    """The newest thing anybody did to this line."""
    asked = (
        select(AuditEntry)
        .where(col(AuditEntry.subject) == f"run/{run.number}", col(AuditEntry.act).in_(DONE))
        .where(col(AuditEntry.new).contains(f'"item":"{row.item}"', autoescape=True))
    )
    return session.exec(asked.order_by(col(AuditEntry.sequence).desc()).limit(1)).first()


def _result(row: ChecklistItem, spec: Item, filled: Filled | None, word: Word, note: str) -> str:
    """The person's word, with the reason it needs. Raises ActRefused."""
    result = word.result or row.verdict
    if result not in RESULTS:
        raise ActRefused(
            f"{row.item}: say what was seen: {', '.join(RESULTS)}", zh="要选一个结论", clause=TRACE, status=422
        )
    why, zh = "", ""
    if filled is not None and result != row.verdict:
        why, zh = f"the reading says {row.verdict}: to say {result} needs its reason", "与读数不同的结论要写理由"
    elif result in {"no_data", "not_applicable"}:
        why, zh = f"{result} must be explained", "无数据或不适用要说明原因"
    elif spec.by_hand is not None and spec.by_hand.note_required:
        why, zh = "what was seen must be written down", "要写下看到了什么"
    if why and not note:
        raise ActRefused(f"{row.item}: {why}", zh=zh, clause=TRACE, status=422)
    return result


def _check_fresh(row: ChecklistItem, filled: Filled | None, result: str, now_ms: int) -> None:
    """What was shown an hour ago is no reading of now, even if nobody has looked since. Raises ActRefused."""
    if filled is None or filled.verdict is ItemVerdict.NO_DATA or result != row.verdict or filled.at_ms is None:
        return
    age_ms = now_ms - filled.at_ms
    if age_ms > filled.fresh_ms:
        age, fresh = shown(age_ms / 1000, "seconds", "en"), shown(filled.fresh_ms / 1000, "seconds", "en")
        raise ActRefused(
            f"{row.item}: the reading shown is {age} old, at most {fresh}: look again",
            zh="显示的读数已经过时，请刷新再看",
            clause=TRACE,
        )


def _reading(row: ChecklistItem, filled: Filled | None) -> Content:
    reading = None if filled is None else filled.as_json()
    return {"item": row.item, "version": row.version, "verdict": row.verdict, "reading": reading}


def _said(row: ChecklistItem) -> Content:
    return {
        "item": row.item,
        "version": row.version,
        "verdict": row.verdict,
        "result": row.result,
        "value": row.human_value,
        "override": bool(row.override),
        "note": row.note,
        "confirmed_by": row.confirmed_by,
    }


def _append(
    session: Session, run: ChecklistRun, act: str, actor: Actor, now: datetime, *, old: Content, new: Content
) -> None:
    append(session, at=now, actor=actor, act=act, subject=f"run/{run.number}", old=old, new=new)


def _name(run: ChecklistRun, row: ChecklistItem) -> str:
    return f"{row.item} of {run.number}"
