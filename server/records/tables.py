"""Every table of the records, by importing each folder that has some. A new folder is one line here."""

from __future__ import annotations

from importlib import import_module

from sqlalchemy import MetaData
from sqlmodel import SQLModel

TABLE_MODULES = (
    "server.audit.tables",
    "server.people.tables",
    "server.senders.tables",
    "server.devices.tables",
    "server.records.cursors",
    "server.history.tables",
    "server.happenings.tables",
    "server.judge.tables",
    "server.alarms.tables",
    "server.attendance.tables",
    "server.evidence.tables",
    "server.verification.tables",
    "server.duty.tables",
    "server.collection.tables",
    "server.device_secrets.tables",
)


def metadata() -> MetaData:
    """What the code believes the database looks like; the migrations must lead to exactly this."""
    for module in TABLE_MODULES:
        import_module(module)
    return SQLModel.metadata
