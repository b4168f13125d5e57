"""The life of a verification before it is signed: started, observed, withdrawn. Each act is one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from checklists.verification.profile import Profile
from server.audit.chain import Actor, Content, append
from server.devices.life import move
from server.devices.tables import Device, DeviceEntry
from server.people.acting import ActRefused
from server.people.tables import Person
from server.records import Records
from server.times import HOUSE, to_ms
from server.verification.gathering import MOST_SEEN, seen_in
from server.verification.permissions import check_observer, check_starter, check_state, check_withdrawal
from server.verification.tables import VerificationObservation, VerificationRun
from server.verification.windows import window_of

OPEN_STATES = ("running", "submitted")
MOST_RUNS = 200
LARGEST_ID = 2**63 - 1


class NoSuchRun(LookupError):  # noqa: N818 - it reads as the sentence it makes
    """No verification has this number."""


def find_run(session: Session, key: str) -> VerificationRun:
    """By its number ("V-2026-0001") or its id. Raises NoSuchRun."""
    run = session.exec(select(VerificationRun).where(col(VerificationRun.number) == key)).first()
    if run is None and key.isascii() and key.isdigit() and int(key) <= LARGEST_ID:
        run = session.get(VerificationRun, int(key))
    if run is None:
        raise NoSuchRun(f"no verification is called {key!r}")
    return run


def runs_of(
    records: Records, *, device_no: str | None = None, state: str | None = None, limit: int = MOST_RUNS
) -> list[VerificationRun]:
    """The newest first."""
    asked = select(VerificationRun).order_by(col(VerificationRun.id).desc()).limit(min(limit, MOST_RUNS))
    if device_no is not None:
        asked = asked.where(col(VerificationRun.device_no) == device_no)
    if state is not None:
        asked = asked.where(col(VerificationRun.state) == state)
    with records.session() as session:
        return list(session.exec(asked).all())


def id_of(run: VerificationRun) -> int:
    assert run.id is not None
    return run.id


def subject_of(run: VerificationRun) -> str:
    return f"verification/{run.number}"


def start(
    records: Records,
    device_no: str,
    person: Person,
    profiles: Mapping[str, Profile],
    *,
    profile: str = "",
    window: str = "",
    purpose: str = "",
    actor: Actor,
    now: datetime,
) -> VerificationRun:
    """Freeze the profile and begin to watch. Raises ActRefused."""
    check_starter(person)
    with records.writing() as session:
        device = session.get(Device, device_no)
        if device is None:
            raise ActRefused(f"device {device_no!r} is not in the ledger", zh=f"台账里没有 {device_no}", status=404)
        if device.state != "active":
            raise ActRefused(
                f"device {device_no} is {device.state}: approve it first",
                zh=f"{device_no} 还没有批准接入",
                clause="1.5-23",
            )
        chosen = profile_for(device, profiles, profile)
        window_ms = window_of(window, chosen.window_ms)
        _refuse_second(session, device_no)
        run = VerificationRun(
            number=_next_number(session, now),
            device_no=device_no,
            profile=chosen.id,
            profile_version=chosen.version,
            profile_hash=chosen.hash,
            profile_json=chosen.as_json(),
            window_s=window_ms // 1000,
            trial=int(window_ms < chosen.window_ms),
            purpose=purpose.strip() or device.purpose,
            started_ms=to_ms(now),
            started_by=person.name,
        )
        session.add(run)
        session.flush()
        move(session, device, "verifying", actor=actor, now=now, reference=run.number)
        new = {
            "device_no": device_no,
            "profile": run.profile,
            "profile_version": run.profile_version,
            "profile_hash": run.profile_hash,
            "window_s": run.window_s,
            "trial": bool(run.trial),
            "purpose": run.purpose,
        }
        note_act(session, run, "started", actor=actor, now=now, new=new)
    return run


def profile_for(device: Device, profiles: Mapping[str, Profile], wanted: str) -> Profile:
    """The one asked for; without a name the only one for devices of this kind. Raises ActRefused 422."""
    fitting = [each for each in profiles.values() if device.kind in each.kinds]
    if not wanted and len(fitting) == 1:
        return fitting[0]
    if wanted in profiles and profiles[wanted] in fitting:
        return profiles[wanted]
    why = "say which" if not wanted else f"{wanted} is another's" if wanted in profiles else f"there is no {wanted!r}"
    known, names = ", ".join(each.id for each in fitting), "、".join(each.name.zh for each in fitting)
    raise ActRefused(
        f"profile: {why}; for a {device.kind} there are: {known or 'none'}",
        zh=f"要选一个验证模板，适用于此类设备（{device.kind}）的有：{names or '无'}",
        clause="1.5-16",
        status=422,
    )


def observe(
    records: Records, key: str, person: Person, *, alarm: bool, note: str, actor: Actor, now: datetime
) -> VerificationObservation:
    """What somebody saw at the rack, kept for good. Raises NoSuchRun, ActRefused."""
    check_observer(person, alarm=alarm, note=note)
    with records.writing() as session:
        run = find_run(session, key)
        check_state(run, "running", "note what is seen")
        if len(seen_in(session, id_of(run))) >= MOST_SEEN:
            raise ActRefused(
                f"verification {run.number} has {MOST_SEEN} observations: no more fit into its record",
                zh=f"{run.number} 的观察记录已满 {MOST_SEEN} 条",
            )
        row = VerificationObservation(
            run_id=id_of(run), at_ms=to_ms(now), observer=person.name, alarm=int(alarm), note=note.strip()
        )
        session.add(row)
        session.flush()
        new = {"observation": row.id, "alarm": alarm, "note": row.note}
        append_act(session, run, "observed", actor=actor, now=now, new=new)
    return row


def withdraw(
    records: Records, key: str, person: Person, reason: str, *, actor: Actor, now: datetime
) -> VerificationRun:
    """End it without a result. Raises NoSuchRun, ActRefused."""
    with records.writing() as session:
        run = find_run(session, key)
        check_withdrawal(person, run, reason)
        run.state, run.ended_ms = "withdrawn", run.ended_ms or to_ms(now)
        session.add(run)
        device = device_under(session, run)
        move(session, device, "issued", actor=actor, now=now, note=reason.strip(), reference=run.number)
        new = {"reason": reason.strip(), **sealed(run)}
        note_act(session, run, "withdrawn", actor=actor, now=now, new=new, note=reason.strip())
    return run


def device_under(session: Session, run: VerificationRun) -> Device:
    device = session.get(Device, run.device_no)
    assert device is not None, f"{run.number}: the key to the device is a foreign one"
    return device


def sealed(run: VerificationRun) -> dict[str, str]:
    """The record's hash, where there is a record."""
    return {"record_sha256": run.record_sha256} if run.record_sha256 else {}


