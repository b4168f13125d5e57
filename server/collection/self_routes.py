"""What a collector asks for itself, under its own credential: its devices with their secrets, and its leases."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request
from sqlmodel import col, select
from starlette.responses import Response

from readings.delivery.collection import DeviceList, ListedDevice
from readings.delivery.protocols import protocols_from
from server.collection.leasing import ask_leases, shares_of
from server.collection.tables import CollectedDevice
from server.device_secrets.keeping import open_secrets
from server.device_secrets.keys import KeyRefused
from server.device_secrets.vault import Vault
from server.records import Records
from server.senders.self_routes import CallingAgent
from server.senders.tables import AgentIdentity
from server.times import to_ms
from server.web.access import CentreDep, NowDep
from server.web.problems import Problem

router = APIRouter(prefix="/api/v1/collectors/self", tags=["collection"])


@router.get("/devices", response_class=Response)
def devices(sender: CallingAgent, request: Request, centre: CentreDep) -> Response:
    """{revision, devices: [{device_no, share, address, type, interval_s, protocols, secrets}]} of the shares it asks or
    stands by for. With If-None-Match of the last ETag 304 while nothing changed.
    """
    try:
        etag, body = list_for(centre.records, centre.vault, sender.id, request.headers.get("if-none-match", ""))
    except KeyRefused as error:
        raise Problem(503, "No key", str(error)) from None
    headers = {"ETag": etag, "Cache-Control": "no-store"}
    if body is None:
        return Response(status_code=304, headers=headers)
    return Response(msgspec.json.encode(body), media_type="application/json", headers=headers)


@router.post("/leases", response_class=Response)
def leases(sender: CallingAgent, centre: CentreDep, now: NowDep) -> Response:
    """{revision, leases: [{share, held, term, lasts_s, every_s, alone}]}: asked every third of an interval."""
    told, changed = ask_leases(centre.records, sender.id, now)
    if changed:
        # Before it hears that it holds them: what it reads from now on must be taken.
        centre.rights.refresh(to_ms(now))
    return Response(msgspec.json.encode(told), media_type="application/json", headers={"Cache-Control": "no-store"})


def list_for(records: Records, vault: Vault, agent_id: str, known_etag: str) -> tuple[str, DeviceList | None]:
    """(ETag, the list or None when the collector has it). Raises KeyRefused."""
    with records.session() as session:
        agent = session.get(AgentIdentity, agent_id)
        revision = agent.configuration_revision if agent else 0
        etag = f'"{agent_id}-{revision}"'
        if known_etag == etag:
            return etag, None
        names = [share.name for share in shares_of(session, agent_id)]
        asked = select(CollectedDevice).where(col(CollectedDevice.share).in_(names))
        rows = session.exec(asked.order_by(col(CollectedDevice.device_no))).all()
    secrets = open_secrets(records, vault, [row.device_no for row in rows])
    listed = [
        ListedDevice(
            row.device_no,
            row.share,
            row.address,
            row.device_type,
            row.interval_s,
            protocols_from(row.protocols),
            secrets.get(row.device_no, {}),
        )
        for row in rows
    ]
    return etag, DeviceList(revision, listed)
