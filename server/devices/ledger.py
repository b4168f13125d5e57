"""The devices: which there are, adding one, approving one that enrolled by itself."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from sqlmodel import Session, col, select

from server.audit.chain import Actor, Content, append
from server.devices.card import card_of, check_card
from server.devices.tables import Device
from server.judge.state import Directory, Traits
from server.records import Records
from server.times import to_ms

# Letters of any script (设备编号 may be Chinese), digits, and what numbers are joined with; it stands in addresses.
DEVICE_NO = re.compile(r"[^\W_][\w.\-]{0,63}")
LONGEST_TEXT = 200
PENDING, ACTIVE = "pending", "active"


class DeviceRefused(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """The act on this device cannot be done; the text says why."""


class NoSuchDevice(LookupError):  # noqa: N818 - it reads as the sentence it makes
    """The ledger has no device of this number."""


def check_device_no(text: str) -> str:
    """The number in its one spelling (NFC, no space around). Raises DeviceRefused."""
    device_no = unicodedata.normalize("NFC", text.strip())
    if not DEVICE_NO.fullmatch(device_no):
        raise DeviceRefused(
            f"{text!r} is not a device number: letters, digits, '.', '_', '-', at most 64, a letter or digit first"
        )
    return device_no


def describe(device: Device) -> Content:
    return {
        "device_no": device.device_no,
        "kind": device.kind,
        "state": device.state,
        "life": device.life,
        "interval_seconds": device.interval_s,
        **card_of(device),
    }


def add_device(session: Session, device: Device, *, actor: Actor, now: datetime) -> Device:
    """In the caller's transaction. Raises DeviceRefused when the number is taken or not one, CardRefused."""
    device.device_no = check_device_no(device.device_no)
    device.name = device.name.strip()[:LONGEST_TEXT] or device.device_no
    device.created_ms = to_ms(now)
    check_card(card_of(device))
    if session.get(Device, device.device_no) is not None:
        raise DeviceRefused(f"device {device.device_no} is in the ledger already")
    session.add(device)
    session.flush()
    append(session, at=now, actor=actor, act="device.added", subject=f"device/{device.device_no}", new=describe(device))
    return device


def find_device(records: Records, device_no: str) -> Device:
    """Raises NoSuchDevice."""
    with records.session() as session:
        device = session.get(Device, unicodedata.normalize("NFC", device_no))
    if device is None:
        raise NoSuchDevice(f"device {device_no!r} is not in the ledger")
    return device


def all_devices(records: Records) -> list[Device]:
    with records.session() as session:
        return list(session.exec(select(Device).order_by(col(Device.device_no))))


def traits_from(records: Records) -> Directory:
    """What rules ask of the ledger; a device that is not in it is taken for a server."""

    def traits(device_no: str) -> Traits:
        with records.session() as session:
            device = session.get(Device, device_no)
        return Traits() if device is None else Traits(kind=device.kind)

    return traits