def profile_json_of(run: VerificationRun) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(run.profile_json)
    return written


def append_act(session: Session, run: VerificationRun, act: str, *, actor: Actor, now: datetime, new: Content) -> None:
    append(session, at=now, actor=actor, act=f"verification.{act}", subject=subject_of(run), new=new)


def note_act(
    session: Session, run: VerificationRun, act: str, *, actor: Actor, now: datetime, new: Content, note: str = ""
) -> None:
    """Into the chain, and into the ledger of the device (1.5-7: 验证测试情况)."""
    append_act(session, run, act, actor=actor, now=now, new=new)
    entry = DeviceEntry(
        device_no=run.device_no,
        at_ms=to_ms(now),
        kind="verification",
        actor=actor.name,
        new=act,
        note=note,
        reference=run.number,
    )
    session.add(entry)


def _refuse_second(session: Session, device_no: str) -> None:
    asked = select(VerificationRun).where(
        col(VerificationRun.device_no) == device_no, col(VerificationRun.state).in_(OPEN_STATES)
    )
    running = session.exec(asked).first()
    if running is not None:
        raise ActRefused(
            f"device {device_no} has an open verification, {running.number}",
            zh=f"{device_no} 已有进行中的验证 {running.number}",
            clause="1.5-16",
        )


def _next_number(session: Session, now: datetime) -> str:
    """Counted within the house's year. Nobody else counts meanwhile: writers take turns, and no run is deleted."""
    year = now.astimezone(HOUSE).year
    asked = select(func.count()).select_from(VerificationRun).where(col(VerificationRun.number).like(f"V-{year}-%"))
    return f"V-{year}-{session.exec(asked).one() + 1:04d}"
