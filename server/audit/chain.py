"""Appending to the audit chain and checking it from the first entry to the last."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlmodel import Session, col, select

from server.audit.tables import AuditEntry
from server.times import to_ms

FIRST = "0" * 64

ActorKind = Literal["person", "token", "agent", "command", "system"]
Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a signed-in person, a program's token, an agent, or somebody at this machine's command line."""

    kind: ActorKind
    name: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry. Whoever remembers one can later prove that nothing before it was cut off."""

    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Verification:
    """``broken_at`` is the first sequence that does not fit, ``reason`` says in what way."""

    entries: int
    head: Head
    broken_at: int | None = None
    reason: str = ""

    @property
    def holds(self) -> bool:
        return self.broken_at is None


def canonical(content: Content | None) -> str:
    """One text for one content: sorted keys, no spaces, UTF-8. "" for nothing. Refuses NaN."""
    if content is None:
        return ""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_hash_of(entry: AuditEntry) -> str:
    """SHA-256 over what was done. It stands for the content wherever an entry is shown without it."""
    fields = {
        "at_ms": entry.at_ms,
        "actor_kind": entry.actor_kind,
        "actor": entry.actor,
        "address": entry.address,
        "act": entry.act,
        "subject": entry.subject,
        "old": entry.old,
        "new": entry.new,
    }
    return hashlib.sha256(canonical(fields).encode()).hexdigest()


def hash_of(entry: AuditEntry) -> str:
    """SHA-256 over the entry's place, the hash before it and the hash of its content: checked without the content."""
    link = {
        "sequence": entry.sequence,
        "previous_hash": entry.previous_hash,
        "content_hash": content_hash_of(entry),
    }
    return hashlib.sha256(canonical(link).encode()).hexdigest()


def head(session: Session) -> Head:
    last = session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence).desc()).limit(1)).first()
    return Head(0, FIRST) if last is None else Head(last.sequence, last.hash)


def append(
    session: Session,
    *,
    at: datetime,
    actor: Actor,
    act: str,
    subject: str,
    old: Content | None = None,
    new: Content | None = None,
) -> AuditEntry:
    """Write one act in the same transaction as the change itself (``Records.writing``: appenders take turns).

    ``act`` is a dotted word ("person.created"), ``subject`` names what it was done to ("person/alice"). Secrets never
    go in here: not a password, not a token, not their hashes.
    """
    before = head(session)
    entry = AuditEntry(
        sequence=before.sequence + 1,
        at_ms=to_ms(at),
        actor_kind=actor.kind,
        actor=actor.name,
        address=actor.address,
        act=act,
        subject=subject,
        old=canonical(old),
        new=canonical(new),
        previous_hash=before.hash,
        hash="",
    )
    entry.hash = hash_of(entry)
    session.add(entry)
    session.flush()
    return entry


def verify(session: Session, witness: Head | None = None) -> Verification:
    """Walk the whole chain. ``witness``, a head somebody kept, must still stand in it at its place."""
    before = Head(0, FIRST)
    entries = session.exec(
        select(AuditEntry).order_by(col(AuditEntry.sequence)).execution_options(yield_per=1000, populate_existing=True)
    )
    for entry in entries:
        fault = _fault(entry, before, witness)
        if fault:
            return Verification(before.sequence, before, before.sequence + 1, fault)
        before = Head(entry.sequence, entry.hash)
    if witness is not None and witness.sequence > before.sequence:
        return Verification(
            before.sequence,
            before,
            before.sequence + 1,
            f"entry {before.sequence + 1} to {witness.sequence} are missing: a witness kept entry {witness.sequence}",
        )
    return Verification(before.sequence, before)


def _fault(entry: AuditEntry, before: Head, witness: Head | None) -> str:
    if entry.sequence != before.sequence + 1:
        return f"entry {before.sequence + 1} is missing: {entry.sequence} follows {before.sequence}"
    if entry.previous_hash != before.hash:
        return f"entry {entry.sequence} does not carry the hash of entry {before.sequence}"
    if entry.hash != hash_of(entry):
        return f"entry {entry.sequence} was changed: its content does not give its hash"
    if witness is not None and entry.sequence == witness.sequence and entry.hash != witness.hash:
        return f"entry {entry.sequence} is not the one a witness kept: the chain was written anew"
    return ""
