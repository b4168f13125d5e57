"""Setting, dropping and handing out secrets of devices. What is audited is that one was set, never what it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from readings.delivery.device_secrets import check_secret
from server.audit.chain import Actor, append
from server.collection.roster import announce
from server.collection.tables import CollectedDevice
from server.device_secrets.tables import DeviceSecret
from server.device_secrets.vault import Vault
from server.devices.ledger import NoSuchDevice
from server.devices.tables import Device
from server.records import Records
from server.times import to_ms


def set_secret(
    records: Records, vault: Vault, device_no: str, kind: str, words: Mapping[str, Any], *, actor: Actor, now: datetime
) -> DeviceSecret:
    """Raises CollectionRefused, NoSuchDevice, KeyRefused; then nothing was kept."""
    with records.writing() as session:
        return set_secret_in(session, vault, device_no, kind, words, actor=actor, now=now)


def set_secret_in(
    session: Session, vault: Vault, device_no: str, kind: str, words: Mapping[str, Any], *, actor: Actor, now: datetime
) -> DeviceSecret:
    """In the caller's transaction. Raises CollectionRefused, NoSuchDevice, KeyRefused."""
    kept = check_secret(kind, words)
    if session.get(Device, device_no) is None:
        raise NoSuchDevice(f"device {device_no!r} is not in the ledger")
    key_id, sealed = vault.seal(device_no, kind, kept)
    row = session.get(DeviceSecret, (device_no, kind))
    replaced = row is not None
    row = row or DeviceSecret(device_no=device_no, kind=kind, key_id="", sealed=b"", since_ms=0)
    row.key_id, row.sealed, row.since_ms = key_id, sealed, to_ms(now)
    session.add(row)
    collected = session.get(CollectedDevice, device_no)
    if collected is not None:
        announce(session, {collected.share})
    told = {"kind": kind, "replaced": replaced}
    append(session, at=now, actor=actor, act="secret.set", subject=f"device/{device_no}", new=told)
    return row


def drop_secret(records: Records, device_no: str, kind: str, *, actor: Actor, now: datetime) -> None:
    """Raises NoSuchDevice when it has none of this kind."""
    with records.writing() as session:
        row = session.get(DeviceSecret, (device_no, kind))
        if row is None:
            raise NoSuchDevice(f"device {device_no!r} has no secret {kind[:40]!r}")
        session.delete(row)
        collected = session.get(CollectedDevice, device_no)
        if collected is not None:
            announce(session, {collected.share})
        append(session, at=now, actor=actor, act="secret.dropped", subject=f"device/{device_no}", old={"kind": kind})


def kinds_of(records: Records, device_no: str) -> list[DeviceSecret]:
    with records.session() as session:
        asked = select(DeviceSecret).where(DeviceSecret.device_no == device_no).order_by(col(DeviceSecret.kind))
        return list(session.exec(asked).all())


def open_secrets(records: Records, vault: Vault, device_nos: Collection[str]) -> dict[str, dict[str, Any]]:
    """Device → kind → words, for the collector that asks these devices. Raises KeyRefused."""
    found: dict[str, dict[str, Any]] = {}
    with records.session() as session:
        rows = session.exec(select(DeviceSecret).where(col(DeviceSecret.device_no).in_(device_nos))).all()
    for row in rows:
        found.setdefault(row.device_no, {})[row.kind] = vault.open(row.device_no, row.kind, row.key_id, row.sealed)
    return found


def seal_anew(records: Records, vault: Vault, *, actor: Actor, now: datetime) -> int:
    """Every secret under the first key; how many there were. Raises KeyRefused: then all stay as they are."""
    with records.writing() as session:
        rows = session.exec(select(DeviceSecret)).all()
        for row in rows:
            words = vault.open(row.device_no, row.kind, row.key_id, row.sealed)
            row.key_id, row.sealed = vault.seal(row.device_no, row.kind, words)
            session.add(row)
        append(session, at=now, actor=actor, act="secrets.sealed_anew", subject="secrets", new={"secrets": len(rows)})
        return len(rows)


def keys_in_use(records: Records) -> set[str]:
    with records.session() as session:
        return set(session.exec(select(DeviceSecret.key_id).distinct()).all())
