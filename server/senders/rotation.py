"""An agent's next credential: given out beside the present one, which ends when the next one is used once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session, col, select

from server.audit.chain import Actor, append
from server.devices.ledger import NoSuchDevice
from server.records import Records
from server.secret import hash_secret, make_secret
from server.senders.directory import ACTIVE, PREFIX
from server.senders.enrolment import next_revision
from server.senders.tables import AgentIdentity
from server.times import to_ms


def offer_credential(records: Records, agent_id: str, bearer: str, now: datetime) -> str:
    """A new secret, kept as a hash; one that was offered before and never used ends. Raises NoSuchDevice.

    ``bearer`` is what the agent asks with, and so what stands on its disk: that goes on letting in, whichever of the
    two it is. So the agent may ask as often as answers get lost.
    """
    fresh, asked_with = make_secret(PREFIX), hash_secret(bearer)
    with records.writing() as session:
        agent = session.get(AgentIdentity, agent_id)
        if agent is None or agent.state != ACTIVE:
            raise NoSuchDevice(f"there is no active agent {agent_id!r}")
        if agent.next_hash == asked_with:
            _take_up(session, agent, now)
        elif agent.credential_hash != asked_with:
            raise NoSuchDevice(f"{agent_id} has another credential by now")
        agent.next_hash = hash_secret(fresh)
        agent.revision = next_revision(session)
        session.add(agent)
    return fresh


def settle_rotations(records: Records, used: Collection[str], now: datetime) -> int:
    """The agents that used their next credential have it as their only one from now on; how many there were."""
    if not used:
        return 0
    with records.writing() as session:
        agents = session.exec(select(AgentIdentity).where(col(AgentIdentity.next_hash).in_(used))).all()
        for agent in agents:
            _take_up(session, agent, now)
        return len(agents)


def _take_up(session: Session, agent: AgentIdentity, now: datetime) -> None:
    assert agent.next_hash is not None
    agent.credential_hash, agent.next_hash = agent.next_hash, None
    agent.credential_ms = to_ms(now)
    agent.rotation_wanted = False
    agent.revision = next_revision(session)
    session.add(agent)
    session.flush()
    append(
        session,
        at=now,
        actor=Actor("agent", agent.id),
        act="agent.credential_rotated",
        subject=f"device/{agent.device_no}",
        new={"agent_id": agent.id},
    )
