"""The devices: one row of the ledger each."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class Device(SQLModel, table=True):
    """``device_no`` is unique company-wide. ``state``: "pending" until somebody approves it, then "active"."""

    __tablename__ = "device"

    device_no: str = Field(primary_key=True)
    name: str
    kind: str = "server"
    state: str = "active"
    location: str = ""
    purpose: str = ""
    owner_post: str = ""
    interval_s: float = 15.0
    created_ms: int = Field(sa_type=BigInteger)
