"""The spool keeps what it took, within its bounds, and says what it could not keep."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from readings.delivery.place import SpoolInUse
from readings.delivery.spool import Spool
from readings.delivery.uplink import Uplink
from readings.wire import Batch, WireEvent, unpack_batch, unpack_series
from tests.delivery.model import Centre, Clock, copy_spool, serials, tick


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


def fill(spool: Spool, clock: Clock, ticks: int, *, first: int = 1, filling: int = 0) -> None:
    for serial in range(first, first + ticks):
        clock.run(15)
        spool.append(tick(clock, serial, random.Random(serial).randbytes(filling)))


def drained(spool: Spool, clock: Clock) -> Centre:
    centre = Centre(clock)
    uplink = Uplink(spool, centre.post, clock)
    for _ in range(200):
        uplink.step()
        if uplink.idle:
            return centre
    raise AssertionError(uplink.state)


def events(centre: Centre) -> list[WireEvent]:
    return [event for batch in centre.batches for event in batch.events]


def first_batch(spool: Spool) -> Batch:
    parcel = spool.batch(1000, 2**20)
    assert parcel is not None
    return unpack_batch(parcel.payload)


def test_ticks_of_the_same_series_become_one_matrix(spool: Spool, clock: Clock) -> None:
    fill(spool, clock, 240)
    batch = first_batch(spool)
    assert serials(batch) == list(range(1, 241))
    assert len(batch.blocks) == 1
    assert unpack_series(batch.blocks[0].series)[0] == ("probe_serial", "")
    assert [at.number for at in batch.ticks] == list(range(1, 241))


def test_what_was_appended_is_there_after_a_kill(path: Path, clock: Clock, tmp_path: Path) -> None:
    spool = Spool(path)
    fill(spool, clock, 5)
    left = tmp_path / "left" / "spool.db"
    copy_spool(path, left)
    spool.close()
    again = Spool(left)
    fill(again, clock, 2, first=6)
    centre = drained(again, clock)
    assert centre.taken() == [1, 2, 3, 4, 5, 6, 7]
    assert [(epoch == again.epoch, number) for epoch, number, _ in centre.held][-3:] == [
        (False, 5),
        (True, 1),
        (True, 2),
    ]
    again.close()


def test_what_is_over_the_bound_goes_oldest_first_and_is_told(path: Path, clock: Clock) -> None:
    spool = Spool(path, max_bytes=20_000)
    fill(spool, clock, 100, filling=800)
    counters = spool.counters()
    assert counters.size_bytes <= 20_000
    assert counters.dropped == 100 - counters.waiting > 0
    centre = drained(spool, clock)
    assert centre.taken() == list(range(counters.dropped + 1, 101))
    (told,) = centre.dropped
    assert (told.first, told.last) == (1, counters.dropped)
    assert told.until_boottime - told.since_boottime == (counters.dropped - 1) * 15 * 10**9
    spool.close()


def test_what_is_too_old_goes_and_a_clock_that_is_set_makes_nothing_old(path: Path, clock: Clock) -> None:
    spool = Spool(path, max_age_s=600)
    fill(spool, clock, 3)
    clock.ahead += 400 * 86_400 * 10**9
    fill(spool, clock, 3, first=4)
    assert spool.counters().dropped == 0
    clock.run(700)
    fill(spool, clock, 1, first=7)
    assert spool.counters().dropped == 6
    clock.reboot()
    clock.run(700)
    fill(spool, clock, 1, first=8)
    assert spool.counters().dropped == 7
    centre = drained(spool, clock)
    assert centre.taken() == [8]
    assert [(told.first, told.last, told.boot_id) for told in centre.dropped] == [(1, 7, "boot-1")]
    spool.close()


def test_what_is_on_its_way_is_not_dropped(path: Path, clock: Clock) -> None:
    spool = Spool(path, max_bytes=20_000)
    fill(spool, clock, 10, filling=800)
    parcel = spool.batch(5, 2**20)
    assert parcel is not None
    fill(spool, clock, 100, first=11, filling=800)
    assert spool.acknowledge(parcel.epoch, parcel.last) == 5
    assert first_batch(spool).dropped[0].first == 6
    spool.close()


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
from tests.delivery.model import Centre, Clock, tick
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


@pytest.mark.peer("unshare", "mount")
def test_a_disk_that_is_really_full_loses_nothing(tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o size=12m tmpfs "{tmp_path}" && exec "{sys.executable}" -c "$0" "{tmp_path}"'
    root = Path(__file__).parents[2]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mount, FILL_A_DISK],
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "all there\n"), done.stderr[-3000:]


def test_two_processes_cannot_have_one_spool(spool: Spool, path: Path) -> None:
    with pytest.raises(SpoolInUse, match=r"spool\.db"):
        Spool(path)
    assert spool.counters().waiting == 0


def test_series_that_are_used_no_more_do_not_pile_up(spool: Spool, path: Path, clock: Clock) -> None:
    for serial in range(1, 101):
        fill(spool, clock, 1, first=serial, filling=80)  # its series is another each time
        spool.acknowledge(spool.epoch, serial)
    with sqlite3.connect(path) as database:
        assert database.execute("select count(*) from layouts").fetchone()[0] < 20
    database.close()


def test_an_hour_put_back_is_neither_lost_nor_doubled(path: Path, clock: Clock, tmp_path: Path) -> None:
    centre = Centre(clock)
    spool = Spool(path)
    fill(spool, clock, 20)
    copy = tmp_path / "copy" / "spool.db"
    copy_spool(path, copy)
    uplink = Uplink(spool, centre.post, clock)
    for serial in range(21, 261):
        fill(spool, clock, 1, first=serial)
        uplink.step()
    while not uplink.idle:
        uplink.step()
    spool.close()
    back = Spool(copy)
    fill(back, clock, 3, first=261)
    uplink = Uplink(back, centre.post, clock)
    while not uplink.idle:
        uplink.step()
    assert centre.taken() == list(range(1, 264))
    assert centre.dropped == []
    back.close()


def test_a_runner_and_an_uplink_may_use_it_at_once(spool: Spool, clock: Clock) -> None:
    centre = Centre(clock)
    uplink = Uplink(spool, centre.post, clock)
    stop = threading.Event()
    sending = threading.Thread(target=uplink.run, args=(stop,))
    sending.start()
    for serial in range(1, 301):
        spool.append(tick(clock, serial))
    while spool.wait_for_tick(0) and not uplink.state.failures:
        pass
    stop.set()
    sending.join(10)
    assert not sending.is_alive()
    assert centre.taken() == list(range(1, 301))


def test_the_last_receipt_is_remembered(path: Path, clock: Clock) -> None:
    spool = Spool(path)
    fill(spool, clock, 2)
    drained(spool, clock)
    spool.close()
    again = Spool(path)
    assert again.remembered() == {"configuration_revision": "7", "audit_head": "head"}
    again.close()
