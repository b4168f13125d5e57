"""The agents that may send, held in memory: asked on every batch, brought up to date by revision."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sqlmodel import col, select

from readings.wire import WireError
from server.inbox.arrival import Sender
from server.records import Records
from server.secret import hash_secret
from server.senders.tables import AgentIdentity

PREFIX = "zsa"
PENDING, ACTIVE, REVOKED = "pending", "active", "revoked"


@dataclass(frozen=True, slots=True)
class Known:
    """What the directory knows behind a credential: ``state`` is pending, active or revoked.

    ``next``: it is the one given out last, and by being used it ends the one before.
    """

    sender: Sender
    state: str
    next: bool = False


class SenderDirectory:
    """Credential → sender. ``refresh`` reads only rows changed since the last one, by any process."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._known: dict[str, Known] = {}
        self._hashes_of: dict[str, list[str]] = {}
        self._configured: dict[str, int] = {}
        self._taken_up: set[str] = set()
        self._revision = 0
        self._lock = threading.Lock()
        self.refresh()

    def refresh(self) -> None:
        with self._lock, self._records.session() as session:
            changed = session.exec(select(AgentIdentity).where(col(AgentIdentity.revision) > self._revision)).all()
            for row in changed:
                for hash_ in self._hashes_of.pop(row.id, []):
                    self._known.pop(hash_, None)
                sender = Sender(row.id, row.device_no)
                self._hashes_of[row.id] = [row.credential_hash]
                self._known[row.credential_hash] = Known(sender, row.state)
                if row.next_hash is not None:
                    self._hashes_of[row.id].append(row.next_hash)
                    self._known[row.next_hash] = Known(sender, row.state, next=True)
                self._configured[row.id] = row.configuration_revision
                self._revision = max(self._revision, row.revision)

    def find(self, bearer: str) -> Known | None:
        hash_ = hash_secret(bearer)
        known = self._known.get(hash_)
        if known is not None and known.next:
            self._taken_up.add(hash_)
        return known

    def taken_up(self) -> set[str]:
        """The hashes of next credentials that were used since this was asked last."""
        used, self._taken_up = self._taken_up, set()
        return used

    def configuration_revision(self, agent_id: str) -> int:
        """As the receipt names it; 0: nothing was ever set."""
        return self._configured.get(agent_id, 0)

    def authenticate(self, bearer: str) -> Sender | None:
        """The sender that holds this credential and may send now; no database, no wait."""
        known = self.find(bearer)
        return known.sender if known is not None and known.state == ACTIVE else None

    def admit(self, bearer: str) -> Sender | None:
        """The same at the door for batches. Raises WireError 403 for an agent that waits for approval."""
        known = self.find(bearer)
        if known is not None and known.state == PENDING:
            raise WireError(403, "not_approved", f"{known.sender.id} waits until somebody approves its device")
        return self.authenticate(bearer)
