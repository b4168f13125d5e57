"""Records as they were frozen: never updated, never deleted (triggers)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Text
from sqlmodel import Field, SQLModel


class EvidenceRecord(SQLModel, table=True):
    """``content`` is canonical JSON (server.audit.chain.canonical) and gives ``sha256``, its key.

    ``subject`` as in the audit chain: "verification/V-2026-0001", "run/C-2026-0001".
    """

    __tablename__ = "evidence_record"

    sha256: str = Field(primary_key=True)
    subject: str = Field(index=True)
    at_ms: int = Field(sa_type=BigInteger)
    content: str = Field(sa_type=Text)
