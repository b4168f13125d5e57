"""The devices over HTTP: list, add, one whole."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from server.devices.known import known_device
from server.devices.ledger import DeviceRefused, add_device
from server.devices.status import device_object, device_whole, every_device
from server.devices.tables import Device
from server.web.access import CentreDep, NowDep, ReaderDep, WriterDep
from server.web.problems import Problem

router = APIRouter(prefix="/api/v1/devices", tags=["devices"])

Short = Annotated[str, Field(max_length=200)]


class NewDevice(BaseModel):
    device_no: Short
    name: Short = ""
    kind: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,31}$")] = "server"
    location: Short = ""
    purpose: Short = ""
    owner_post: Short = ""
    interval_seconds: Annotated[float, Field(ge=1, le=3600)] = 15.0


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
    return device_object(centre, device, now)


@router.get("/{device_no}")
def device(device_no: str, _caller: ReaderDep, centre: CentreDep, now: NowDep) -> dict[str, Any]:
    """The device with what its sources said last and what the rules find."""
    return device_whole(centre, known_device(centre, device_no), now)
