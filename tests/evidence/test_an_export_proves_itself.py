"""What the file holds, and that it is checked where nothing of the centre is."""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlmodel import Session

import evidence_check
from server.audit.chain import Actor, append, head
from server.centre import Centre
from server.evidence.export import export
from tests.evidence.conftest import CONTENT, SUBJECT, check, close_run, faults, read, sha256_of, with_manifest
from tests.fixtures_centre import HandClock

CHECKER = Path(__file__).parents[2] / "evidence_check.py"


def run_alone(folder: Path, file: bytes, *words: str) -> subprocess.CompletedProcess[str]:
    """In an empty folder, without anything installed: only the file and the checker."""
    (folder / "alone").mkdir(parents=True)
    (folder / "x.jsonl").write_bytes(file)
    command = [sys.executable, "-I", "-S", str(CHECKER), "../x.jsonl", *words]
    return subprocess.run(
        command, cwd=folder / "alone", capture_output=True, text=True, encoding="utf-8", check=False, timeout=60
    )


def export_of(session: Session, clock: HandClock) -> Iterator[bytes]:
    return export(session, SUBJECT, clock())


def test_an_export_holds_where_nothing_of_the_centre_is(tmp_path: Path, file: bytes) -> None:
    told = run_alone(tmp_path, file)

    assert (told.returncode, told.stderr) == (0, "")
    assert sha256_of(CONTENT) in told.stdout
    assert "person/wang run.closed" in told.stdout
    assert "成立:run/C-2026-0001" in told.stdout
    assert "HOLDS: run/C-2026-0001" in told.stdout
    assert "compared with no head kept outside" in told.stdout


def test_a_file_says_the_subject_the_record_and_each_act_in_full(file: bytes) -> None:
    header, record, *entries, manifest = read(file)

    assert (header["format"], header["version"], header["subject"]) == ("zhishou-evidence", 1, SUBJECT)
    assert record["record"] == sha256_of(CONTENT)
    assert record["content"] == CONTENT
    assert [entry["act"] for entry in entries if "act" in entry] == ["run.started", "run.item", "run.closed"]
    assert (entries[-1]["sequence"], entries[-1]["hash"]) == (header["head"]["sequence"], header["head"]["hash"])
    assert manifest["lines"] == len(entries) + 2


def test_what_others_did_is_in_the_file_by_its_hash_alone(centre: Centre, clock: HandClock, closed: str) -> None:
    close_run(centre.records, clock, "C-2026-0002", {"secret": "of the second"})
    with centre.records.session() as session:
        from_first = b"".join(export_of(session, clock))
        until = head(session).sequence

    others = [line for line in read(from_first) if "content_hash" in line and "act" not in line]

    assert others
    assert [line.keys() for line in others] == [{"sequence", "previous_hash", "content_hash", "hash"}] * len(others)
    assert f'"sequence":{until}'.encode() in from_first
    for word in ("secret", "zhao", "C-2026-0002", "person.changed"):
        assert word.encode() not in from_first
    assert faults(from_first) == []


def test_parts_of_the_subject_belong_to_it_and_a_longer_number_does_not(centre: Centre, clock: HandClock) -> None:
    close_run(centre.records, clock)
    with centre.records.writing() as session:
        for about in (f"{SUBJECT}/item-3", f"{SUBJECT}1"):
            append(session, at=clock(), actor=Actor("person", "li"), act="run.noted", subject=about)
        file = b"".join(export_of(session, clock))

    noted = [line["subject"] for line in read(file) if line.get("act") == "run.noted"]

    assert noted == [f"{SUBJECT}/item-3"]
    assert faults(file) == []


def test_nothing_is_exported_of_a_subject_that_was_not_frozen(centre: Centre, clock: HandClock, closed: str) -> None:
    with centre.records.session() as session:
        for unknown in ("run/C-2026-0009", "person/secret-zhao", "run/C-2026-000_", "run/C-2026-000%"):
            with pytest.raises(LookupError, match="was frozen"):
                export(session, unknown, clock())


def test_a_record_altered_in_the_database_is_exported_as_it_lies_and_named(
    centre: Centre, clock: HandClock, closed: str
) -> None:
    assert centre.records.path is not None
    with closing(sqlite3.connect(centre.records.path)) as connection:
        connection.execute("DROP TRIGGER evidence_record_only_update")
        connection.execute("UPDATE evidence_record SET content = replace(content, '27.0', '29.0')")
        connection.commit()

    with centre.records.session() as session:
        assert faults(b"".join(export_of(session, clock))) == [(2, "record", "content")]


def test_a_head_kept_outside_is_compared_and_what_it_covers_is_said(tmp_path: Path, file: bytes) -> None:
    entries = {line["sequence"]: line["hash"] for line in read(file) if "sequence" in line}
    last, middle = max(entries), sorted(entries)[1]

    whole = run_alone(tmp_path / "a", file, "--witness", f"{last}:{entries[last]}")
    part = run_alone(tmp_path / "b", file, "--witness", f"{middle}:{entries[middle]}")
    wrong = run_alone(tmp_path / "c", file, "--witness", f"{last}:{entries[middle]}")
    beyond = run_alone(tmp_path / "d", file, "--witness", f"{last + 1}:{entries[middle]}")
    no_head = run_alone(tmp_path / "e", file, "--witness", "last")

    assert [told.returncode for told in (whole, part, wrong, beyond, no_head)] == [0, 0, 1, 2, 2]
    assert "compared with no head" not in whole.stdout
    assert f"entries {middle + 1}–{last} were compared with no head" in part.stdout
    assert "the chain was written anew" in wrong.stdout
    assert f"head {last + 1} lies outside this file" in beyond.stdout


def test_programs_read_json_and_people_choose_a_language(tmp_path: Path, file: bytes) -> None:
    told = json.loads(run_alone(tmp_path / "a", file, "--json").stdout)
    broken = json.loads(run_alone(tmp_path / "b", file.replace(b'"li"', b'"la"', 1), "--json").stdout)
    english = run_alone(tmp_path / "c", file, "--language", "en").stdout

    assert (told["holds"], told["subject"], told["records"], told["faults"]) == (
        True,
        SUBJECT,
        [sha256_of(CONTENT)],
        [],
    )
    assert [(act["actor"], act["act"]) for act in told["acts"]][-1] == ("wang", "run.closed")
    assert broken["holds"] is False
    assert broken["faults"][0].keys() == {"line", "section", "field", "zh", "en"}
    assert "成立" not in english


def test_what_cannot_be_read_is_neither_held_nor_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "long").write_bytes(b"[" * (evidence_check.MAX_LINE_BYTES + 1))
    (tmp_path / "commas").write_bytes(b'{"lines":[' + b"0," * evidence_check.MAX_LINE_BYTES)
    for path in (*(tmp_path / name for name in ("nowhere", ".", "long", "commas")), Path("/dev/zero")):
        parser = argparse.ArgumentParser()
        evidence_check.add_arguments(parser)
        assert evidence_check.run(parser.parse_args([str(path)])) == 2, path

    monkeypatch.setattr(evidence_check, "MAX_LINES", 3)
    with pytest.raises(OSError, match="line 4"):
        check(b"{}\n" * 4)


def test_nothing_in_a_file_reaches_the_terminal_as_a_command(tmp_path: Path, file: bytes) -> None:
    lines = read(file)[:-1]
    lines[0]["subject"] = "run/\x1b[2J\u202e"

    told = run_alone(tmp_path, with_manifest(lines))

    assert told.returncode == 1
    assert "\\u001b[2J\\u202e" in told.stdout
    assert not {"\x1b", "\u202e"} & set(told.stdout)
