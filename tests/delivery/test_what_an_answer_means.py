"""What the uplink does with each answer: nothing is given up that the centre has not refused itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from readings.delivery.answer import Answer
from readings.delivery.exchange import Exchanges
from readings.delivery.spool import Spool
from readings.delivery.uplink import LONGEST_WAIT_S, Uplink
from readings.wire import Exchange, Receipt, unpack_batch, unpack_envelope
from tests.delivery.model import SECOND, Centre, Clock, problem, serials, tick


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path / "spool.db")
    yield opened
    opened.close()


@pytest.fixture
def centre(clock: Clock) -> Centre:
    return Centre(clock)


@pytest.fixture
def uplink(spool: Spool, centre: Centre, clock: Clock) -> Uplink:
    return Uplink(spool, centre.post, clock, jitter=lambda: 1.0)


def fill(spool: Spool, clock: Clock, first: int, last: int) -> None:
    for serial in range(first, last + 1):
        clock.run(15)
        spool.append(tick(clock, serial))


def run_dry(uplink: Uplink) -> None:
    for _ in range(300):
        uplink.step()
        if uplink.idle:
            return
    raise AssertionError(uplink.state)


def test_the_first_thing_asked_is_where_the_centre_stands(
    spool: Spool, uplink: Uplink, centre: Centre, clock: Clock
) -> None:
    fill(spool, clock, 1, 3)
    assert uplink.step() == 0
    hello = unpack_envelope(centre.bodies[0])
    assert (hello.payload, hello.first, hello.last) == (b"", 0, 0)
    assert uplink.step() == 0
    assert centre.taken() == [1, 2, 3]
    # The hello was an exchange of clocks, and goes with the first batch.
    exchange = unpack_envelope(centre.bodies[1]).clock.exchange
    assert exchange is not None
    assert exchange.round_trip_ns == 49 * SECOND // 1000


def test_a_backlog_never_hides_the_present(spool: Spool, centre: Centre, clock: Clock) -> None:
    uplink = Uplink(spool, centre.post, clock, limit_ticks=2)
    fill(spool, clock, 1, 5)
    for _ in range(2):
        uplink.step()
    assert (centre.taken(), centre.newest) == ([1, 2], [5, 5])
    run_dry(uplink)
    assert centre.taken() == [1, 2, 3, 4, 5]
    assert centre.newest[-1] == 5
    assert unpack_envelope(centre.bodies[-1]).newest == b""


def test_a_lost_answer_is_asked_for_with_the_same_bytes(
    spool: Spool, uplink: Uplink, centre: Centre, clock: Clock
) -> None:
    fill(spool, clock, 1, 3)
    uplink.step()
    centre.next_trouble = "answer lost"
    assert uplink.step() > 0
    fill(spool, clock, 4, 5)
    run_dry(uplink)
    first, again = (unpack_envelope(body) for body in centre.bodies[1:3])
    assert first.payload == again.payload
    assert centre.taken() == [1, 2, 3, 4, 5]
    assert spool.counters().waiting == 0


@pytest.mark.parametrize("trouble", ["request lost", "a proxy's page", 500, 502, 503, 429, 404, 401, 403])
def test_no_answer_of_the_centre_keeps_everything(
    spool: Spool, uplink: Uplink, centre: Centre, clock: Clock, trouble: str | int
) -> None:
    fill(spool, clock, 1, 3)
    for _ in range(10):
        centre.next_trouble = trouble
        assert 0 < uplink.step() <= LONGEST_WAIT_S
    assert spool.counters().waiting == 3
    assert uplink.state.trouble
    assert uplink.state.not_let_in is (trouble in {401, 403})
    run_dry(uplink)
    assert centre.taken() == [1, 2, 3]
    assert (uplink.state.trouble, uplink.state.not_let_in) == ("", False)


def test_waits_grow_to_a_minute_with_jitter(spool: Spool, centre: Centre, clock: Clock) -> None:
    fill(spool, clock, 1, 1)
    waits: dict[float, list[float]] = {}
    for share in (0.0, 1.0):
        uplink = Uplink(spool, centre.post, clock, jitter=lambda share=share: share)  # type: ignore[misc]  # bound now
        waits[share] = []
        for _ in range(9):
            centre.next_trouble = "request lost"
            waits[share].append(uplink.step())
    assert waits[1.0] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert waits[0.0] == [wait / 2 for wait in waits[1.0]]


def test_a_wait_that_is_asked_for_is_kept_within_reason(spool: Spool, clock: Clock) -> None:
    fill(spool, clock, 1, 1)
    answers = [Answer(503, b"", 20.0), Answer(503, b"", 1e9)]
    uplink = Uplink(spool, lambda _: answers.pop(0), clock, jitter=lambda: 1.0)
    assert [uplink.step(), uplink.step()] == [20.0, 300.0]


@pytest.mark.parametrize("status", [400, 422])
def test_what_the_centre_refuses_is_set_aside_and_told(
    spool: Spool, uplink: Uplink, centre: Centre, clock: Clock, status: int
) -> None:
    fill(spool, clock, 1, 3)
    uplink.step()
    centre.next_trouble = status
    assert uplink.step() == 0
    assert spool.counters().refused == 3
    fill(spool, clock, 4, 5)
    run_dry(uplink)
    assert centre.taken() == [4, 5]
    assert [(told.first, told.last) for told in centre.dropped] == [(1, 3)]
    kinds = [event.kind for batch in centre.batches for event in batch.events]
    assert kinds == ["batch_refused"]


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_a_proxy_refuses_is_kept(spool: Spool, clock: Clock, centre: Centre, status: int) -> None:
    fill(spool, clock, 1, 1)
    in_between = [True] * 6
    uplink = Uplink(
        spool, lambda body: Answer(status, b"<html>") if in_between and in_between.pop() else centre.post(body), clock
    )
    run_dry(uplink)
    assert centre.taken() == [1]
    assert spool.counters().refused == 0


def test_too_large_a_batch_is_halved_until_it_fits_and_grows_again(
    spool: Spool, uplink: Uplink, centre: Centre, clock: Clock
) -> None:
    fill(spool, clock, 1, 40)
    centre.most_ticks = 6
    run_dry(uplink)
    assert centre.taken() == list(range(1, 41))
    assert spool.counters().refused == 0
    centre.most_ticks = 10_000
    fill(spool, clock, 41, 100)
    run_dry(uplink)
    assert max(len(batch.ticks) for batch in centre.batches) > 6


def test_a_refusal_after_a_lost_answer_asks_first_whether_it_was_taken(
    spool: Spool, uplink: Uplink, centre: Centre, clock: Clock
) -> None:
    fill(spool, clock, 1, 3)
    uplink.step()
    centre.next_trouble = "answer lost"
    uplink.step()
    real, refusals = centre.post, [problem(413, "too large now")]
    uplink._post = lambda body: refusals.pop() if refusals else real(body)
    run_dry(uplink)
    assert centre.taken() == [1, 2, 3]
    assert centre.dropped == []
    assert spool.counters().refused == 0


def test_a_sender_copied_in_mid_run_takes_an_epoch_of_its_own(
    spool: Spool, uplink: Uplink, centre: Centre, clock: Clock
) -> None:
    fill(spool, clock, 1, 3)
    run_dry(uplink)
    before = spool.epoch
    # The twin went on under this epoch.
    centre.positions[before] = 5
    centre.held += [(before, 4, -1), (before, 5, -1)]
    fill(spool, clock, 4, 9)
    run_dry(uplink)
    assert spool.epoch != before
    assert centre.taken() == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert [number for epoch, number, _ in centre.held if epoch == spool.epoch] == [1, 2, 3, 4, 5, 6]


def test_a_request_of_the_process_before_that_arrives_late_doubles_nothing(
    tmp_path: Path, centre: Centre, clock: Clock
) -> None:
    spool = Spool(tmp_path / "late.db")
    fill(spool, clock, 1, 3)
    late: list[bytes] = []

    def slow(body: bytes) -> Answer:
        late.append(body)
        return problem(503, "slow")

    uplink = Uplink(spool, lambda body: centre.post(body) if not unpack_envelope(body).payload else slow(body), clock)
    uplink.step()
    uplink.step()
    spool.close()
    again = Spool(tmp_path / "late.db")
    fill(again, clock, 4, 5)
    uplink = Uplink(again, centre.post, clock, limit_ticks=2)
    uplink.step()  # hello: the centre has nothing yet
    centre.take(late[0], 0)
    run_dry(uplink)
    assert centre.taken() == [1, 2, 3, 4, 5]
    again.close()


def test_a_receipt_for_another_epoch_is_no_answer(spool: Spool, clock: Clock) -> None:
    fill(spool, clock, 1, 1)
    body = msgspec.json.encode(Receipt("somebody else's", 99, 1, 2))
    uplink = Uplink(spool, lambda _: Answer(200, body), clock)
    assert uplink.step() > 0
    assert spool.counters().waiting == 1


def test_the_payload_of_a_closed_epoch_carries_the_newest_of_the_present(
    tmp_path: Path, centre: Centre, clock: Clock
) -> None:
    spool = Spool(tmp_path / "closed.db")
    fill(spool, clock, 1, 3)
    spool.close()
    again = Spool(tmp_path / "closed.db")
    fill(again, clock, 4, 4)
    run_dry(Uplink(again, centre.post, clock))
    assert serials(unpack_batch(unpack_envelope(centre.bodies[1]).newest)) == [4]
    assert centre.taken() == [1, 2, 3, 4]
    again.close()


def test_the_best_exchange_of_the_last_hour_is_told() -> None:
    exchanges = Exchanges()

    def add(minute: int, trip_ms: int, boot: str = "a") -> None:
        at = minute * 60 * SECOND
        exchanges.add(Exchange(boot, at, at, at, at + trip_ms * 1_000_000))

    def best(minute: int, boot: str = "a") -> float | None:
        found = exchanges.best(boot, minute * 60 * SECOND)
        return None if found is None else found.round_trip_ns / 1e6

    assert best(0) is None
    add(1, 20)
    add(2, 5)
    add(3, 50)
    assert best(4) == 5
    add(61, 30)
    assert best(61) == 5
    assert best(64) == 30
    add(65, -5)
    assert best(65) == 30
    add(66, 80, "b")
    assert best(66, "b") == 80
    assert best(66) is None
