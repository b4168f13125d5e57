"""The devices: one row of the ledger each, and the entries by which a row came to be what it is."""

from __future__ import annotations

from sqlalchemy import BigInteger, Text
from sqlmodel import Field, SQLModel


class Device(SQLModel, table=True):
    """``device_no`` is unique company-wide. Dates are ISO texts ("2026-11-23"), "" where nobody said.

    ``state``: may its agent speak ("pending" until somebody approves it, then "active"). ``life``: where it is between
    issue and production (server/devices/life.py). The rest is the card and the ledger of clauses 1.5-5, 1.5-6, 1.5-10.
    """

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
    life: str = "issued"
    device_class: str = "core"
    environment: str = "production"
    vendor: str = ""
    model: str = ""
    serial: str = ""
    main_parameters: str = Field(default="", sa_type=Text)
    owner_dept: str = ""
    owner: str = ""
    stocked_on: str = ""
    issued_on: str = ""
    warranty_until: str = ""
    service_life_years: int | None = None
    software: str = Field(default="", sa_type=Text)
    licence: str = ""


class DeviceEntry(SQLModel, table=True):
    """One change of a device that the ledger must keep (1.5-7). Never updated, never deleted (triggers).

    ``kind`` is one of KINDS in server/devices/entries.py; ``reference`` names what it rests on ("V-2026-0001").
    """

    __tablename__ = "device_entry"

    id: int | None = Field(default=None, primary_key=True)
    device_no: str = Field(foreign_key="device.device_no", index=True)
    at_ms: int = Field(sa_type=BigInteger)
    kind: str
    actor: str
    old: str = Field(default="", sa_type=Text)
    new: str = Field(default="", sa_type=Text)
    note: str = Field(default="", sa_type=Text)
    reference: str = ""
