"""Adding devices to be asked: the ledger, the device list and the secrets in one act, all of it or nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session

from server.audit.chain import Actor
from server.collection.roster import place_device
from server.collection.tables import CollectedDevice, CollectionShare
from server.device_secrets.keeping import keep_secret
from server.device_secrets.vault import Vault
from server.devices.ledger import DeviceRefused, add_device, check_device_no
from server.devices.tables import Device
from server.records import Records

KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """``device`` as the ledger is to have it, ``asked`` as the collectors are; ``secrets`` by kind."""

    device: Device
    asked: CollectedDevice
    secrets: Mapping[str, Mapping[str, Any]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Added:
    """``new``: it was not in the ledger before. ``held``: a collector asks its share now."""

    device_no: str
    new: bool
    held: bool


def add_asked(
    records: Records,
    vault: Vault,
    wanted: Sequence[Wanted],
    *,
    actor: Actor,
    now: datetime,
    only_try: bool = False,
    only_new: bool = False,
) -> list[Added]:
    """``only_try``: all is done and checked, and undone again. ``only_new``: what the ledger has is refused.

    Raises DeviceRefused, CardRefused, CollectionRefused, KeyRefused; then nothing was changed.
    """
    with records.writing() as session:
        added = [_add(session, vault, one, actor, now, only_new=only_new) for one in wanted]
        if only_try:
            session.rollback()
    return added


def _add(session: Session, vault: Vault, wanted: Wanted, actor: Actor, now: datetime, *, only_new: bool) -> Added:
    device_no = check_device_no(wanted.device.device_no)
    asked = session.get(CollectedDevice, device_no)
    if asked is not None and not only_new:
        raise DeviceRefused(
            f"device {device_no} is asked already, at {asked.address} in share {asked.share}; how, is changed with "
            f"PUT /api/v1/devices/{device_no}/collection and …/secrets/KIND"
        )
    if KIND.fullmatch(wanted.device.kind) is None:
        raise DeviceRefused(f"kind: {wanted.device.kind[:60]!r} is none: small letters, digits and '_', at most 32")
    new = session.get(Device, device_no) is None
    if new or only_new:
        add_device(session, wanted.device, actor=actor, now=now)
    wanted.asked.device_no = device_no
    placed = place_device(session, wanted.asked, actor=actor, now=now)
    for kind, words in wanted.secrets.items():
        keep_secret(session, vault, device_no, kind, words, actor=actor, now=now)
    share = session.get(CollectionShare, placed.share)
    return Added(device_no, new, bool(share and share.holder_id))
