"""What the records say of the collection, read at once: shares, devices in them, collectors, who set which secret."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import col, select

from server.audit.tables import AuditEntry
from server.centre import Centre
from server.collection.tables import CollectedDevice, CollectionShare
from server.device_secrets.keeping import kinds_of
from server.devices.tables import Device
from server.happenings.tables import EventRow, FactChange, FactRow
from server.records import Records
from server.senders.tables import AgentIdentity
from server.times import rfc3339
from server.web.collection.ways import HEARD
from server.web.sight import EventRow as Told


@dataclass(frozen=True, slots=True)
class Kept:
    """A secret there is: its kind, since when, and who set it as the audit chain has it. Never what it is."""

    kind: str
    since: str
    by: str


@dataclass(frozen=True, slots=True)
class Known:
    shares: Sequence[CollectionShare]
    collected: Sequence[CollectedDevice]
    devices: Mapping[str, Device]
    agents: Mapping[str, AgentIdentity]
    types: Mapping[str, str]

    def host(self, agent_id: str) -> str:
        """The device_no of a collector; its id where the directory does not know it."""
        agent = self.agents.get(agent_id)
        return agent.device_no if agent is not None else agent_id

    def name(self, device_no: str) -> str:
        device = self.devices.get(device_no)
        return (device.name or device_no) if device is not None else device_no


def known(centre: Centre) -> Known:
    with centre.records.session() as session:
        shares = session.exec(select(CollectionShare).order_by(col(CollectionShare.name))).all()
        collected = session.exec(select(CollectedDevice).order_by(col(CollectedDevice.device_no))).all()
        devices = {device.device_no: device for device in session.exec(select(Device)).all()}
        agents = {agent.id: agent for agent in session.exec(select(AgentIdentity)).all()}
        facts = session.exec(select(FactRow).where(col(FactRow.key) == "device_type")).all()
    return Known(shares, collected, devices, agents, {fact.device_no: fact.value for fact in facts})


def last_heard_of(records: Records, device_no: str) -> dict[str, int]:
    """Source → ms of its newest event, of what comes by itself."""
    asked = (
        select(EventRow.source, func.max(EventRow.at_ms))
        .where(col(EventRow.device_no) == device_no, col(EventRow.source).in_(HEARD))
        .group_by(col(EventRow.source))
    )
    with records.session() as session:
        return {source: at_ms for source, at_ms in session.exec(asked).all() if at_ms is not None}


def secrets_of(records: Records, device_no: str) -> list[Kept]:
    asked = (
        select(AuditEntry)
        .where(col(AuditEntry.subject) == f"device/{device_no}", col(AuditEntry.act) == "secret.set")
        .order_by(col(AuditEntry.sequence))
    )
    with records.session() as session:
        by = {json.loads(entry.new)["kind"]: entry.actor for entry in session.exec(asked).all() if entry.new}
    return [Kept(row.kind, rfc3339(row.since_ms), by.get(row.kind, "")) for row in kinds_of(records, device_no)]


def revisions_of(records: Records, device_no: str) -> list[tuple[int, str]]:
    """(since ms, revision) of its configuration, the newest first."""
    asked = (
        select(FactChange)
        .where(col(FactChange.device_no) == device_no, col(FactChange.key) == "configuration_revision")
        .order_by(col(FactChange.id).desc())
        .limit(50)
    )
    with records.session() as session:
        return [(change.at_ms, change.new) for change in session.exec(asked).all()]


def changes_of(records: Records, device_no: str, limit: int = 10) -> list[Told]:
    """The events that its configuration changed, the newest first, however long ago."""
    asked = (
        select(EventRow)
        .where(col(EventRow.device_no) == device_no, col(EventRow.kind) == "configuration_changed")
        .order_by(col(EventRow.at_ms).desc())
        .limit(limit)
    )
    with records.session() as session:
        rows = session.exec(asked).all()
    return [Told(row.at_ms, row.source, row.severity, row.text, row.count, row.inferred, row.kind) for row in rows]


def names_of(records: Records) -> list[tuple[str, str]]:
    """(name, device_no): what the ledger and the devices themselves call each."""
    with records.session() as session:
        devices = session.exec(select(Device.device_no, Device.name)).all()
        told = session.exec(select(FactRow.value, FactRow.device_no).where(col(FactRow.key) == "name")).all()
    return [pair for device_no, name in devices for pair in ((device_no, device_no), (name, device_no))] + [
        (name, device_no) for name, device_no in told
    ]
