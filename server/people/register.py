"""The people: adding one, changing posts, scope or password, letting one go. Each act enters the audit chain."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from sqlmodel import col, select

from server.audit.chain import Actor, Content, append
from server.people.passwords import check_password, fits, hash_password
from server.people.posts import check_posts
from server.people.scopes import check_scope
from server.people.sessions import end_sessions
from server.people.tables import Person
from server.records import Records
from server.times import to_ms

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
LANGUAGES = ("zh", "en")


class PersonRefused(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """The act on this person cannot be done; the text says why."""


def create_person(
    records: Records,
    *,
    name: str,
    password: str,
    actor: Actor,
    now: datetime,
    posts: Iterable[str] = (),
    scope: str = "write",
    display_name: str = "",
    language: str = "zh",
) -> Person:
    """Raises PersonRefused, PostRefused, PasswordRefused, or ValueError for a scope that does not exist."""
    name = name.strip().casefold()
    if not NAME.fullmatch(name):
        raise PersonRefused(f"{name!r} is not a sign-in name: letters a-z, digits, '.', '_', '-', at most 32")
    if language not in LANGUAGES:
        raise PersonRefused(f"{language!r} is not a language (there are: {', '.join(LANGUAGES)})")
    check_password(password, name)
    person = Person(
        name=name,
        display_name=display_name.strip() or name,
        posts=check_posts(posts),
        scope=check_scope(scope),
        password_hash=hash_password(password),
        language=language,
        created_ms=to_ms(now),
        password_changed_ms=to_ms(now),
    )
    with records.writing() as session:
        if session.exec(select(Person).where(Person.name == name)).first() is not None:
            raise PersonRefused(f"there is already a person {name!r}")
        session.add(person)
        session.flush()
        append(session, at=now, actor=actor, act="person.created", subject=f"person/{name}", new=describe(person))
    return person


def describe(person: Person) -> Content:
    """What may be shown of a person and what the audit chain keeps; never the password's hash."""
    return {
        "name": person.name,
        "display_name": person.display_name,
        "posts": list(person.posts),
        "scope": person.scope,
        "language": person.language,
        "disabled": person.disabled_ms is not None,
    }


def find_person(records: Records, name: str) -> Person | None:
    with records.session() as session:
        return session.exec(select(Person).where(Person.name == name.strip().casefold())).first()


def all_people(records: Records) -> list[Person]:
    with records.session() as session:
        return list(session.exec(select(Person).order_by(col(Person.name))))


def change_person(
    records: Records,
    name: str,
    *,
    actor: Actor,
    now: datetime,
    posts: Iterable[str] | None = None,
    scope: str | None = None,
    display_name: str | None = None,
    language: str | None = None,
    disabled: bool | None = None,
) -> Person:
    """Change what is given. A disabled person is signed out everywhere. Raises as ``create_person``."""
    with records.writing() as session:
        person = session.exec(select(Person).where(Person.name == name.strip().casefold())).first()
        if person is None:
            raise PersonRefused(f"there is no person {name!r}")
        old = describe(person)
        if posts is not None:
            person.posts = check_posts(posts)
        if scope is not None:
            person.scope = check_scope(scope)
        if display_name is not None:
            person.display_name = display_name.strip() or person.name
        if language is not None:
            if language not in LANGUAGES:
                raise PersonRefused(f"{language!r} is not a language (there are: {', '.join(LANGUAGES)})")
            person.language = language
        if disabled is not None:
            person.disabled_ms = to_ms(now) if disabled else None
        if disabled:
            end_sessions(session, person)
        session.add(person)
        new = describe(person)
        if new != old:
            append(
                session, at=now, actor=actor, act="person.changed", subject=f"person/{person.name}", old=old, new=new
            )
    return person


def change_password(
    records: Records,
    name: str,
    *,
    password: str,
    actor: Actor,
    now: datetime,
    old: str | None = None,
    keep_session: str = "",
) -> None:
    """A new password; every other session ends. ``old`` is asked of whoever changes their own.

    Raises PersonRefused, PasswordRefused.
    """
    person = find_person(records, name)
    if person is None or (old is not None and not fits(old, person.password_hash)):
        raise PersonRefused("the present password does not fit")
    check_password(password, person.name)
    password_hash = hash_password(password)
    with records.writing() as session:
        person.password_hash = password_hash
        person.password_changed_ms = to_ms(now)
        session.add(person)
        end_sessions(session, person, but=keep_session)
        append(session, at=now, actor=actor, act="person.password_changed", subject=f"person/{person.name}")
