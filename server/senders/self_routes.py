"""What an agent asks for itself, under its own credential: its configuration, and its next credential."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from readings.wire import WireError
from server.devices.ledger import NoSuchDevice
from server.inbox.arrival import Sender
from server.senders.configuring import configuration_for
from server.senders.rotation import offer_credential
from server.web.access import CentreDep, NowDep, bearer_of, unauthorized
from server.web.problems import Problem, not_found

router = APIRouter(prefix="/api/v1/agents/self", tags=["agents"])


def calling_agent(request: Request, centre: CentreDep) -> Sender:
    """The agent whose credential this is. 401: nobody's; 403: it waits for approval."""
    try:
        sender = centre.senders.admit(bearer_of(request.headers.get("authorization")) or "")
    except WireError as error:
        raise Problem(error.status, "Not let in", error.detail) from error
    if sender is None:
        raise unauthorized("no agent has this credential")
    return sender


CallingAgent = Annotated[Sender, Depends(calling_agent)]


@router.get("/configuration", response_class=Response)
def configuration(sender: CallingAgent, centre: CentreDep) -> Response:
    """{revision, settings, rotate_credential}: asked for when a receipt names another revision."""
    try:
        said = configuration_for(centre.records, sender.id)
    except NoSuchDevice as error:
        raise not_found(str(error)) from error
    return Response(msgspec.json.encode(said), media_type="application/json")


@router.post("/credential", status_code=201)
def next_credential(sender: CallingAgent, request: Request, centre: CentreDep, now: NowDep) -> dict[str, str]:
    """``credential`` is in this answer and nowhere else. The present one lets in until this one was used once."""
    try:
        bearer = bearer_of(request.headers.get("authorization")) or ""
        fresh = offer_credential(centre.records, sender.id, bearer, now)
    except NoSuchDevice as error:
        raise not_found(str(error)) from error
    centre.senders.refresh()
    return {"credential": fresh}
