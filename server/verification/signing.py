"""The two signatures of a verification: one person submits the frozen record, another gives the opinion on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from server.audit.chain import Actor
from server.centre import Centre
from server.devices.life import move
from server.evidence.tables import EvidenceRecord
from server.people.acting import ActRefused, check_password_again
from server.people.tables import Person
from server.times import to_ms
from server.verification.gathering import observers_of, seen_in
from server.verification.permissions import check_opinion, check_signer, check_state, check_submitter
from server.verification.record import freeze, gives_its_hash, record_content
from server.verification.runs import device_under, find_run, id_of, note_act, sealed
from server.verification.tables import VerificationRun
from server.verification.watching import Judged, write_turned
from server.verification.windows import LONGEST_MS, watched

Opinion = Literal["pass", "fail", "extend"]
SETTLE_S = 5.0  # for readings that were accepted and are on their way to the stores


def submit(
    centre: Centre, key: str, person: Person, password: str, *, note: str = "", actor: Actor, now: datetime
) -> VerificationRun:
    """Judge once more and freeze the record. Blocks. Raises NoSuchRun, ActRefused."""
    now_ms = to_ms(now)
    with centre.records.session() as session:
        run = find_run(session, key)
    check_submitter(person)
    check_state(run, "running", "submit it")
    if now_ms - run.started_ms > LONGEST_MS:
        raise ActRefused(
            f"verification {run.number} has run for more than 60 d: withdraw it and start anew",
            zh=f"{run.number} 已超过 60 天，请撤回后重新开始",
            clause="1.5-17",
        )
    check_password_again(centre.records, person, password, actor.address, now)
    if centre.pump.is_alive() and not centre.pump.drain(SETTLE_S):
        raise ActRefused(
            "readings that have arrived are still on their way to the stores: submit again in a moment",
            zh="刚到的读数还在入库，请稍后再提交",
        )
    judged = centre.verifications.judge(run, now_ms)
    with centre.records.writing() as session:
        run = find_run(session, key)
        check_state(run, "running", "submit it")
        _submit(session, run, judged, person, note=note, actor=actor, now=now)
    return run


def _submit(
    session: Session,
    run: VerificationRun,
    judged: Judged,
    person: Person,
    *,
    note: str,
    actor: Actor,
    now: datetime,
) -> None:
    seen = seen_in(session, id_of(run))
    assert judged.evidence is not None
    if len(seen) != len(judged.evidence.seen):
        raise ActRefused(
            "somebody noted an observation at this very moment: look at it and submit again",
            zh="刚刚有人记了一条观察，请看过再提交",
        )
    run.submitted_ms, run.submitted_by = to_ms(now), person.name
    run.verdict, run.effective_s = judged.judgement.verdict.value, judged.judgement.effective_ms / 1000
    write_turned(session, id_of(run), judged)
    run.record_sha256 = freeze(session, run, record_content(session, run, judged, seen, note), to_ms(now))
    run.judged_ms, run.ended_ms, run.state = judged.at_ms, judged.end_ms, "submitted"
    session.add(run)
    new = {
        "verdict": run.verdict,
        "effective_s": run.effective_s,
        "trial": bool(run.trial),
        "note": note.strip(),
        **sealed(run),
    }
    note_act(session, run, "submitted", actor=actor, now=now, new=new, note=note.strip())


@dataclass(frozen=True, slots=True)
class Said:
    """An opinion, in words, and of which record it is ("": of the one there is)."""

    opinion: Opinion
    text: str = ""
    record_sha256: str = ""


def give_opinion(
    centre: Centre, key: str, person: Person, password: str, said: Said, *, actor: Actor, now: datetime
) -> VerificationRun:
    """安全管理岗审核并给出审核意见 (1.5-20). Blocks. Raises NoSuchRun, ActRefused."""
    with centre.records.session() as session:
        _check(session, find_run(session, key), person, said)
    check_password_again(centre.records, person, password, actor.address, now)
    with centre.records.writing() as session:
        run = find_run(session, key)
        _check(session, run, person, said)
        text = said.text.strip()
        new = {"opinion": said.opinion, "text": text, "verdict": run.verdict, **sealed(run)}
        if said.opinion == "extend":
            _void(session, run)
            note_act(session, run, "extended", actor=actor, now=now, new=new, note=text)
        else:
            # All in one statement: once it says "signed" the database refuses every other.
            run.state, run.opinion, run.opinion_text = "signed", said.opinion, text
            run.signed_ms, run.signed_by = to_ms(now), person.name
            session.add(run)
            session.flush()
            to = "verified" if said.opinion == "pass" else "issued"
            device = device_under(session, run)
            move(session, device, to, actor=actor, now=now, note=text, reference=run.number)
            note_act(session, run, "signed", actor=actor, now=now, new=new, note=text)
    return run


def _check(session: Session, run: VerificationRun, person: Person, said: Said) -> None:
    check_signer(person, run, observers_of(seen_in(session, id_of(run))))
    check_state(run, "submitted", "give the opinion")
    record = session.get(EvidenceRecord, run.record_sha256)
    if record is None or not gives_its_hash(record):
        raise ActRefused(
            f"record {run.record_sha256} does not give its hash: it was changed",
            zh="冻结的记录与其散列不符，已被改动",
            clause="1.4-1",
        )
    check_opinion(run, said.opinion, said.text, said.record_sha256)


def _void(session: Session, run: VerificationRun) -> None:
    """The watching goes on; the record that was submitted stays where it is, and in the chain."""
    run.state = "running"
    run.ended_ms = run.submitted_ms = run.submitted_by = run.record_sha256 = None
    session.add(run)
    session.flush()


def needed_until(run: VerificationRun) -> int:
    """When the window is over if nothing is missing (ms)."""
    return watched(run.started_ms, run.started_ms)[0] + run.window_s * 1000
