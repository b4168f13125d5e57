"""Who may send batches: agents with their credentials, and the enrolment tokens that let one in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field, SQLModel


class EnrolmentToken(SQLModel, table=True):
    """Lets exactly one agent in. ``device_no`` None: whoever uses it waits for approval."""

    __tablename__ = "enrolment_token"

    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True, repr=False)
    device_no: str | None = None
    device_name: str = ""
    created_ms: int = Field(sa_type=BigInteger)
    created_by: str
    expires_ms: int = Field(sa_type=BigInteger)
    used_ms: int | None = Field(default=None, sa_type=BigInteger)
    used_by: str | None = None


class AgentIdentity(SQLModel, table=True):
    """One enrolled agent. ``revision`` grows with every change of any row, so that a cache reads only what is new.

    ``next_hash`` is of a credential that was given out and not used yet: until it is, the present one lets in.
    ``settings`` are the words of readings.delivery.configuration.Wanted, ``configuration_revision`` counts them.
    """

    __tablename__ = "agent_identity"

    id: str = Field(primary_key=True)
    device_no: str = Field(foreign_key="device.device_no", index=True)
    hostname: str = ""
    facts: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    credential_hash: str = Field(unique=True, repr=False)
    state: str
    revision: int = Field(index=True)
    enrolled_ms: int = Field(sa_type=BigInteger)
    approved_ms: int | None = Field(default=None, sa_type=BigInteger)
    approved_by: str | None = None
    revoked_ms: int | None = Field(default=None, sa_type=BigInteger)
    credential_ms: int = Field(default=0, sa_type=BigInteger)
    next_hash: str | None = Field(default=None, unique=True, index=True, repr=False)
    rotation_wanted: bool = False
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    configuration_revision: int = 0
