"""The tool itself: what was synced is there, what was not is lost, and SQLite keeps its promise under it."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.powercut.replay import Record, WriteLog, cut, cut_points

pytestmark = pytest.mark.peer("gcc")

PLAIN_FILES = """
import os, pathlib, sys
folder = pathlib.Path(sys.argv[1])
marks = open(folder / ".marks", "ab", buffering=0)
def put(name, content, sync, sync_folder):
    fd = os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o644)
    os.write(fd, content)
    if sync:
        os.fsync(fd)
    os.close(fd)
    if sync_folder:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(fd)
        os.close(fd)
put("kept", b"all of it", True, True)
marks.write(b"kept\\n")
put("empty", b"never synced", False, True)
put("nameless", b"synced, but its folder was not", True, False)
os.replace(folder / "kept", folder / "moved")
"""

DATABASE = """
import pathlib, sqlite3, sys
folder = pathlib.Path(sys.argv[1])
marks = open(folder / ".marks", "ab", buffering=0)
database = sqlite3.connect(folder / "some.db", isolation_level=None)
database.execute("pragma journal_mode=wal")
database.execute("pragma synchronous=%s" % sys.argv[2])
database.execute("pragma wal_autocheckpoint=20")
database.execute("create table rows (n integer primary key, filling blob)")
for n in range(1, 61):
    database.execute("insert into rows values (?, zeroblob(3000))", (n,))
    if n % 7 == 0:
        database.execute("delete from rows where n % 7 = 3 and n < ?", (n,))
    marks.write(b"%d\\n" % n)
"""


def logged(program: str, folder: Path, *words: str) -> list[Record]:
    folder.mkdir()
    log = WriteLog.below(folder)
    subprocess.run([sys.executable, "-c", program, folder, *words], env=log.environment(), check=True, timeout=60)
    return log.read()


def test_only_what_was_synced_lasts(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    records = logged(PLAIN_FILES, folder)
    marks = cut(records, len(records), folder, tmp_path / "after")
    assert marks == [b"kept"]
    assert {file.name: file.read_bytes() for file in (tmp_path / "after").iterdir()} == {
        "kept": b"all of it",
        "empty": b"",
    }


def rows_of(file: Path) -> set[int]:
    database = sqlite3.connect(file)
    try:
        return {n for (n,) in database.execute("select n from rows")}
    except sqlite3.OperationalError as error:
        assert "no such table" in str(error)  # noqa: PT017 - any other error is no loss but damage
        return set()
    finally:
        database.close()


def lost(tmp_path: Path, synchronous: str, seed: int) -> list[str]:
    """Rows that were committed before a cut and are not there after it."""
    rng = random.Random(seed)
    folder = tmp_path / "folder"
    records = logged(DATABASE, folder, synchronous)
    missing: list[str] = []
    for at in cut_points(records, rng, 60):
        into = tmp_path / f"after-{at}"
        marks = cut(records, at, folder, into, rng=rng if at % 2 else None)
        if not marks:
            continue
        there = rows_of(into / "some.db")
        newest = int(marks[-1])
        if not {n for n in range(1, newest + 1) if n % 7 != 3} <= there:
            missing.append(f"cut at {at}: {newest} was acknowledged, {sorted(there)[-1:]} is there")
    return missing


def test_nothing_committed_with_synchronous_full_is_lost(tmp_path: Path) -> None:
    assert lost(tmp_path, "full", 1) == []


def test_the_tool_sees_what_synchronous_normal_loses(tmp_path: Path) -> None:
    assert lost(tmp_path, "normal", 1) != []
