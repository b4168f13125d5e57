"""The file over HTTP and from the command line: who gets it, when, and what the answer says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from server.audit.chain import Actor, append, head
from server.centre import Centre
from server.duty.tables import ChecklistRun
from server.evidence.tables import EvidenceRecord
from server.times import to_ms
from tests.evidence.conftest import NUMBER, faults, open_verification, read, sha256_of
from tests.fixtures_centre import Client, HandClock, MakeToken


@pytest.fixture
def reader(client: Client, token: MakeToken) -> Client:
    return client.bear(token("read"))


@pytest.mark.parametrize("asked", [pytest.param("1", id="by its id"), pytest.param(NUMBER, id="by its number")])
def test_a_reader_gets_the_file_of_a_closed_checklist(reader: Client, closed: str, asked: str) -> None:
    answer = reader.get(f"/api/v1/runs/{asked}/export")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert answer.headers["content-disposition"] == f'attachment; filename="{NUMBER}.zhishou-evidence.jsonl"'
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert read(answer.content)[1]["record"] == closed
    assert faults(answer.content) == []


def test_reading_changes_nothing(reader: Client, centre: Centre, closed: str) -> None:
    with centre.records.session() as session:
        before = head(session)

    reader.get(f"/api/v1/runs/{NUMBER}/export")

    with centre.records.session() as session:
        assert head(session) == before


def test_nobody_gets_a_file_without_saying_who_they_are(client: Client, closed: str) -> None:
    assert client.get(f"/api/v1/runs/{NUMBER}/export").status_code == 401


@pytest.mark.parametrize("asked", ["2", "C-2026-0009", "9" * 30, "٣", "-1", "%20"])
def test_what_is_not_there_is_not_found(reader: Client, closed: str, asked: str) -> None:
    for kind in ("runs", "verifications"):
        answer = reader.get(f"/api/v1/{kind}/{asked}/export")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_an_open_checklist_is_not_exported(reader: Client, centre: Centre, closed: str) -> None:
    with centre.records.writing() as session:
        session.add(
            ChecklistRun(
                number="C-2026-0002",
                template="room",
                template_version=1,
                template_hash="",
                template_json="{}",
                calendar_date="2026-11-24",
                started_ms=0,
                started_by="li",
            )
        )

    answer = reader.get("/api/v1/runs/C-2026-0002/export")

    assert answer.status_code == 409
    assert "C-2026-0002 is open" in answer.json()["detail"]


@pytest.mark.parametrize(("state", "status"), [("running", 409), ("submitted", 200), ("withdrawn", 409)], ids=str)
def test_a_verification_is_exported_from_its_submission_on(
    reader: Client, centre: Centre, clock: HandClock, token: MakeToken, state: str, status: int
) -> None:
    writer = reader.bear(token("write"))
    assert writer.post("/api/v1/devices", json={"device_no": "S-001"}).status_code < 300
    subject, record = "verification/V-2026-0001", {"number": "V-2026-0001"}
    sha256 = sha256_of(record)
    at_ms = to_ms(clock())
    with centre.records.writing() as session:
        session.add(EvidenceRecord(sha256=sha256, subject=subject, at_ms=at_ms, content='{"number":"V-2026-0001"}'))
        new = {"record_sha256": sha256}
        append(session, at=clock(), actor=Actor("person", "li"), act="verification.submitted", subject=subject, new=new)
    open_verification(centre.records, "S-001", state, None if state == "running" else sha256)

    answer = writer.get("/api/v1/verifications/V-2026-0001/export")

    assert answer.status_code == status
    if status == 200:
        assert faults(answer.content) == []
    else:
        assert f"V-2026-0001 is {state}" in answer.json()["detail"]


def test_what_goes_wrong_on_the_way_is_a_problem_and_not_half_a_file(
    reader: Client, closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.evidence.export.MAX_LINES", 5)

    answer = reader.get(f"/api/v1/runs/{NUMBER}/export")

    assert answer.status_code == 409
    assert "longer than can be checked" in answer.json()["detail"]


def zhishou(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "zhishou", "evidence", *words]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False, timeout=60
    )


def test_the_command_line_exports_and_checks_what_it_exported(tmp_path: Path, centre: Centre, closed: str) -> None:
    centre.close()
    data = str(centre.settings.data)

    made = zhishou(tmp_path, "export", NUMBER, "--data", data)
    again = zhishou(tmp_path, "export", NUMBER, "--data", data)
    unknown = zhishou(tmp_path, "export", "C-2026-0009", "--data", data, "-o", "nothing")
    name = f"{NUMBER}.zhishou-evidence.jsonl"
    held = zhishou(tmp_path, "check", name)
    file = tmp_path / name
    file.write_bytes(file.read_bytes()[:-1])
    broken = zhishou(tmp_path, "check", name)

    assert made.returncode == 0, made.stderr
    assert again.returncode == 1
    assert "exists" in again.stderr
    assert (unknown.returncode, (tmp_path / "nothing").exists()) == (1, False)
    assert "C-2026-0009" in unknown.stderr
    assert (held.returncode, broken.returncode) == (0, 1)
    assert "cut off" in broken.stdout


def test_checking_loads_nothing_of_the_centre_but_the_command(tmp_path: Path, file: bytes) -> None:
    (tmp_path / "x").write_bytes(file)
    code = (
        "import sys, zhishou\n"
        "assert zhishou.main(['evidence', 'check', 'x']) == 0\n"
        "assert not {'sqlmodel', 'sqlalchemy', 'fastapi', 'pydantic', 'msgspec'} & sys.modules.keys()"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 0, done.stderr
