"""What an agent is asked to follow: harmless words only, changed by an administrator, counted by revision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from readings.delivery.configuration import Configuration, Wanted, wanted_from
from server.audit.chain import Actor, append
from server.devices.ledger import NoSuchDevice
from server.records import Records
from server.senders.directory import REVOKED
from server.senders.enrolment import next_revision
from server.senders.tables import AgentIdentity


def configure(
    records: Records,
    agent_id: str,
    words: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    rotate_credential: bool = False,
) -> AgentIdentity:
    """Change the words that are given; None gives one back to the host's own settings.

    Raises NoSuchDevice, ConfigurationRefused (nothing is changed then).
    """
    with records.writing() as session:
        agent = session.get(AgentIdentity, agent_id)
        if agent is None or agent.state == REVOKED:
            raise NoSuchDevice(f"there is no agent {agent_id!r} that could be configured")
        before = {"settings": agent.settings, "rotate_credential": agent.rotation_wanted}
        kept = {key: value for key, value in {**agent.settings, **words}.items() if value is not None}
        agent.settings = msgspec.to_builtins(wanted_from(kept))
        agent.rotation_wanted = agent.rotation_wanted or rotate_credential
        after = {"settings": agent.settings, "rotate_credential": agent.rotation_wanted}
        if after != before:
            agent.configuration_revision += 1
            agent.revision = next_revision(session)
            session.add(agent)
            session.flush()
            append(
                session,
                at=now,
                actor=actor,
                act="agent.configured",
                subject=f"device/{agent.device_no}",
                old={"agent_id": agent_id, **before},
                new={"agent_id": agent_id, "revision": agent.configuration_revision, **after},
            )
    return agent


def configuration_for(records: Records, agent_id: str) -> Configuration:
    """Raises NoSuchDevice."""
    with records.session() as session:
        agent = session.get(AgentIdentity, agent_id)
        if agent is None:
            raise NoSuchDevice(f"there is no agent {agent_id!r}")
        wanted = msgspec.convert(agent.settings, Wanted)
        return Configuration(agent.configuration_revision, wanted, agent.rotation_wanted)
