"""What people do to a device of the ledger, each act one transaction with its entries."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from server.audit.chain import Actor
from server.devices.card import change_card
from server.devices.life import move_by_hand
from server.devices.tables import Device
from server.people.acting import ActRefused, check_password_again
from server.people.tables import Person
from server.records import Records


def change_device(
    records: Records, device_no: str, changes: Mapping[str, Any], *, actor: Actor, now: datetime
) -> Device:
    """Raises CardRefused, ActRefused."""
    with records.writing() as session:
        device = device_in(session, device_no)
        change_card(session, device, changes, actor=actor, now=now)
    return device


def move_device(
    records: Records,
    device_no: str,
    to: str,
    person: Person,
    password: str,
    *,
    actor: Actor,
    now: datetime,
    note: str = "",
) -> Device:
    """A step by hand. Blocks while the password is checked. Raises ActRefused."""
    check_password_again(records, person, password, actor.address, now)
    with records.writing() as session:
        device = device_in(session, device_no)
        move_by_hand(session, device, to, person, actor=actor, now=now, note=note)
    return device


def device_in(session: Session, device_no: str) -> Device:
    """The row inside the caller's transaction. Raises ActRefused 404."""
    device = session.get(Device, unicodedata.normalize("NFC", device_no))
    if device is None:
        raise ActRefused(f"device {device_no!r} is not in the ledger", zh=f"台账里没有 {device_no}", status=404)
    return device
