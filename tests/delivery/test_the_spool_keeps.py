"""The spool keeps what it took, within its bounds, and says what it could not keep."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from readings.delivery.place import SpoolInUse
from readings.delivery.spool import Spool
from readings.delivery.uplink import Uplink
from readings.wire import Batch, unpack_batch, unpack_series
from tests.delivery.model import Centre, Clock, copy_spool, drained, fill, serials, tick


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
