"""Secrets of devices over HTTP: written by an administrator, read by nobody; shown is which there are, since when."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from readings.delivery.protocols import CollectionRefused
from server.device_secrets.keeping import drop_secret, kinds_of, set_secret
from server.device_secrets.keys import KeyRefused
from server.devices.known import known_device
from server.devices.ledger import NoSuchDevice
from server.times import rfc3339
from server.web.access import AdminDep, CentreDep, NowDep, ReaderDep
from server.web.problems import Problem, not_found

router = APIRouter(prefix="/api/v1/devices/{device_no}/secrets", tags=["collection"])


@router.get("")
def secrets(device_no: str, _caller: ReaderDep, centre: CentreDep) -> dict[str, Any]:
    known = known_device(centre, device_no)
    rows = kinds_of(centre.records, known.device_no)
    return {"secrets": [{"kind": row.kind, "since": rfc3339(row.since_ms)} for row in rows]}


@router.put("/{kind}")
async def setting(
    device_no: str, kind: str, request: Request, caller: AdminDep, centre: CentreDep, *, now: NowDep
) -> dict[str, str]:
    """The body is the secret: {"community"} or {"user", "auth", "auth_key", "privacy", "privacy_key"} for snmp,
    {"user", "password"} (ssh also "private_key") for ssh, bmc and sql.
    """
    # Taken by hand: what a validator finds wrong with a body it repeats in its answer.
    try:
        words = await request.json()
    except ValueError:
        words = None
    if not isinstance(words, dict):
        raise Problem(422, "Refused", f"{kind[:40]}: a JSON object is wanted")
    known = known_device(centre, device_no)
    try:
        row = await run_in_threadpool(
            set_secret, centre.records, centre.vault, known.device_no, kind, words, actor=caller.actor, now=now
        )
    except CollectionRefused as error:
        raise Problem(422, "Refused", str(error)) from None
    except KeyRefused as error:
        raise Problem(503, "No key", str(error)) from None
    centre.senders.refresh()
    return {"device_no": known.device_no, "kind": row.kind, "since": rfc3339(row.since_ms)}


@router.delete("/{kind}", status_code=204)
def dropping(device_no: str, kind: str, caller: AdminDep, centre: CentreDep, now: NowDep) -> None:
    known = known_device(centre, device_no)
    try:
        drop_secret(centre.records, known.device_no, kind, actor=caller.actor, now=now)
    except NoSuchDevice as error:
        raise not_found(str(error), device_no=device_no) from error
    centre.senders.refresh()
