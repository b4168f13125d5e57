"""API tokens: what programs show. Scoped, revocable, and never a person."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import col, select

from server.audit.chain import Actor, append
from server.people.scopes import check_scope
from server.people.tables import ApiToken
from server.records import Records
from server.secret import hash_secret, make_secret
from server.times import to_ms

PREFIX = "zst"
USED_EVERY_MS = 60_000  # each note of "last used" is a write to disk
LONGEST_NAME = 64


class TokenRefused(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """The act on this token cannot be done; the text says why."""


def create_token(records: Records, *, name: str, scope: str, actor: Actor, now: datetime) -> tuple[ApiToken, str]:
    """The row and the token itself, which nobody can show again. Raises TokenRefused or ValueError (scope)."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise TokenRefused(f"{name!r} is not a token's name: 1 to {LONGEST_NAME} printable characters")
    token = make_secret(PREFIX)
    row = ApiToken(
        name=name, token_hash=hash_secret(token), scope=check_scope(scope), created_ms=to_ms(now), created_by=actor.name
    )
    with records.writing() as session:
        in_force = select(ApiToken).where(ApiToken.name == name, col(ApiToken.revoked_ms).is_(None))
        if session.exec(in_force).first() is not None:
            raise TokenRefused(f"there is already a token {name!r}: revoke it first, or take another name")
        session.add(row)
        session.flush()
        append(
            session,
            at=now,
            actor=actor,
            act="token.created",
            subject=f"token/{row.id}",
            new={"name": name, "scope": row.scope},
        )
    return row, token


def find_token(records: Records, token: str, now: datetime) -> ApiToken | None:
    """The token in force with this text, None when there is none. Notes that it was used."""
    with records.session() as session:
        row = session.exec(select(ApiToken).where(ApiToken.token_hash == hash_secret(token))).first()
    if row is None or row.revoked_ms is not None:
        return None
    if row.last_used_ms is None or row.last_used_ms + USED_EVERY_MS <= to_ms(now):
        with records.writing() as session:
            row.last_used_ms = to_ms(now)
            session.merge(row)
    return row


def all_tokens(records: Records) -> list[ApiToken]:
    with records.session() as session:
        return list(session.exec(select(ApiToken).order_by(col(ApiToken.id))))


def revoke_token(records: Records, name: str, *, actor: Actor, now: datetime) -> ApiToken:
    """Raises TokenRefused when no token in force has this name."""
    with records.writing() as session:
        row = session.exec(select(ApiToken).where(ApiToken.name == name, col(ApiToken.revoked_ms).is_(None))).first()
        if row is None:
            raise TokenRefused(f"there is no token {name!r} in force")
        row.revoked_ms = to_ms(now)
        session.add(row)
        append(
            session,
            at=now,
            actor=actor,
            act="token.revoked",
            subject=f"token/{row.id}",
            old={"name": row.name, "scope": row.scope},
        )
    return row
