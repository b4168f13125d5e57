"""One row a device and kind of secret: what stands here is worth nothing without the key."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel


class DeviceSecret(SQLModel, table=True):
    """``sealed`` is a nonce of 12 bytes and AES-256-GCM of JSON; bound to device and kind, so that no row can be
    passed off as another's. ``key_id`` names the key without telling anything of it.
    """

    __tablename__ = "device_secret"

    device_no: str = Field(primary_key=True, foreign_key="device.device_no")
    kind: str = Field(primary_key=True)
    key_id: str
    sealed: bytes = Field(sa_type=LargeBinary, repr=False)
    since_ms: int = Field(sa_type=BigInteger)
