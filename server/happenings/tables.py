"""Events, gaps of sources, facts and their changes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field, SQLModel


class EventRow(SQLModel, table=True):
    """``id`` is a hash of sender, epoch, tick number and index: the same event never gets a second row.

    ``severity`` is RFC 5424's. ``inferred``: its time rests on the device's own clock. ``late``: learnt of long after.
    """

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_device_at", "device_no", "at_ms"),)

    id: str = Field(primary_key=True)
    device_no: str
    at_ms: int = Field(sa_type=BigInteger)
    received_ms: int = Field(sa_type=BigInteger)
    source: str
    kind: str
    severity: int
    text: str = Field(sa_type=Text)
    cursor: str = ""
    count: int = 1
    inferred: bool = False
    late: bool = False


class SourceGapRow(SQLModel, table=True):
    """A stretch over which a source gave nothing, for one reason. ``ticks``: how many passes asked in vain.

    Source "spool": what the sender had to drop before it could send it (reason ``dropped``).
    """

    __tablename__ = "source_gap"
    __table_args__ = (Index("ix_source_gap_device_end", "device_no", "end_ms"),)

    id: int | None = Field(default=None, primary_key=True)
    device_no: str
    source: str
    reason: str
    detail: str = Field(default="", sa_type=Text)
    start_ms: int = Field(sa_type=BigInteger)
    end_ms: int = Field(sa_type=BigInteger)
    ticks: int = 1


class FactRow(SQLModel, table=True):
    """What a device is, as last said."""

    __tablename__ = "fact"

    device_no: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    value: str = Field(sa_type=Text)
    since_ms: int = Field(sa_type=BigInteger)


class FactChange(SQLModel, table=True):
    """``old`` None: said for the first time."""

    __tablename__ = "fact_change"

    id: int | None = Field(default=None, primary_key=True)
    device_no: str = Field(index=True)
    key: str
    at_ms: int = Field(sa_type=BigInteger)
    old: str | None = Field(default=None, sa_type=Text)
    new: str = Field(sa_type=Text)
