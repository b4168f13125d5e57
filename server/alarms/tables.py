"""Alarms, open and closed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Text, text
from sqlmodel import Field, SQLModel

OPEN = text("closed_ms IS NULL AND event_id IS NULL")


class Alarm(SQLModel, table=True):
    """Somebody should look.

    ``event_id`` is set where an event opened it (unique: each opens one alarm, once), ``rule`` and ``part`` where a
    finding did (one open at a time). ``opened_ms`` is when it happened, ``late`` that it was learnt of afterwards.
    """

    __tablename__ = "alarm"
    __table_args__ = (
        Index(
            "ux_alarm_open_finding",
            "device_no",
            "rule",
            "part",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    device_no: str = Field(index=True)
    event_id: str | None = Field(default=None, unique=True)
    rule: str = ""
    part: str = ""
    severity: str
    opened_ms: int = Field(sa_type=BigInteger, index=True)
    closed_ms: int | None = Field(default=None, sa_type=BigInteger)
    closed_by: str = ""
    late: bool = False
    zh: str = Field(default="", sa_type=Text)
    en: str = Field(default="", sa_type=Text)
