"""People, their sessions, what went wrong at the door, and the tokens of programs."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field, SQLModel


class Person(SQLModel, table=True):
    """Someone who signs in. ``name`` is what is typed (lower case), ``display_name`` what is shown and signed with."""

    __tablename__ = "person"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    display_name: str
    posts: list[str] = Field(default_factory=list, sa_type=JSON)
    scope: str
    password_hash: str = Field(repr=False)
    language: str = "zh"
    created_ms: int = Field(sa_type=BigInteger)
    password_changed_ms: int = Field(sa_type=BigInteger)
    disabled_ms: int | None = Field(default=None, sa_type=BigInteger)


class PersonSession(SQLModel, table=True):
    """A signed-in browser. The cookie's value is never stored, only its hash."""

    __tablename__ = "person_session"

    id_hash: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    csrf: str = Field(repr=False)
    address: str = ""
    created_ms: int = Field(sa_type=BigInteger)
    seen_ms: int = Field(sa_type=BigInteger)
    expires_ms: int = Field(sa_type=BigInteger, index=True)


class FailedSignIn(SQLModel, table=True):
    """How often signing in went wrong lately for one key: a name, an address, or both together."""

    __tablename__ = "failed_sign_in"

    key: str = Field(primary_key=True)
    failures: int = 0
    last_ms: int = Field(sa_type=BigInteger, index=True)
    locked_until_ms: int = Field(default=0, sa_type=BigInteger)


class ApiToken(SQLModel, table=True):
    """What a program shows instead of a person. It reads and writes; it never confirms, reviews or signs."""

    __tablename__ = "api_token"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    token_hash: str = Field(unique=True, repr=False)
    scope: str
    created_ms: int = Field(sa_type=BigInteger)
    created_by: str
    last_used_ms: int | None = Field(default=None, sa_type=BigInteger)
    revoked_ms: int | None = Field(default=None, sa_type=BigInteger)
