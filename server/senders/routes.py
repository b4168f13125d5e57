"""Enrolling, approving and revoking agents over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from readings.delivery.configuration import MOST_PACES, ConfigurationRefused
from server.devices.ledger import DeviceRefused, NoSuchDevice
from server.senders.configuring import configure
from server.senders.enrolment import (
    LONGEST_TTL,
    EnrolmentRefused,
    agents_of,
    approve,
    create_enrolment,
    enrol,
    revoke_agent,
)
from server.senders.tables import AgentIdentity
from server.times import rfc3339, rfc3339_or_none
from server.web.access import AdminDep, CentreDep, NowDep, ReaderDep, address_of
from server.web.problems import Problem, not_found

router = APIRouter(prefix="/api/v1", tags=["agents"])

Short = Annotated[str, Field(max_length=200)]


class Enrolment(BaseModel):
    token: Annotated[str, Field(min_length=1, max_length=200)]
    hostname: Short = ""
    facts: Annotated[dict[str, str], Field(max_length=50)] = {}


class NewEnrolment(BaseModel):
    device_no: Short | None = None
    device_name: Short = ""
    ttl_seconds: Annotated[float, Field(gt=0, le=LONGEST_TTL.total_seconds())] = 3600


class Approval(BaseModel):
    """``device_no``: the number of the ledger it gets; without it the present one stays."""

    device_no: Short | None = None
    name: Short | None = None


class AgentChange(BaseModel):
    """Only what is sent is changed; null gives a word back to the host's own settings."""

    model_config = {"extra": "forbid"}

    interval_s: float | None = None
    log_level: Short | None = None
    paces: Annotated[dict[str, float] | None, Field(max_length=MOST_PACES)] = None
    rotate_credential: bool = False


@router.post("/enrol", status_code=201)
def enrolling(enrolment: Enrolment, request: Request, centre: CentreDep, now: NowDep) -> dict[str, str]:
    """Open to whoever holds an enrolment token. ``credential`` is in this answer and nowhere else."""
    try:
        enrolled = enrol(
            centre.records,
            enrolment.token,
            hostname=enrolment.hostname,
            facts=enrolment.facts,
            address=address_of(request),
            now=now,
        )
    except EnrolmentRefused as error:
        raise Problem(401, "Not let in", str(error), headers={"WWW-Authenticate": "Bearer"}) from error
    centre.senders.refresh()
    return {
        "agent_id": enrolled.agent_id,
        "device_no": enrolled.device_no,
        "credential": enrolled.credential,
        "state": enrolled.state,
    }


@router.post("/enrolments", status_code=201)
def new_enrolment(wanted: NewEnrolment, caller: AdminDep, centre: CentreDep, now: NowDep) -> dict[str, Any]:
    """``token`` is in this answer and nowhere else; it lets in one agent."""
    try:
        row, token = create_enrolment(
            centre.records,
            actor=caller.actor,
            now=now,
            device_no=wanted.device_no,
            device_name=wanted.device_name,
            ttl=timedelta(seconds=wanted.ttl_seconds),
            fingerprint="" if centre.serving is None else centre.certificates.fingerprint(),
        )
    except DeviceRefused as error:
        raise Problem(422, "Refused", str(error)) from error
    return {"device_no": row.device_no, "expires_at": rfc3339(row.expires_ms), "token": token}


@router.post("/devices/{device_no}/approve")
def approving(
    device_no: str, caller: AdminDep, centre: CentreDep, now: NowDep, approval: Approval | None = None
) -> dict[str, str]:
    """Let the agent that waits under this number send."""
    wanted = approval or Approval()
    try:
        device = approve(
            centre.records, device_no, actor=caller.actor, now=now, new_no=wanted.device_no, name=wanted.name
        )
    except NoSuchDevice as error:
        raise not_found(str(error), device_no=device_no) from error
    except DeviceRefused as error:
        raise Problem(409, "Not approved", str(error)) from error
    centre.senders.refresh()
    return {"device_no": device.device_no, "state": device.state}


@router.get("/devices/{device_no}/agents")
def agents(device_no: str, _caller: ReaderDep, centre: CentreDep) -> dict[str, Any]:
    return {
        "agents": [
            {
                "agent_id": agent.id,
                "hostname": agent.hostname,
                "facts": agent.facts,
                "state": agent.state,
                "enrolled_at": rfc3339(agent.enrolled_ms),
                "approved_by": agent.approved_by,
                "revoked_at": rfc3339_or_none(agent.revoked_ms),
                "credential_since": rfc3339(agent.credential_ms),
                **_configuration_of(agent),
            }
            for agent in agents_of(centre.records, device_no)
        ]
    }


@router.patch("/agents/{agent_id}")
def configuring(agent_id: str, change: AgentChange, caller: AdminDep, centre: CentreDep, now: NowDep) -> dict[str, Any]:
    """The agent fetches it after its next batch, and follows it within its own limits."""
    words = change.model_dump(exclude_unset=True, exclude={"rotate_credential"})
    try:
        agent = configure(
            centre.records, agent_id, words, actor=caller.actor, now=now, rotate_credential=change.rotate_credential
        )
    except NoSuchDevice as error:
        raise not_found(str(error)) from error
    except ConfigurationRefused as error:
        raise Problem(422, "Refused", str(error)) from error
    centre.senders.refresh()
    return {"agent_id": agent.id, "device_no": agent.device_no, **_configuration_of(agent)}


@router.delete("/agents/{agent_id}", status_code=204)
def revoking(agent_id: str, caller: AdminDep, centre: CentreDep, now: NowDep) -> None:
    """End an agent's credential at once; what it read meanwhile stays in its spool."""
    try:
        revoke_agent(centre.records, agent_id, actor=caller.actor, now=now)
    except NoSuchDevice as error:
        raise not_found(str(error)) from error
    centre.senders.refresh()


def _configuration_of(agent: AgentIdentity) -> dict[str, Any]:
    return {
        "configuration_revision": agent.configuration_revision,
        "settings": agent.settings,
        "rotate_credential": agent.rotation_wanted,
    }
