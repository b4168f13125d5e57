"""One row for each stretch in which the centre was running."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class Presence(SQLModel, table=True):
    """``last_ms`` is the last moment known: written every half minute and at the end."""

    __tablename__ = "centre_presence"

    id: int | None = Field(default=None, primary_key=True)
    began_ms: int = Field(sa_type=BigInteger)
    last_ms: int = Field(sa_type=BigInteger, index=True)
