"""Ranges over head and segments against a naive reading of what was sent; nothing drawn through a gap."""

from __future__ import annotations

import random
from typing import Any

import pytest

from readings.model import Gap
from server.history import TooManyPointsError

MINUTE = 60_000
START = 1_795_000_020_000  # a whole minute


def load(archive: Any, start: int, end: int, step: int | None = None, **options: Any) -> Any:
    return archive.history.range("A-1", "load1", "", start, end, step, **options)


def test_raw_readings_come_back_from_head_and_segment_alike(archive: Any, said: Any) -> None:
    for number in range(10):
        archive.feed(said(number + 1, [(START + number * 15_000, [number / 4])]))
        if number in {3, 6}:
            archive.history.seal()
    found = load(archive, START, START + 10 * 15_000)
    assert found.t == [START + n * 15_000 for n in range(10)]
    assert found.avg == [n / 4 for n in range(10)]
    assert found.gaps == [None] * 10


@pytest.mark.parametrize("sealed", ["nothing sealed", "half sealed", "all sealed", "sealed and crashed"])
@pytest.mark.parametrize("step", [15_000, MINUTE, 7 * MINUTE])
def test_buckets_agree_with_a_naive_reading(archive: Any, said: Any, sealed: str, step: int) -> None:
    dice = random.Random(f"{sealed} {step}")
    sent: dict[int, float] = {}
    times = [START + n * 15_000 + dice.randrange(-3000, 3000) for n in range(240)]
    dice.shuffle(times)  # a backlog arrives out of order
    for number, ms in enumerate(times):
        value = dice.choice([Gap.TIMED_OUT, dice.uniform(-5, 5), dice.uniform(-5, 5), 0.0])
        sent[ms] = value
        archive.feed(said(number + 1, [(ms, [value])]))
        if sealed != "nothing sealed" and number in {80, 120}:
            archive.history.seal()
    if sealed in {"all sealed", "sealed and crashed"}:
        archive.history.seal()
    if sealed == "sealed and crashed":
        archive.crash()
    end = START + MINUTE * 50
    found = load(archive, START, end, step)
    for at, t in enumerate(found.t):
        inside = [v for ms, v in sent.items() if max(t, START) <= ms < min(t + step, end)]
        numbers = [float(v) for v in inside if not isinstance(v, Gap)]
        assert found.count[at] == len(numbers)
        if numbers:
            assert (found.min[at], found.max[at]) == (min(numbers), max(numbers))
            assert found.avg[at] == pytest.approx(sum(numbers) / len(numbers))
        else:
            assert found.avg[at] is None
            assert found.gaps[at] == "timed_out"
    missing = set(range(START // step, -(-end // step))) - {t // step for t in found.t}
    for bucket in missing:
        assert not [ms for ms in sent if bucket * step <= ms < (bucket + 1) * step]


def test_every_reason_survives_sealing(archive: Any, said: Any) -> None:
    reasons = list(Gap)
    for number, gap in enumerate(reasons):
        archive.feed(said(number + 1, [(START + number * 15_000, [gap])]))
    archive.history.seal()
    found = load(archive, START, START + MINUTE * 10)
    assert found.gaps[: len(reasons)] == [gap.word for gap in reasons]
    assert found.avg[: len(reasons)] == [None] * len(reasons)


def test_a_failed_source_makes_each_of_its_series_a_gap(archive: Any, said: Any) -> None:
    archive.feed(said(1, [(START, [1.0])]))
    archive.feed(said(2, [], failed=[(START + 15_000, "load", Gap.REFUSED)]))
    assert load(archive, START, START + MINUTE).gaps == [None, "refused"]


def test_a_hole_is_a_gap_in_raw_readings_and_in_buckets(archive: Any, said: Any) -> None:
    ticks = [n * 15_000 for n in range(8)] + [n * 15_000 for n in range(40, 48)]
    for number, ms in enumerate(ticks):
        archive.feed(said(number + 1, [(START + ms, [1.0])]))
    drawn = load(archive, START, START + 12 * MINUTE, MINUTE)
    assert [t for t, value in zip(drawn.t, drawn.avg, strict=True) if value is None] == [
        START + n * MINUTE for n in range(2, 10)
    ]
    raw = load(archive, START, START + 12 * MINUTE)
    assert raw.avg[8] is None
    assert len(raw.t) == 17


def test_a_step_shorter_than_the_interval_draws_no_false_gaps(archive: Any, said: Any) -> None:
    for number in range(20):
        archive.feed(said(number + 1, [(START + number * 15_000, [1.0])]))
    drawn = load(archive, START, START + 5 * MINUTE, 5000)
    assert None not in drawn.avg
    assert len(drawn.t) == 20


def test_a_counter_is_drawn_as_its_increase_and_a_reset_is_no_fall(archive: Any, said: Any) -> None:
    counted = [100, 130, 160, 10, 40, Gap.TIMED_OUT, 100, 130]
    for number, value in enumerate(counted):
        archive.feed(said(number + 1, [(START + number * 15_000, [value])]))
    found = load(archive, START, START + 5 * MINUTE, rate=True)
    assert found.t == [START + n * 15_000 for n in (1, 2, 3, 4, 5, 7)]
    assert found.avg == [2.0, 2.0, pytest.approx(10 / 15), 2.0, None, 2.0]


def test_too_long_an_answer_is_refused_in_words(archive: Any) -> None:
    with pytest.raises(TooManyPointsError, match="at most 20000"):
        load(archive, START, START + 400 * 86_400_000, MINUTE)


def test_parts_of_a_metric_come_together(archive: Any, said: Any) -> None:
    series = [("temperature_celsius", "inlet"), ("temperature_celsius", "cpu"), ("load1", "")]
    for number in range(4):
        archive.feed(said(number + 1, [(START + number * 15_000, [20 + number, 50, 1])], series))
        if number == 1:
            archive.history.seal()
    found = archive.history.ranges("A-1", "temperature_celsius", START, START + MINUTE, None)
    assert {part: answer.avg for part, answer in found.items()} == {"inlet": [20, 21, 22, 23], "cpu": [50] * 4}


def test_a_list_of_series_that_changes_keeps_each_series_whole(archive: Any, said: Any) -> None:
    for number in range(12):
        series = [("load1", ""), *([("disk", "sdb")] if number % 3 else [])]
        archive.feed(said(number + 1, [(START + number * 15_000, [float(number)] * len(series))], series))
    archive.history.seal()
    assert load(archive, START, START + 3 * MINUTE).avg == [float(n) for n in range(12)]


def test_the_latest_is_the_newest_by_time_wherever_it_lies(archive: Any, said: Any) -> None:
    archive.feed(said(1, [(START + 30_000, [3.0])]))
    archive.history.seal()
    archive.feed(said(2, [(START, [1.0])]))
    latest = archive.history.latest("A-1")
    assert latest["load1", ""] == (START + 30_000, 3.0)


def test_a_summary_counts_numbers_and_gaps_apart(archive: Any, said: Any) -> None:
    for number, value in enumerate([1.0, Gap.LOST, 3.0, 8.0]):
        archive.feed(said(number + 1, [(START + number * 15_000, [value])]))
    found = archive.history.summarise("A-1", "load1", "", START, START + MINUTE)
    assert (found.count, found.gaps, found.min, found.avg, found.max) == (3, 1, 1.0, 4.0, 8.0)
    assert (found.first, found.last) == (1.0, 8.0)
    assert archive.history.summarise("A-1", "load1", "", START + MINUTE, START + 2 * MINUTE).avg is None


def test_devices_do_not_see_each_other(archive: Any, said: Any) -> None:
    archive.feed(said(1, [(START, [1.0])]), said(2, [(START, [2.0])], device_no="B-1"))
    assert archive.history.range("B-1", "load1", "", START, START + 1, None).avg == [2.0]
    assert archive.history.range("C-1", "load1", "", START, START + 1, None).t == []


def test_an_infinity_is_unreadable_before_and_after_sealing(archive: Any, said: Any) -> None:
    archive.feed(said(1, [(START, [float("inf")]), (START + 15_000, [2.0])]))
    before = load(archive, START, START + MINUTE)
    archive.history.seal()
    assert load(archive, START, START + MINUTE) == before
    assert (before.avg, before.gaps) == ([None, 2.0], ["unreadable", None])
