"""The file that carries one subject out of the house: its frozen records and the chain of acts, line by line.

JSON Lines in canonical form: a header, the frozen records, the audit entries from the subject's first to the chain's
head (those of others by their hashes alone), and a manifest. ``evidence_check.py`` at the top of this repository reads
it and says what each line must hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, or_, select

from evidence_check import FORMAT, MAX_LINE_BYTES, MAX_LINES, MAX_RECORDS, VERSION
from server.audit.chain import Head, canonical, content_hash_of, head
from server.audit.tables import AuditEntry
from server.evidence.tables import EvidenceRecord
from server.people.acting import ActRefused
from server.times import rfc3339, to_ms

MEDIA_TYPE = "application/x-ndjson"
DIGEST_BYTES = 32
DIGESTS_A_PIECE = 1000


def file_name(subject: str) -> str:
    """``run/C-2026-0001`` goes out as ``C-2026-0001.zhishou-evidence.jsonl``."""
    return f"{subject.rpartition('/')[2]}.zhishou-evidence.jsonl"


def export(session: Session, subject: str, now: datetime) -> Iterator[bytes]:
    """The file in pieces, as the records stand in this session; nothing is changed by it.

    Raises LookupError when nothing of ``subject`` was frozen, ActRefused when the file would be longer than can be
    checked: both before the first piece.
    """
    until = head(session)
    since = session.exec(select(func.min(AuditEntry.sequence)).where(_acts_on(subject))).one()
    frozen = select(EvidenceRecord).where(EvidenceRecord.subject == subject)
    records = session.exec(
        frozen.order_by(col(EvidenceRecord.at_ms), col(EvidenceRecord.sha256)).limit(MAX_RECORDS + 1)
    ).all()
    if since is None or not records:
        raise LookupError(f"nothing of {subject} was frozen")
    lines = 1 + len(records) + until.sequence - since + 1
    if lines >= MAX_LINES or len(records) > MAX_RECORDS:
        raise ActRefused(f"{subject}: entries {since} to {until.sequence} make a file longer than can be checked")
    return _pieces(
        [_header(subject, now, until), *(_record(record) for record in records)],
        _entries(session, subject, since, until),
    )


def _acts_on(subject: str) -> ColumnElement[bool]:
    """The subject itself and its parts ("run/C-2026-0001/item-3")."""
    return or_(col(AuditEntry.subject) == subject, col(AuditEntry.subject).startswith(f"{subject}/", autoescape=True))


def _line(content: dict[str, Any]) -> bytes:
    line = f"{canonical(content)}\n".encode()
    if len(line) > MAX_LINE_BYTES:
        raise ActRefused(f"a line of {len(line)} bytes is longer than can be checked ({MAX_LINE_BYTES})")
    return line


def _header(subject: str, now: datetime, until: Head) -> bytes:
    return _line(
        {
            "format": FORMAT,
            "version": VERSION,
            "subject": subject,
            "exported_at": rfc3339(to_ms(now)),
            "head": {"sequence": until.sequence, "hash": until.hash},
        }
    )


def _record(record: EvidenceRecord) -> bytes:
    # As it lies there, fitting or not: whether it was altered is for the checker to say.
    return _line({"record": record.sha256, "at_ms": record.at_ms, "content": json.loads(record.content)})


def _entries(session: Session, subject: str, since: int, until: Head) -> Iterator[bytes]:
    entries = session.exec(
        select(AuditEntry)
        .where(col(AuditEntry.sequence).between(since, until.sequence))
        .order_by(col(AuditEntry.sequence))
        .execution_options(yield_per=1000, populate_existing=True)
    )
    for entry in entries:
        link = {
            "sequence": entry.sequence,
            "previous_hash": entry.previous_hash,
            "content_hash": content_hash_of(entry),
            "hash": entry.hash,
        }
        own = entry.subject == subject or entry.subject.startswith(f"{subject}/")
        yield _line({**link, **_content(entry)} if own else link)


def _content(entry: AuditEntry) -> dict[str, Any]:
    return {
        "at_ms": entry.at_ms,
        "actor_kind": entry.actor_kind,
        "actor": entry.actor,
        "address": entry.address,
        "act": entry.act,
        "subject": entry.subject,
        "old": entry.old,
        "new": entry.new,
    }


def _pieces(first: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    """Every line, and after them the manifest, of which 32 bytes a line are kept until then."""
    whole = hashlib.sha256()
    digests = bytearray()
    for lines in (first, rest):
        for line in lines:
            whole.update(line)
            digests += hashlib.sha256(line).digest()
            yield line
    yield b'{"lines":%d,"manifest":[' % (len(digests) // DIGEST_BYTES)
    size = DIGESTS_A_PIECE * DIGEST_BYTES
    for start in range(0, len(digests), size):
        named = ",".join(
            f'"{digests[at : at + DIGEST_BYTES].hex()}"'
            for at in range(start, min(start + size, len(digests)), DIGEST_BYTES)
        )
        yield f"{',' if start else ''}{named}".encode()
    yield b'],"sha256":"%s"}\n' % whole.hexdigest().encode()
