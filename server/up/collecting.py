"""What the collector of this machine needs besides itself: a share of the device list, and a key for secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from readings.delivery.credential import CredentialUnusable, kept
from readings.delivery.protocols import CollectionRefused
from server.audit.chain import Actor
from server.clock import utc_now
from server.collection.roster import put_share
from server.collection.tables import CollectionShare
from server.device_secrets.keeping import keys_in_use
from server.device_secrets.keys import KeyRefused, key_path, make_key, read_keys, write_keys
from server.records import Records
from server.senders.directory import ACTIVE
from server.senders.enrolment import number_for
from server.senders.tables import AgentIdentity

SHARE = "local"
INTERVAL_S = 60.0
SUFFIX = "-collector"


@dataclass(frozen=True, slots=True)
class Listening:
    """Where devices' traps and syslog are heard: this machine alone until told, on ports that need no root. 0: none."""

    address: str = "127.0.0.1"
    trap_port: int = 1162
    syslog_port: int = 1514

    def words(self) -> list[str]:
        ports = ["--trap-port", str(self.trap_port), "--syslog-port", str(self.syslog_port)]
        return ["--listen", self.address, *ports]


def collector_no(hostname: str) -> str:
    """A device of its own: the host's own number is the agent's.

    >>> collector_no("gw1")
    'gw1-collector'
    """
    return f"{number_for(hostname)[: 64 - len(SUFFIX)]}{SUFFIX}"


def ensure_key(records: Records, data: Path, environment: Mapping[str, str]) -> str:
    """Make the key of secrets where there never was one; what is to be said where there is none that can be used."""
    try:
        path = key_path(data, environment)
        if path.exists():
            read_keys(path)
        elif keys_in_use(records):
            # A new key would open nothing and hide that the old one is missing.
            return f"{path}: gone, and the secrets of devices are sealed with it: put it back"
        else:
            write_keys(path, [make_key()])
            return f"{path}: made; it opens the secrets of devices: keep a copy apart from the backups of the data"
    except (KeyRefused, OSError) as error:
        return f"secrets of devices cannot be kept: {error}"
    return ""


def ensure_share(records: Records, state: Path, *, actor: Actor) -> str:
    """A share that this machine's collector asks. One that somebody gave to another is left as it is; what is to be
    said when it could not be made.
    """
    try:
        credential = kept(state)
    except CredentialUnusable as error:
        return str(error)
    if credential is None:
        return f"{state}: not enrolled"
    with records.session() as session:
        share = session.get(CollectionShare, SHARE)
        active = None if share is None else session.get(AgentIdentity, share.active_id)
    if share is not None and (share.active_id == credential.agent_id or (active and active.state == ACTIVE)):
        return ""
    # The collector that had it is none any more: its state folder was lost, and it enrolled anew.
    standby = share.standby_id if share is not None and share.standby_id != credential.agent_id else ""
    interval_s = share.interval_s if share is not None else INTERVAL_S
    try:
        put_share(
            records,
            SHARE,
            active=credential.agent_id,
            standby=standby,
            interval_s=interval_s,
            actor=actor,
            now=utc_now(),
        )
    except CollectionRefused as error:
        return f"share {SHARE}: {error}"
    return ""
