"""What is asked less often than every pass is told in every pass, with its age, until it is too old to stand."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from agent.hardware.pace import AGE, Asked, Newest, Repeated
from readings.model import Event, Gap, Sample, Severity, SourceFailed


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Counter:
    """Counts how often it is read; fails, or raises something odd, when told to."""

    name = "counter"

    def __init__(self) -> None:
        self.reads = 0
        self.trouble: Exception | None = None

    def read(self) -> Iterator[Sample | Event]:
        self.reads += 1
        if self.trouble is not None:
            raise self.trouble
        yield Sample("reads_total", float(self.reads))
        yield Event("counter", "read", Severity.NOTICE, "read")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def told(source: Repeated) -> dict[str, float | Gap]:
    return {item.metric: item.value for item in source.read() if isinstance(item, Sample)}


def failure(asked: Asked[int]) -> SourceFailed:
    with pytest.raises(SourceFailed) as failed:
        asked.newest()
    return failed.value


def settled(asked: Asked[int]) -> Newest[int]:
    """The newest answer once the thread that asks has ended."""
    for thread in threading.enumerate():
        if thread.name == "tool":
            thread.join(20)
    return asked.newest()


def test_a_repeated_source_is_read_at_its_pace_and_told_in_every_pass(clock: Clock) -> None:
    source = Repeated(Counter(), 60, clock)
    assert told(source) == {"reads_total": 1, AGE: 0}
    clock.now += 45
    assert told(source) == {"reads_total": 1, AGE: 45}
    clock.now += 15
    assert told(source) == {"reads_total": 2, AGE: 0}


def test_events_of_a_repeated_source_go_out_once(clock: Clock) -> None:
    source = Repeated(Counter(), 60, clock)
    events = [sum(isinstance(item, Event) for item in source.read()) for _ in range(3)]
    assert events == [1, 0, 0]


@pytest.mark.parametrize(
    ("trouble", "gap"),
    [(SourceFailed(Gap.REFUSED, "no"), Gap.REFUSED), (ValueError("odd"), Gap.UNREADABLE)],
    ids=["failed", "raised"],
)
def test_a_failure_stands_until_the_next_turn_and_hides_older_values(
    trouble: Exception, gap: Gap, clock: Clock
) -> None:
    counter = Counter()
    source = Repeated(counter, 60, clock)
    told(source)
    counter.trouble = trouble
    for _ in range(2):
        clock.now += 60 if counter.reads == 1 else 15
        with pytest.raises(SourceFailed) as failed:
            list(source.read())
        assert failed.value.gap is gap
    assert counter.reads == 2
    counter.trouble = None
    clock.now += 60
    assert told(source)["reads_total"] == 3


def test_an_answer_is_told_until_the_next_one(clock: Clock) -> None:
    answers = iter(range(1, 10))
    asked = Asked("tool", lambda: next(answers), pace_s=600, limit_s=60, wait_s=20, monotonic=clock)
    assert asked.newest() == Newest(1, 0.0, 1)
    clock.now += 599
    assert asked.newest() == Newest(1, 599.0, 1)
    clock.now += 1
    asked.newest()
    assert settled(asked).answer == 2


def test_a_hung_question_holds_no_pass_and_its_last_answer_stands_only_so_long(clock: Clock) -> None:
    go_on = threading.Event()
    asks: list[int] = []

    def ask() -> int:
        asks.append(1)
        if len(asks) > 1:
            go_on.wait(60)
        return len(asks)

    asked = Asked("tool", ask, pace_s=600, limit_s=60, wait_s=20, monotonic=clock)
    try:
        asked.newest()
        clock.now += 600
        assert asked.newest().answer == 1
        clock.now += 60
        assert asked.newest().age_s == 660
        clock.now += 15
        failed = failure(asked)
        assert failed.gap is Gap.TIMED_OUT
        assert "the last answer is 675 s old" in failed.detail
        clock.now += 6000
        failure(asked)
        assert len(asks) == 2  # never a second one beside one that hangs
    finally:
        go_on.set()


def test_before_the_first_answer_it_is_a_gap_and_no_pass_waits(clock: Clock) -> None:
    go_on = threading.Event()
    asked = Asked("tool", lambda: int(go_on.wait(60)), pace_s=600, limit_s=60, monotonic=clock)
    try:
        assert failure(asked).gap is Gap.TIMED_OUT
    finally:
        go_on.set()
    assert settled(asked).answer == 1


def test_what_is_not_offered_starts_no_thread(clock: Clock) -> None:
    def nothing() -> None:
        raise SourceFailed(Gap.NOT_OFFERED, "no such program")

    asked: Asked[int] = Asked("tool", lambda: 1 // 0, pace_s=600, limit_s=60, offered=nothing, monotonic=clock)
    assert failure(asked).gap is Gap.NOT_OFFERED


def test_whatever_asking_raises_is_a_gap_that_names_it(clock: Clock) -> None:
    asked: Asked[int] = Asked("tool", lambda: 1 // 0, pace_s=600, limit_s=60, wait_s=20, monotonic=clock)
    failed = failure(asked)
    assert failed.gap is Gap.UNREADABLE
    assert "ZeroDivisionError" in failed.detail
