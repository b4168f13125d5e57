"""A closed checklist among the acts of others, put into the records by hand, and its file."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import pytest

from evidence_check import Check, lines_of
from server.audit.chain import Actor, append, canonical
from server.centre import Centre
from server.duty.tables import ChecklistRun
from server.evidence.export import export
from server.evidence.tables import EvidenceRecord
from server.records import Records
from server.times import to_ms
from server.verification.tables import VerificationRun
from tests.fixtures_centre import HandClock

NUMBER = "C-2026-0001"
SUBJECT = f"run/{NUMBER}"
# What tempts JSON to change on the way: floats, large numbers, Chinese, quotes, a line separator, what is no character.
CONTENT: dict[str, Any] = {
    "number": NUMBER,
    "items": [
        {"item": "机房温度", "value": 23.700000000000003, "limit": 27.0, "confirmed_by": "li", "reviewed_by": "wang"},
        {"item": "bytes", "value": 18446744073709551616, "small": 1e-7, "large": 1e22, "minus": -0.0, "none": None},
    ],
    "note": 'said "fine"\n\u2028end \U0001f4a1',
}


def close_run(records: Records, clock: HandClock, number: str = NUMBER, content: dict[str, Any] = CONTENT) -> str:
    """The record's sha256. Before, between and after the acts on the run others act on other things."""
    subject = f"run/{number}"
    acts = [
        ("li", "run.started", subject),
        ("zhao", "person.changed", "person/secret-zhao"),
        ("li", "run.item", subject),
    ]
    frozen = canonical(content)
    sha256 = hashlib.sha256(frozen.encode()).hexdigest()
    with records.writing() as session:
        for name, act, about in [("zhao", "token.created", "token/secret-token"), *acts]:
            actor = Actor("person", name, "10.0.0.7")
            append(session, at=clock(), actor=actor, act=act, subject=about, new={"hidden": f"of {about}"})
            clock.forward(minutes=1.0)
        at_ms = to_ms(clock())
        session.add(EvidenceRecord(sha256=sha256, subject=subject, at_ms=at_ms, content=frozen))
        session.flush()
        session.add(
            ChecklistRun(
                number=number, template="room", template_version=1, template_hash="", template_json="{}",
                calendar_date="2026-11-24", state="closed", started_ms=at_ms, started_by="li",
                closed_ms=at_ms, closed_by="wang", record_sha256=sha256,
            )
        )  # fmt: skip
        wang = Actor("person", "wang", "10.0.0.8")
        append(session, at=clock(), actor=wang, act="run.closed", subject=subject, new={"record_sha256": sha256})
        append(session, at=clock(), actor=wang, act="secret.kept", subject="other/secret-thing")
    return sha256


def open_verification(records: Records, device_no: str, state: str, record: str | None) -> None:
    """V-2026-0001 in this state; the device must be there."""
    with records.writing() as session:
        session.add(
            VerificationRun(
                number="V-2026-0001", device_no=device_no, profile="server", profile_version=1, profile_hash="",
                profile_json="{}", window_s=604_800, state=state, started_ms=0, started_by="li", record_sha256=record,
            )
        )  # fmt: skip


@pytest.fixture
def closed(centre: Centre, clock: HandClock) -> str:
    return close_run(centre.records, clock)


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The evidence file of C-2026-0001, made once."""
    clock = HandClock()
    records = Records(tmp_path_factory.mktemp("records") / "records.db")
    close_run(records, clock)
    with records.session() as session:
        made = b"".join(export(session, SUBJECT, clock()))
    records.close()
    return made


def check(file: bytes, *witnesses: tuple[int, str]) -> Check:
    """The checker, in this process."""
    found = Check(witnesses)
    for line in lines_of(io.BytesIO(file)):
        found.take(line)
    found.close()
    return found


def faults(file: bytes, *witnesses: tuple[int, str]) -> list[tuple[int, str, str]]:
    """(line, section, field) of each."""
    return [(fault["line"], fault["section"], fault["field"]) for fault in check(file, *witnesses).faults]


Line = dict[str, Any]


def read(file: bytes) -> list[Line]:
    return [json.loads(line) for line in file.splitlines()]


def sha256_of(content: Any) -> str:
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def with_manifest(lines: list[Line] | list[bytes]) -> bytes:
    """These lines, without their manifest, and one that fits them."""
    spelled = [line if isinstance(line, bytes) else f"{canonical(line)}\n".encode() for line in lines]
    whole = b"".join(spelled)
    manifest = {
        "lines": len(spelled),
        "manifest": [hashlib.sha256(line).hexdigest() for line in spelled],
        "sha256": hashlib.sha256(whole).hexdigest(),
    }
    return whole + f"{canonical(manifest)}\n".encode()
