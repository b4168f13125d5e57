"""Signing in, staying signed in, signing out. The session lives here; the browser only holds a random name for it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, select

from server.audit.chain import Actor, append
from server.people import door
from server.people.passwords import fits, hash_password, needs_rehash
from server.people.tables import Person, PersonSession
from server.records import Records
from server.secret import hash_secret, make_secret
from server.times import to_ms

COOKIE = "zhishou_session"
LASTS_MS = 24 * 3600 * 1000  # a shift ends within a day; whoever goes on signs in again
IDLE_MS = 12 * 3600 * 1000
SEEN_EVERY_MS = 5 * 60 * 1000  # each note of "seen" is a write to disk
MOST_PER_PERSON = 20


class SignInRefused(Exception):  # noqa: N818 - it reads as the sentence it makes
    """One text for a wrong password, an unknown name and a disabled person. ``wait_s`` > 0: too many tries."""

    def __init__(self, wait_s: int = 0) -> None:
        super().__init__(
            f"too many failed attempts: try again in {wait_s} s" if wait_s else "name and password do not fit"
        )
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class SignedIn:
    """``cookie`` goes to the browser and is kept nowhere else."""

    person: Person
    cookie: str
    csrf: str


def sign_in(records: Records, name: str, password: str, address: str, now: datetime) -> SignedIn:
    """Raises SignInRefused. Takes as long for a name nobody has as for a wrong password."""
    name = name.strip().casefold()
    now_ms = to_ms(now)
    with records.session() as session:
        if wait := door.wait_ms(session, name, address, now_ms):
            raise SignInRefused(-(-wait // 1000))
        person = session.exec(select(Person).where(Person.name == name)).first()
    may = person is not None and person.disabled_ms is None
    if not fits(password, person.password_hash if person and may else None) or person is None:
        with records.writing() as session:
            door.note_failure(session, name, address, now_ms)
            if person is not None:  # unknown names stay out of the chain: they may be a password typed too early
                append(
                    session,
                    at=now,
                    actor=Actor("system", "sign-in", address),
                    act="person.sign_in_failed",
                    subject=f"person/{person.name}",
                )
        raise SignInRefused
    stronger = hash_password(password) if needs_rehash(person.password_hash) else None
    cookie, csrf = make_secret("zss"), secrets.token_urlsafe(24)
    with records.writing() as session:
        door.note_success(session, name, address)
        session.exec(delete(PersonSession).where(col(PersonSession.expires_ms) <= now_ms))
        _keep_newest(session, person)
        if stronger:
            person.password_hash = stronger
            session.add(person)
        session.add(
            PersonSession(
                id_hash=hash_secret(cookie),
                person_id=person.id or 0,
                csrf=csrf,
                address=address,
                created_ms=now_ms,
                seen_ms=now_ms,
                expires_ms=now_ms + LASTS_MS,
            )
        )
        append(
            session,
            at=now,
            actor=Actor("person", person.name, address),
            act="person.signed_in",
            subject=f"person/{person.name}",
        )
    return SignedIn(person, cookie, csrf)


def find_session(records: Records, cookie: str, now: datetime) -> tuple[PersonSession, Person] | None:
    """Whose session this cookie names, None when it is unknown, over, idle too long or its person disabled."""
    now_ms = to_ms(now)
    with records.session() as session:
        found = session.exec(
            select(PersonSession, Person)
            .join(Person, col(Person.id) == col(PersonSession.person_id))
            .where(PersonSession.id_hash == hash_secret(cookie))
        ).first()
    if found is None:
        return None
    row, person = found
    if row.expires_ms <= now_ms or row.seen_ms + IDLE_MS <= now_ms or person.disabled_ms is not None:
        return None
    if row.seen_ms + SEEN_EVERY_MS <= now_ms:
        with records.writing() as session:
            row.seen_ms = now_ms
            session.merge(row)
    return row, person


def sign_out(records: Records, cookie: str, now: datetime, address: str = "") -> None:
    """Ends this session; nothing when it is over already."""
    found = find_session(records, cookie, now)
    if found is None:
        return
    row, person = found
    with records.writing() as session:
        session.exec(delete(PersonSession).where(col(PersonSession.id_hash) == row.id_hash))
        append(
            session,
            at=now,
            actor=Actor("person", person.name, address),
            act="person.signed_out",
            subject=f"person/{person.name}",
        )


def end_sessions(session: Session, person: Person, *, but: str = "") -> None:
    """Every session of this person except the one with this id_hash."""
    session.exec(
        delete(PersonSession).where(col(PersonSession.person_id) == person.id, col(PersonSession.id_hash) != but)
    )


def _keep_newest(session: Session, person: Person) -> None:
    rows = session.exec(
        select(PersonSession).where(PersonSession.person_id == person.id).order_by(col(PersonSession.created_ms).desc())
    ).all()
    for row in rows[MOST_PER_PERSON - 1 :]:
        session.delete(row)
