"""Shares of the device list and the devices in them, over HTTP: shown to readers, changed by administrators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlmodel import col, select

from readings.delivery.protocols import CollectionRefused
from server.collection.force import in_force
from server.collection.lease import FOREVER_MS
from server.collection.roster import drop_device, put_device, put_share
from server.collection.tables import CollectedDevice, CollectionShare
from server.devices.known import known_device
from server.devices.ledger import NoSuchDevice
from server.times import rfc3339
from server.web.access import AdminDep, CentreDep, NowDep, ReaderDep
from server.web.problems import Problem, not_found

router = APIRouter(prefix="/api/v1", tags=["collection"])

Short = Annotated[str, Field(max_length=200)]


class ShareWanted(BaseModel):
    """``active_id`` and ``standby_id`` are ids of enrolled agents; without a standby nobody takes over."""

    model_config = {"extra": "forbid"}

    active_id: Short
    standby_id: Short = ""
    interval_s: float = 60.0


class CollectionWanted(BaseModel):
    """``protocols``: by name the settings of each way to ask it (readings/delivery/protocols.py)."""

    model_config = {"extra": "forbid"}

    share: Short
    address: Annotated[str, Field(min_length=1, max_length=253)]
    type: Short = ""
    interval_s: float = 60.0
    protocols: dict[str, Any] = {}


@router.get("/collection/shares")
def shares(_caller: ReaderDep, centre: CentreDep) -> dict[str, Any]:
    with centre.records.session() as session:
        rows = session.exec(select(CollectionShare).order_by(col(CollectionShare.name))).all()
    return {"shares": [share_object(row) for row in rows]}


@router.put("/collection/shares/{name}")
def setting_share(name: str, wanted: ShareWanted, caller: AdminDep, centre: CentreDep, now: NowDep) -> dict[str, Any]:
    """Naming others than its holder ends the holder's lease at once."""
    try:
        row = put_share(
            centre.records,
            name,
            active=wanted.active_id,
            standby=wanted.standby_id,
            interval_s=wanted.interval_s,
            actor=caller.actor,
            now=now,
        )
    except CollectionRefused as error:
        raise Problem(422, "Refused", str(error)) from error
    in_force(centre, now)
    return share_object(row)


@router.get("/devices/{device_no}/collection")
def collection(device_no: str, _caller: ReaderDep, centre: CentreDep) -> dict[str, Any]:
    known = known_device(centre, device_no)
    with centre.records.session() as session:
        row = session.get(CollectedDevice, known.device_no)
    if row is None:
        raise not_found(f"device {known.device_no} is asked by no collector", device_no=known.device_no)
    return device_object(row)


@router.put("/devices/{device_no}/collection")
def collecting(
    device_no: str, wanted: CollectionWanted, caller: AdminDep, centre: CentreDep, now: NowDep
) -> dict[str, Any]:
    """The collectors of the share fetch it after their next batch."""
    known = known_device(centre, device_no)
    try:
        row = put_device(
            centre.records,
            known.device_no,
            share=wanted.share,
            address=wanted.address,
            device_type=wanted.type,
            interval_s=wanted.interval_s,
            protocols=wanted.protocols,
            actor=caller.actor,
            now=now,
        )
    except CollectionRefused as error:
        raise Problem(422, "Refused", str(error)) from error
    in_force(centre, now)
    return device_object(row)


@router.delete("/devices/{device_no}/collection", status_code=204)
def not_collecting(device_no: str, caller: AdminDep, centre: CentreDep, now: NowDep) -> None:
    known = known_device(centre, device_no)
    try:
        drop_device(centre.records, known.device_no, actor=caller.actor, now=now)
    except NoSuchDevice as error:
        raise not_found(str(error), device_no=device_no) from error
    in_force(centre, now)


def share_object(row: CollectionShare) -> dict[str, Any]:
    return {
        "name": row.name,
        "active_id": row.active_id,
        "standby_id": row.standby_id,
        "interval_s": row.interval_s,
        "holder_id": row.holder_id,
        "term": row.term,
        "lease_until": None if row.lease_until_ms >= FOREVER_MS else rfc3339(row.lease_until_ms),
    }


def device_object(row: CollectedDevice) -> dict[str, Any]:
    return {
        "device_no": row.device_no,
        "share": row.share,
        "address": row.address,
        "type": row.device_type,
        "interval_s": row.interval_s,
        "protocols": row.protocols,
    }
