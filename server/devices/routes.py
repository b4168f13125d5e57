"""The devices over HTTP: list, add, one whole."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, SecretStr

from server.devices.acts import change_device, move_device
from server.devices.card import CardRefused, entries_of
from server.devices.known import known_device
from server.devices.ledger import DeviceRefused, add_device
from server.devices.status import device_object, device_whole, every_device
from server.devices.tables import Device
from server.people.queue import one_of_a_few
from server.times import rfc3339
from server.web.access import ActingDep, CentreDep, NowDep, ReaderDep, WriterDep
from server.web.problems import Problem

router = APIRouter(prefix="/api/v1/devices", tags=["devices"])

Short = Annotated[str, Field(max_length=200)]
Long = Annotated[str, Field(max_length=2000)]


class NewDevice(BaseModel):
    device_no: Short
    name: Short = ""
    kind: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,31}$")] = "server"
    life: Annotated[str, Field(pattern="^(stocked|issued)$")] = "issued"
    interval_seconds: Annotated[float, Field(ge=1, le=3600)] = 15.0
    vendor: Short = ""
    model: Short = ""
    serial: Short = ""
    main_parameters: Long = ""
    device_class: Short = "core"
    environment: Short = "production"
    location: Short = ""
    purpose: Short = ""
    owner_dept: Short = ""
    owner: Short = ""
    owner_post: Short = ""
    stocked_on: Short = ""
    issued_on: Short = ""
    warranty_until: Short = ""
    service_life_years: int | None = None
    software: Long = ""
    licence: Short = ""


class CardChange(BaseModel):
    """Only what is sent is changed."""

    model_config = {"extra": "forbid"}

    name: Short | None = None
    vendor: Short | None = None
    model: Short | None = None
    serial: Short | None = None
    main_parameters: Long | None = None
    device_class: Short | None = None
    environment: Short | None = None
    location: Short | None = None
    purpose: Short | None = None
    owner_dept: Short | None = None
    owner: Short | None = None
    owner_post: Short | None = None
    stocked_on: Short | None = None
    issued_on: Short | None = None
    warranty_until: Short | None = None
    service_life_years: int | None = None
    software: Long | None = None
    licence: Short | None = None


class NextLife(BaseModel):
    to: Short
    password: Annotated[SecretStr, Field(max_length=1000)]
    note: Long = ""


@router.get("")
def devices(_caller: ReaderDep, centre: CentreDep, now: NowDep) -> dict[str, Any]:
    return {"devices": every_device(centre, now)}


@router.post("", status_code=201)
def new_device(wanted: NewDevice, caller: WriterDep, centre: CentreDep, now: NowDep) -> dict[str, Any]:
    fields = wanted.model_dump()
    device = Device(**fields, interval_s=fields["interval_seconds"], created_ms=0)
    try:
        with centre.records.writing() as session:
            add_device(session, device, actor=caller.actor, now=now)
    except DeviceRefused as error:
        raise Problem(409 if "already" in str(error) else 422, "Refused", str(error)) from error
    except CardRefused as error:
        raise Problem(422, "Refused", str(error)) from error
    return device_object(centre, device, now)


@router.get("/{device_no}")
def device(device_no: str, _caller: ReaderDep, centre: CentreDep, now: NowDep) -> dict[str, Any]:
    """The device with what its sources said last and what the rules find."""
    return device_whole(centre, known_device(centre, device_no), now)


@router.patch("/{device_no}")
def change(device_no: str, wanted: CardChange, caller: WriterDep, centre: CentreDep, now: NowDep) -> dict[str, Any]:
    """Change the card; every change of place, owner or purpose becomes an entry of the ledger."""
    known_device(centre, device_no)
    changes = {
        field: value
        for field, value in wanted.model_dump(exclude_unset=True).items()
        if value is not None or field == "service_life_years"
    }
    try:
        device = change_device(centre.records, device_no, changes, actor=caller.actor, now=now)
    except CardRefused as error:
        raise Problem(422, "Refused", str(error)) from error
    return device_object(centre, device, now)


@router.get("/{device_no}/entries")
def entries(device_no: str, _caller: ReaderDep, centre: CentreDep) -> dict[str, Any]:
    """What changed of the device in the ledger, the newest first."""
    known = known_device(centre, device_no)
    return {
        "entries": [
            {
                "at": rfc3339(entry.at_ms),
                "kind": entry.kind,
                "actor": entry.actor,
                "old": entry.old,
                "new": entry.new,
                "note": entry.note,
                "reference": entry.reference,
            }
            for entry in entries_of(centre.records, known.device_no)
        ]
    }


@router.post("/{device_no}/life")
async def live_on(
    device_no: str, wanted: NextLife, caller: ActingDep, centre: CentreDep, now: NowDep
) -> dict[str, Any]:
    """A person's own step in the life of a device, signed with the password."""
    device = await one_of_a_few(
        move_device,
        centre.records,
        device_no,
        wanted.to,
        caller.someone,
        wanted.password.get_secret_value(),
        actor=caller.actor,
        now=now,
        note=wanted.note,
    )
    return device_object(centre, device, now)
