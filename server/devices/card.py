"""The card of a device: what the ledger says of it (1.5-5, 1.5-6, 1.5-10), checked, and kept with its changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from server.audit.chain import Actor, append
from server.devices.tables import Device, DeviceEntry
from server.records import Records
from server.times import to_ms

# Which change item of 1.5-7 a field belongs to; every other field of the card is "card".
KIND_OF_FIELD = {
    "location": "location_transfer",
    "owner": "owner_transfer",
    "owner_dept": "owner_transfer",
    "owner_post": "owner_transfer",
    "purpose": "purpose_change",
}
CLASSES = ("core", "special", "peripheral")
ENVIRONMENTS = ("production", "test", "office")
SERVICE_LIFE_YEARS = {"core": 3, "peripheral": 5}  # 1.5-24; a special device by what it is used for
DATES = ("stocked_on", "issued_on", "warranty_until")
FIELDS = (
    *("name", "vendor", "model", "serial", "main_parameters", "device_class", "environment", "location", "purpose"),
    *("owner_dept", "owner", "owner_post", *DATES, "service_life_years", "software", "licence"),
)
LONGEST_SERVICE_YEARS = 50
MOST_ENTRIES = 500


class CardRefused(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """A field of the card cannot be so: ``field: what is wrong, and what came``."""


def check_card(fields: Mapping[str, Any]) -> None:
    """Raises CardRefused."""
    for field in DATES:
        if value := fields.get(field):
            try:
                date.fromisoformat(value)
            except ValueError as error:
                raise CardRefused(f"{field}: {value!r} is not a date (2026-11-23)") from error
    for field, words in (("device_class", CLASSES), ("environment", ENVIRONMENTS)):
        if field in fields and fields[field] not in words:
            raise CardRefused(f"{field}: {fields[field]!r} is none of {', '.join(words)}")
    years = fields.get("service_life_years")
    if years is not None and not 1 <= years <= LONGEST_SERVICE_YEARS:
        raise CardRefused(f"service_life_years: {years} is not between 1 and {LONGEST_SERVICE_YEARS}")


def change_card(
    session: Session, device: Device, changes: Mapping[str, Any], *, actor: Actor, now: datetime
) -> list[str]:
    """In the caller's transaction; which fields really changed. Raises CardRefused."""
    check_card(changes)
    old = {field: getattr(device, field) for field in changes}
    changed = [field for field in FIELDS if field in changes and changes[field] != old[field]]
    if not changed:
        return []
    for field in changed:
        setattr(device, field, changes[field])
        session.add(
            DeviceEntry(
                device_no=device.device_no,
                at_ms=to_ms(now),
                kind=KIND_OF_FIELD.get(field, "card"),
                actor=actor.name,
                old=f"{field}: {old[field] or ''}",
                new=f"{field}: {changes[field] or ''}",
            )
        )
    session.add(device)
    append(
        session,
        at=now,
        actor=actor,
        act="device.changed",
        subject=f"device/{device.device_no}",
        old={field: old[field] for field in changed},
        new={field: changes[field] for field in changed},
    )
    return changed


def card_of(device: Device) -> dict[str, Any]:
    """Every field of the card as it stands."""
    return {field: getattr(device, field) for field in FIELDS}


def service_life(device: Device, today: date) -> tuple[int | None, date | None, bool | None]:
    """(years, last day, whether that is over); None where nobody can say: no years or no day of issue."""
    years = device.service_life_years or SERVICE_LIFE_YEARS.get(device.device_class)
    begin = device.issued_on or device.stocked_on
    if years is None or not begin:
        return years, None, None
    first = date.fromisoformat(begin)
    try:
        last = first.replace(year=first.year + years)
    except ValueError:  # the 29th of February
        last = first.replace(year=first.year + years, day=28)
    return years, last, today > last


def entries_of(records: Records, device_no: str) -> list[DeviceEntry]:
    """The newest first."""
    asked = select(DeviceEntry).where(col(DeviceEntry.device_no) == device_no).order_by(col(DeviceEntry.id).desc())
    with records.session() as session:
        return list(session.exec(asked.limit(MOST_ENTRIES)))
