"""A disk that is damaged, full or gone: what can be kept is kept, and what happened is told."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from readings.delivery.spool import Spool
from readings.wire import WireEvent
from tests.delivery.model import Centre, Clock, drained, fill, tick


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    opened = Spool(path)
    yield opened
    opened.close()


def events(centre: Centre) -> list[WireEvent]:
    return [event for batch in centre.batches for event in batch.events]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda whole: b"no database at all" * 100, id="garbage"),
        pytest.param(lambda whole: whole[: len(whole) // 2], id="truncated"),
        pytest.param(lambda whole: whole[:4096] + bytes(len(whole) - 4096), id="zeroed"),
        pytest.param(lambda whole: whole[:16] + os.urandom(84) + whole[100:], id="a wrong head"),
    ],
)
def test_a_damaged_file_is_moved_aside_and_told(path: Path, clock: Clock, damage: object) -> None:
    spool = Spool(path)
    fill(spool, clock, 50, filling=800)
    spool.close()
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))
    for ending in ("-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    again = Spool(path)
    fill(again, clock, 2, first=51)
    centre = drained(again, clock)
    assert centre.taken() == [51, 52]
    assert "spool_damaged" in [event.kind for event in events(centre)]
    assert path.with_name("spool.db.damaged-1").exists()
    assert again.counters().damaged_files == 1
    again.close()


def test_no_more_than_two_damaged_files_are_kept(path: Path, clock: Clock) -> None:
    for _ in range(4):
        path.write_bytes(b"rubbish" * 1000)
        spool = Spool(path)
        fill(spool, clock, 1)
        spool.close()
    assert sorted(file.name for file in path.parent.glob("*damaged*")) == ["spool.db.damaged-3", "spool.db.damaged-4"]


def test_one_damaged_tick_is_given_up_and_the_others_go(spool: Spool, path: Path, clock: Clock) -> None:
    fill(spool, clock, 5)
    with sqlite3.connect(path) as database:
        database.execute("update ticks set body = substr(body, 1, length(body) - 3) || x'000000' where number = 3")
    database.close()
    centre = drained(spool, clock)
    assert centre.taken() == [1, 2, 4, 5]
    assert [(told.first, told.last) for told in centre.dropped] == [(3, 3)]


def test_a_database_of_somebody_else_is_not_written_to(path: Path, clock: Clock) -> None:
    with sqlite3.connect(path) as database:
        database.execute("create table precious (thing)")
    database.close()
    spool = Spool(path)
    fill(spool, clock, 1)
    spool.close()
    with sqlite3.connect(path.with_name("spool.db.damaged-1")) as database:
        assert database.execute("select count(*) from precious").fetchone() == (0,)
    database.close()


def test_a_spool_that_cannot_be_made_works_from_memory_and_says_so(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "not there yet" / "spool.db"
    spool = Spool(path, max_memory_bytes=3_000)
    clock.run(15)
    assert not spool.append(tick(clock, 1)).durable
    fill(spool, clock, 99, first=2)
    counters = spool.counters()
    assert counters.unwritten == counters.waiting < 100
    centre = drained(spool, clock)
    assert centre.taken() == list(range(101 - counters.waiting, 101))
    assert centre.dropped[0].first == 1
    path.parent.mkdir()
    fill(spool, clock, 2, first=101)
    assert spool.counters().unwritten == 0
    told = [event.kind for event in events(drained(spool, clock)) if event.source == "spool"]
    assert told == ["spool_written_again"]
    spool.close()


def test_memory_waits_behind_what_an_unreachable_file_turns_out_to_hold(path: Path, clock: Clock) -> None:
    spool = Spool(path)
    fill(spool, clock, 3)
    spool.close()
    hidden = path.with_name("hidden.db")
    path.rename(hidden)
    path.mkdir()
    again = Spool(path)
    fill(again, clock, 3, first=4)
    parcel = again.batch(2, 2**20)  # under way while the file comes back
    assert parcel is not None
    path.rmdir()
    hidden.rename(path)
    fill(again, clock, 1, first=7)
    assert again.acknowledge(parcel.epoch, parcel.last) == 2
    assert drained(again, clock).taken() == [1, 2, 3, 6, 7]
    again.close()


FILL_A_DISK = """
import pathlib, random, sys
from readings.delivery.spool import Spool
from tests.delivery.model import Centre, Clock, copy_spool, drained, fill, serials, tick
from readings.delivery.uplink import Uplink
folder = pathlib.Path(sys.argv[1])
clock, centre = Clock(), None
spool = Spool(folder / "spool.db")
ballast = folder / "ballast"
ballast.write_bytes(bytes(11_000_000))
durable = []
for serial in range(1, 401):
    clock.run(15)
    durable.append(spool.append(tick(clock, serial, random.Random(serial).randbytes(4000))).durable)
    if serial == 300:
        ballast.unlink()
assert durable[0] and not all(durable[:300]) and durable[-1], durable
centre = Centre(clock)
uplink = Uplink(spool, centre.post, clock)
while not uplink.idle:
    assert uplink.step() == 0 or uplink.idle, uplink.state
taken = centre.taken()
assert taken == list(range(1, 401)), taken
kinds = [event.kind for batch in centre.batches for event in batch.events]
assert kinds == ["spool_unwritable", "spool_written_again"], kinds
print("all there")
"""


def in_a_mount(mount: str, program: str) -> tuple[int, str]:
    """(exit code, what it printed) of ``mount``, a shell command that runs ``program`` in mounts of its own."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mount, program],
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr[-3000:] * (done.returncode != 0)


@pytest.mark.peer("unshare", "mount")
def test_a_disk_that_is_really_full_loses_nothing(tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o size=12m tmpfs "{tmp_path}" && exec "{sys.executable}" -c "$0" "{tmp_path}"'
    assert in_a_mount(mount, FILL_A_DISK) == (0, "all there\n")


TURN_READ_ONLY = """
import pathlib, subprocess, sys
from readings.delivery.spool import Spool
from tests.delivery.model import Clock, drained, fill
folder, clock = pathlib.Path(sys.argv[1]), Clock()
remount = lambda how: subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)
spool = Spool(folder / "spool.db")
fill(spool, clock, 3)
spool.close()
remount("ro")
spool = Spool(folder / "spool.db")
fill(spool, clock, 3, first=4)
assert spool.counters().unwritten == 3, spool.counters()
remount("rw")
fill(spool, clock, 1, first=7)
assert spool.counters().unwritten == 0, spool.counters()
centre = drained(spool, clock)
assert centre.taken() == [1, 2, 3, 4, 5, 6, 7], centre.taken()
kinds = [event.kind for batch in centre.batches for event in batch.events]
assert kinds[0] == "spool_unwritable", kinds
print("all there")
"""


@pytest.mark.peer("unshare", "mount")
def test_a_disk_that_is_really_read_only_at_the_start_loses_nothing(tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o size=12m tmpfs "{tmp_path}" && exec "{sys.executable}" -c "$0" "{tmp_path}"'
    assert in_a_mount(mount, TURN_READ_ONLY) == (0, "all there\n")
