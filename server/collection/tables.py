"""Shares of the device list, who holds each, and since when: now, and what was so before."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Index
from sqlmodel import Field, SQLModel


class CollectionShare(SQLModel, table=True):
    """Devices that one collector asks at a time. ``active_id`` begins; ``standby_id`` "": nobody could take over.

    ``holder_id`` "" : nobody yet. ``term`` grows with every change of the holder: what compare-and-set compares.
    ``lease_until_ms`` is the moment from which the other may take it.
    """

    __tablename__ = "collection_share"

    name: str = Field(primary_key=True)
    active_id: str = Field(foreign_key="agent_identity.id")
    standby_id: str = ""
    interval_s: float = 60.0
    holder_id: str = ""
    term: int = 0
    lease_until_ms: int = Field(default=0, sa_type=BigInteger)


class CollectedDevice(SQLModel, table=True):
    """A device that is asked by a collector. ``device_type`` "": to be recognised."""

    __tablename__ = "collected_device"

    device_no: str = Field(primary_key=True, foreign_key="device.device_no")
    share: str = Field(foreign_key="collection_share.name", index=True)
    address: str
    device_type: str = ""
    interval_s: float = 60.0
    protocols: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class ShareHeld(SQLModel, table=True):
    """A stretch over which a collector held a share. ``until_ms`` None: it does."""

    __tablename__ = "share_held"
    __table_args__ = (Index("ix_share_held_share_from", "share", "from_ms"),)

    id: int | None = Field(default=None, primary_key=True)
    share: str
    holder_id: str
    term: int
    from_ms: int = Field(sa_type=BigInteger)
    until_ms: int | None = Field(default=None, sa_type=BigInteger)


class DeviceShared(SQLModel, table=True):
    """A stretch over which a device belonged to a share. ``until_ms`` None: it does."""

    __tablename__ = "device_shared"
    __table_args__ = (Index("ix_device_shared_device_from", "device_no", "from_ms"),)

    id: int | None = Field(default=None, primary_key=True)
    device_no: str
    share: str
    from_ms: int = Field(sa_type=BigInteger)
    until_ms: int | None = Field(default=None, sa_type=BigInteger)
