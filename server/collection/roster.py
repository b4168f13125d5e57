"""Changing who asks what: shares with their two collectors, and the devices in them. Told to both by revision."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, update
from sqlmodel import Session, col, select

from readings.delivery.collection import DEVICE_TYPE, INTERVAL_S, MOST_DEVICES, check_address
from readings.delivery.protocols import CollectionRefused, protocols_from
from server.audit.chain import Actor, append
from server.collection.leasing import pass_on
from server.collection.tables import CollectedDevice, CollectionShare, DeviceShared
from server.devices.ledger import NoSuchDevice
from server.devices.tables import Device
from server.records import Records
from server.senders.directory import ACTIVE
from server.senders.enrolment import next_revision
from server.senders.tables import AgentIdentity
from server.times import to_ms

SHARE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def put_share(
    records: Records, name: str, *, active: str, standby: str, interval_s: float, actor: Actor, now: datetime
) -> CollectionShare:
    """Make or change it. A holder that is neither of the two any more holds it no longer. Raises CollectionRefused."""
    if SHARE.fullmatch(name) is None:
        raise CollectionRefused(f"share: {name[:60]!r} is no name: lower-case letters, digits, '-', '_', at most 64")
    _check_interval(interval_s)
    if active == standby:
        raise CollectionRefused("standby_id: the same as active_id")
    with records.writing() as session:
        for field, agent_id in (("active_id", active), ("standby_id", standby)):
            agent = session.get(AgentIdentity, agent_id) if agent_id else None
            if (agent_id or field == "active_id") and (agent is None or agent.state != ACTIVE):
                raise CollectionRefused(f"{field}: there is no active agent {agent_id[:60]!r}")
        row = session.get(CollectionShare, name)
        before = None if row is None else _told(row)
        touched = {active, standby} | ({row.active_id, row.standby_id} if row else set())
        if row is None:
            row = CollectionShare(name=name, active_id=active)
            # Nobody holds it: the active one may at once, the standby when an interval passed without it.
            row.lease_until_ms = to_ms(now) + round(interval_s * 1000)
        row.active_id, row.standby_id, row.interval_s = active, standby, interval_s
        if row.holder_id and row.holder_id not in (active, standby):
            gone, row.holder_id, row.term, row.lease_until_ms = row.holder_id, "", row.term + 1, to_ms(now)
            session.add(row)
            pass_on(session, name, "", row.term, now, before=gone)
        session.add(row)
        session.flush()
        _announce(session, touched)
        append(session, at=now, actor=actor, act="share.set", subject=f"share/{name}", old=before, new=_told(row))
    return row


def put_device(
    records: Records,
    device_no: str,
    *,
    share: str,
    address: str,
    device_type: str,
    interval_s: float,
    protocols: Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> CollectedDevice:
    """Have the device asked, or change how. Raises NoSuchDevice, CollectionRefused (nothing is changed then)."""
    with records.writing() as session:
        wanted = CollectedDevice(
            device_no=device_no,
            share=share,
            address=address,
            device_type=device_type,
            interval_s=interval_s,
            protocols=dict(protocols),
        )
        return put_device_in(session, wanted, actor=actor, now=now)


def put_device_in(session: Session, wanted: CollectedDevice, *, actor: Actor, now: datetime) -> CollectedDevice:
    """In the caller's transaction. Raises NoSuchDevice, CollectionRefused."""
    device_no, share = wanted.device_no, wanted.share
    _check_interval(wanted.interval_s)
    if wanted.device_type and DEVICE_TYPE.fullmatch(wanted.device_type) is None:
        raise CollectionRefused(f"type: {wanted.device_type[:60]!r} is no id of a device type")
    kept = msgspec.to_builtins(protocols_from(wanted.protocols))
    if session.get(Device, device_no) is None:
        raise NoSuchDevice(f"device {device_no!r} is not in the ledger")
    if session.get(CollectionShare, share) is None:
        raise CollectionRefused(f"share: there is no share {share[:60]!r}")
    row = session.get(CollectedDevice, device_no)
    before = None if row is None else row.model_dump()
    if before is None or before["share"] != share:
        in_it = select(func.count()).select_from(CollectedDevice).where(col(CollectedDevice.share) == share)
        if session.exec(in_it).one() >= MOST_DEVICES:
            raise CollectionRefused(f"share: {share} has {MOST_DEVICES} devices already")
        _move(session, device_no, share, to_ms(now))
    if row is None:
        row = CollectedDevice(device_no=device_no, share=share, address="")
    row.share, row.address, row.device_type = share, check_address(wanted.address), wanted.device_type
    row.interval_s, row.protocols = wanted.interval_s, kept
    session.add(row)
    session.flush()
    if row.model_dump() != before:
        announce(session, {share} | ({before["share"]} if before else set()))
        append(
            session,
            at=now,
            actor=actor,
            act="device.collected",
            subject=f"device/{device_no}",
            old=before,
            new=row.model_dump(),
        )
    return row


def drop_device(records: Records, device_no: str, *, actor: Actor, now: datetime) -> None:
    """Nobody asks it any more. Raises NoSuchDevice."""
    with records.writing() as session:
        row = session.get(CollectedDevice, device_no)
        if row is None:
            raise NoSuchDevice(f"device {device_no!r} is asked by no collector")
        before = row.model_dump()
        session.delete(row)
        _move(session, device_no, "", to_ms(now))
        announce(session, {row.share})
        append(session, at=now, actor=actor, act="device.not_collected", subject=f"device/{device_no}", old=before)


def announce(session: Session, shares: Collection[str]) -> None:
    """The next receipts to the collectors of these shares say that there is something to fetch."""
    rows = session.exec(select(CollectionShare).where(col(CollectionShare.name).in_(shares))).all()
    _announce(session, {agent_id for row in rows for agent_id in (row.active_id, row.standby_id)})


def _announce(session: Session, agent_ids: Collection[str]) -> None:
    for agent in session.exec(select(AgentIdentity).where(col(AgentIdentity.id).in_(agent_ids))).all():
        agent.configuration_revision += 1
        agent.revision = next_revision(session)
        session.add(agent)
        session.flush()


def _move(session: Session, device_no: str, share: str, now_ms: int) -> None:
    """``share`` "": it leaves."""
    last = update(DeviceShared).where(col(DeviceShared.device_no) == device_no, col(DeviceShared.until_ms).is_(None))
    session.connection().execute(last.values(until_ms=now_ms))
    if share:
        session.add(DeviceShared(device_no=device_no, share=share, from_ms=now_ms))
    session.flush()


def _check_interval(interval_s: float) -> None:
    low, high = INTERVAL_S
    if not low <= interval_s <= high:
        raise CollectionRefused(f"interval_s: {interval_s:g} s is not between {low:g} and {high:g} s")


def _told(row: CollectionShare) -> dict[str, Any]:
    return {"active_id": row.active_id, "standby_id": row.standby_id, "interval_s": row.interval_s}
