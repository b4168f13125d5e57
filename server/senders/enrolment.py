"""Letting an agent in: a single-use token, a credential of its own, approval, revocation."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from server.audit.chain import Actor, append
from server.devices.ledger import DeviceRefused, NoSuchDevice, add_device, check_device_no
from server.devices.tables import Device
from server.records import Records
from server.secret import hash_secret, make_secret
from server.senders.directory import ACTIVE, PENDING, PREFIX, REVOKED
from server.senders.tables import AgentIdentity, EnrolmentToken
from server.times import rfc3339, to_ms

TOKEN_PREFIX = "zse"  # noqa: S105 - not a secret, its first letters
LONGEST_TTL = timedelta(days=7)
DEFAULT_TTL = timedelta(hours=1)
SERVER, COLLECTOR = "server", "collector"  # kinds of device; the second says of itself that it is one
MOST_FACTS = 50
LONGEST_FACT = 500


class EnrolmentRefused(Exception):  # noqa: N818 - it reads as the sentence it makes
    """The token lets nobody in (any more)."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """``credential`` is told once and kept only as a hash. ``state``: pending or active."""

    agent_id: str
    device_no: str
    credential: str
    state: str


def create_enrolment(
    records: Records,
    *,
    actor: Actor,
    now: datetime,
    device_no: str | None = None,
    device_name: str = "",
    ttl: timedelta = DEFAULT_TTL,
    fingerprint: str = "",
) -> tuple[EnrolmentToken, str]:
    """The row and the token. Without ``device_no`` whoever uses it waits for approval. Raises DeviceRefused.

    ``fingerprint`` of the centre's authority goes with the token, behind a dot: with it the agent knows whom it may
    tell the secret in front of the dot. "" where the centre speaks plain HTTP.
    """
    if not timedelta(0) < ttl <= LONGEST_TTL:
        raise DeviceRefused(f"an enrolment token lives more than 0 s and at most {LONGEST_TTL.days} d, not {ttl}")
    token = make_secret(TOKEN_PREFIX)
    row = EnrolmentToken(
        token_hash=hash_secret(token),
        device_no=None if device_no is None else check_device_no(device_no),
        device_name=device_name.strip(),
        created_ms=to_ms(now),
        created_by=actor.name,
        expires_ms=to_ms(now + ttl),
    )
    with records.writing() as session:
        session.add(row)
        session.flush()
        bound = {"device_no": row.device_no, "expires_at": rfc3339(row.expires_ms)}
        append(session, at=now, actor=actor, act="enrolment.created", subject=f"enrolment/{row.id}", new=bound)
    return row, f"{token}.{fingerprint}" if fingerprint else token


def enrol(
    records: Records, token: str, *, hostname: str, facts: dict[str, str], address: str, now: datetime
) -> Enrolled:
    """Use the token up and make the agent's credential.

    A token bound to a device makes that device if need be (a collector as one) and ends the credential of an agent that
    was there before (the host was installed anew). Raises EnrolmentRefused.
    """
    credential = make_secret(PREFIX)
    agent_id = f"agent-{secrets.token_hex(6)}"
    actor = Actor("agent", agent_id, address)
    with records.writing() as session:
        row = _use_up(session, token, agent_id, now)
        state = ACTIVE if row.device_no else PENDING
        kind = COLLECTOR if facts.get("role") == COLLECTOR else SERVER
        device = _device_of(session, row, hostname, state, kind, actor=actor, now=now)
        if state == ACTIVE:
            _revoke_all(session, device.device_no, actor, now)
        session.add(
            AgentIdentity(
                id=agent_id,
                device_no=device.device_no,
                hostname=hostname,
                facts={key[:LONGEST_FACT]: value[:LONGEST_FACT] for key, value in list(facts.items())[:MOST_FACTS]},
                credential_hash=hash_secret(credential),
                state=state,
                revision=next_revision(session),
                enrolled_ms=to_ms(now),
                credential_ms=to_ms(now),
                approved_ms=to_ms(now) if state == ACTIVE else None,
                approved_by=row.created_by if state == ACTIVE else None,
            )
        )
        append(
            session,
            at=now,
            actor=actor,
            act="agent.enrolled",
            subject=f"device/{device.device_no}",
            new={"agent_id": agent_id, "hostname": hostname, "state": state, "enrolment": row.id},
        )
        return Enrolled(agent_id, device.device_no, credential, state)


def approve(
    records: Records, device_no: str, *, actor: Actor, now: datetime, new_no: str | None = None, name: str | None = None
) -> Device:
    """Let a pending device's agent send. ``new_no`` gives it its number of the ledger, which may be there already.

    Raises NoSuchDevice, DeviceRefused.
    """
    with records.writing() as session:
        device = session.get(Device, device_no)
        if device is None:
            raise NoSuchDevice(f"device {device_no!r} is not in the ledger")
        agents = session.exec(
            select(AgentIdentity).where(AgentIdentity.device_no == device_no, AgentIdentity.state == PENDING)
        ).all()
        if not agents:
            raise DeviceRefused(f"device {device_no}: no agent waits for approval")
        if name:
            device.name = name.strip()
        if new_no is not None and check_device_no(new_no) != device_no:
            device = _renumber(session, device, check_device_no(new_no))
        _revoke_all(session, device.device_no, actor, now)
        device.state = ACTIVE
        session.add(device)
        for agent in agents:
            agent.state = ACTIVE
            agent.approved_ms = to_ms(now)
            agent.approved_by = actor.name
            agent.revision = next_revision(session)
            session.add(agent)
            session.flush()
        new = {"agent_ids": [agent.id for agent in agents], "device_no": device.device_no}
        append(session, at=now, actor=actor, act="device.approved", subject=f"device/{device_no}", new=new)
    return device


def revoke_agent(records: Records, agent_id: str, *, actor: Actor, now: datetime) -> None:
    """End one agent's credential at once. Raises NoSuchDevice when there is no such agent."""
    with records.writing() as session:
        agent = session.get(AgentIdentity, agent_id)
        if agent is None:
            raise NoSuchDevice(f"there is no agent {agent_id!r}")
        if agent.state != REVOKED:
            _revoke(session, agent, actor, now)


