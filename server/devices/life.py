"""The life of a device between issue and production."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from server.audit.chain import Actor, append
from server.devices.tables import Device, DeviceEntry
from server.people.acting import ActRefused
from server.times import to_ms

STEPS = {
    ("issued", "verifying"): "1.5-16",
    ("verified", "verifying"): "1.5-16",
    ("verifying", "verified"): "1.5-20",
    ("verifying", "issued"): "1.5-20",
}


def move(
    session: Session, device: Device, to: str, *, actor: Actor, now: datetime, note: str = "", reference: str = ""
) -> None:
    """Take one step in the caller's transaction, with its entry in the ledger and in the chain. Raises ActRefused."""
    if (device.life, to) not in STEPS:
        raise ActRefused(f"from {device.life} a device cannot become {to}", clause="1.5-4")
    old, device.life = device.life, to
    session.add(device)
    session.add(
        DeviceEntry(
            device_no=device.device_no,
            at_ms=to_ms(now),
            kind="life",
            actor=actor.name,
            old=old,
            new=to,
            note=note,
            reference=reference,
        )
    )
    new = {"life": to, "note": note, "reference": reference}
    subject = f"device/{device.device_no}"
    append(session, at=now, actor=actor, act="device.moved", subject=subject, old={"life": old}, new=new)
