"""The audit chain: each entry carries the hash of the one before it. Never updated, never deleted (triggers)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Text
from sqlmodel import Field, SQLModel


class AuditEntry(SQLModel, table=True):
    """One act that changed something. ``old`` and ``new`` are canonical JSON, "" where there is none."""

    __tablename__ = "audit_entry"

    sequence: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at_ms: int = Field(sa_type=BigInteger)
    actor_kind: str
    actor: str
    address: str = ""
    act: str = Field(index=True)
    subject: str = Field(index=True)
    old: str = Field(default="", sa_type=Text)
    new: str = Field(default="", sa_type=Text)
    previous_hash: str
    hash: str