def agents_of(records: Records, device_no: str) -> list[AgentIdentity]:
    with records.session() as session:
        return list(session.exec(select(AgentIdentity).where(AgentIdentity.device_no == device_no)))


def _use_up(session: Session, token: str, agent_id: str, now: datetime) -> EnrolmentToken:
    secret = token.partition(".")[0]  # whoever sends the fingerprint too has done no harm
    row = session.exec(select(EnrolmentToken).where(EnrolmentToken.token_hash == hash_secret(secret))).first()
    if row is None:
        raise EnrolmentRefused("this enrolment token is unknown")
    if row.used_ms is not None:
        raise EnrolmentRefused(f"this enrolment token was used at {rfc3339(row.used_ms)}; it lets in one agent")
    if row.expires_ms <= to_ms(now):
        raise EnrolmentRefused(f"this enrolment token ended at {rfc3339(row.expires_ms)}")
    row.used_ms = to_ms(now)
    row.used_by = agent_id
    session.add(row)
    return row


def _device_of(
    session: Session, row: EnrolmentToken, hostname: str, state: str, kind: str, *, actor: Actor, now: datetime
) -> Device:
    """``kind`` is of a device that is made now: what the ledger says already stays."""
    if row.device_no is not None:
        device = session.get(Device, row.device_no)
        if device is not None:
            return device
        device_no = row.device_no
    else:
        device_no = number_for(hostname)
        while session.get(Device, device_no) is not None:
            device_no = f"{number_for(hostname)[:55]}-{secrets.token_hex(3)}"
    name = row.device_name or hostname or device_no
    device = Device(device_no=device_no, name=name, kind=kind, state=state, created_ms=0)
    return add_device(session, device, actor=actor, now=now)


def number_for(hostname: str) -> str:
    """A device number made from a host's name, until somebody gives the real one."""
    return re.sub(r"[^\w.\-]+", "-", hostname).strip("-_.")[:64] or "host"


def _renumber(session: Session, device: Device, new_no: str) -> Device:
    """A pending device takes its real number; it has no readings yet, so nothing else refers to the old one."""
    target = session.get(Device, new_no)
    if target is None:
        target = Device(**{**device.model_dump(), "device_no": new_no})
        session.add(target)
        session.flush()
    moved = session.exec(select(AgentIdentity).where(AgentIdentity.device_no == device.device_no)).all()
    for agent in moved:
        agent.device_no = new_no
        session.add(agent)
    session.flush()
    session.delete(device)
    return target


def _revoke_all(session: Session, device_no: str, actor: Actor, now: datetime) -> None:
    active = select(AgentIdentity).where(AgentIdentity.device_no == device_no, AgentIdentity.state == ACTIVE)
    for agent in session.exec(active).all():
        _revoke(session, agent, actor, now)


def _revoke(session: Session, agent: AgentIdentity, actor: Actor, now: datetime) -> None:
    agent.state = REVOKED
    agent.revoked_ms = to_ms(now)
    agent.next_hash = None
    agent.revision = next_revision(session)
    session.add(agent)
    session.flush()
    append(
        session,
        at=now,
        actor=actor,
        act="agent.revoked",
        subject=f"device/{agent.device_no}",
        old={"agent_id": agent.id},
    )


def next_revision(session: Session) -> int:
    """For a row that is changed now, so that directories read it again."""
    return (session.exec(select(func.max(col(AgentIdentity.revision)))).one() or 0) + 1
