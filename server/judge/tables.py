"""Findings as they stand, every change of them, and when time alone could change a device's verdict."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Text
from sqlmodel import Field, SQLModel


class FindingRow(SQLModel, table=True):
    """What a rule says of a part now. Evidence is that of the last change: value in base units and its time.

    ``tripped`` and ``pending_ms`` are the standing (checklists.lasting). ``stored`` is the standing by the ticks stored
    so far, [verdict, since_ms, tripped, pending_ms], while a newest tick rides ahead of a backlog, else null.
    """

    __tablename__ = "finding"

    device_no: str = Field(primary_key=True)
    rule: str = Field(primary_key=True)
    part: str = Field(primary_key=True)
    source: str
    metric: str
    verdict: str
    severity: str
    since_ms: int = Field(sa_type=BigInteger)
    at_ms: int = Field(sa_type=BigInteger)
    value: float | None = None
    reason: str = ""
    zh: str = Field(default="", sa_type=Text)
    en: str = Field(default="", sa_type=Text)
    tripped: bool = False
    pending_ms: int | None = Field(default=None, sa_type=BigInteger)
    stored: list[int | str | bool | None] | None = Field(default=None, sa_type=JSON)


class FindingChange(SQLModel, table=True):
    """A finding turned, at its own time.

    ``late``: learnt afterwards, from a backlog. ``ahead``: by a newest tick that rode ahead of its turn.
    ``verdict`` "": the part is gone for good and the finding with it.
    """

    __tablename__ = "finding_change"

    id: int | None = Field(default=None, primary_key=True)
    device_no: str = Field(index=True)
    rule: str
    part: str
    at_ms: int = Field(sa_type=BigInteger, index=True)
    previous: str
    verdict: str
    severity: str
    metric: str
    value: float | None = None
    reason: str = ""
    zh: str = Field(default="", sa_type=Text)
    en: str = Field(default="", sa_type=Text)
    late: bool = False
    ahead: bool = False


class JudgedDevice(SQLModel, table=True):
    """``due_ms``: not before this moment can time alone change a verdict of the device.

    ``lanes``: source → time of the last stored tick judged (ms); ``ahead``: the same of a newest tick ahead of it.
    """

    __tablename__ = "judged_device"

    device_no: str = Field(primary_key=True)
    newest_ms: int = Field(sa_type=BigInteger)
    interval_s: float
    due_ms: int = Field(sa_type=BigInteger, index=True)
    lanes: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    ahead: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
