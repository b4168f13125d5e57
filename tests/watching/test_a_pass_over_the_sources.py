"""One pass: every source timed, every failure a gap with its reason, nothing said twice."""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import pytest

from readings.delivery.runner import MOST_EVENTS, MOST_SAMPLES, Runner, TakenTick
from readings.delivery.tick import pack_body
from readings.model import Clocks, Event, Fact, Gap, Sample, Severity, SourceFailed, gap_of
from readings.wire import unpack_series

SECOND = 10**9
Item = Sample | Event | Fact


@dataclass
class Told:
    """A source that yields what it was told to, then raises what it was told to."""

    name: str = "told"
    items: Iterable[object] = ()
    error: Exception | None = None

    def read(self) -> Iterator[Item]:
        yield from self.items  # type: ignore[misc]  # what a faulty source yields is under test
        if self.error is not None:
            raise self.error


@dataclass
class Clock:
    boottime: int = 100 * SECOND
    wall: int = 1_700_000_000 * SECOND
    boot: str = "boot"
    steps: list[int] = field(default_factory=list)

    def __call__(self) -> Clocks:
        self.boottime += 15 * SECOND
        self.wall += 15 * SECOND + (self.steps.pop(0) if self.steps else 0)
        return Clocks(self.boot, self.boottime, self.wall)


def runner_of(*sources: Told, clock: Clock | None = None) -> Runner:
    ticking = itertools.count(0, 0.25)
    return Runner(sources, clock or Clock(), lambda: float(next(ticking)))


def readings(taken: TakenTick) -> dict[str, dict[tuple[str, str], float]]:
    found = {}
    for _, source, packed, values in taken.blocks:
        series = unpack_series(packed)
        found[source] = dict(zip(series, struct.unpack(f"<{len(series)}d", values), strict=True))
    return found


def test_a_tick_holds_what_the_sources_said_and_how_long_they_took() -> None:
    event = Event("told", "oops", Severity.ERROR, "oops")
    taken = runner_of(Told(items=[Sample("load1", 0.5), event, Sample("cpu_busy_ratio", 0.25, "0")])).tick()
    assert readings(taken) == {
        "told": {("load1", ""): 0.5, ("cpu_busy_ratio", "0"): 0.25},
        "runner": {("source_success", "told"): 1.0, ("source_duration_seconds", "told"): 0.25},
    }
    assert taken.events == [("", event)]
    assert taken.gaps == []


@pytest.mark.parametrize(
    ("error", "gap", "words"),
    [
        pytest.param(PermissionError(13, "Permission denied", "/dev/mem"), Gap.REFUSED, "/dev/mem", id="not allowed"),
        pytest.param(FileNotFoundError(2, "No such file", "/proc/x"), Gap.NOT_OFFERED, "/proc/x", id="not there"),
        pytest.param(TimeoutError("5 s"), Gap.TIMED_OUT, "5 s", id="too slow"),
        pytest.param(ValueError("'x' is no number"), Gap.UNREADABLE, "'x' is no number", id="not understood"),
        pytest.param(RecursionError("deep"), Gap.UNREADABLE, "RecursionError", id="a bug"),
        pytest.param(SourceFailed(Gap.UNREACHABLE, "no route"), Gap.UNREACHABLE, "no route", id="its own word"),
    ],
)
def test_a_source_that_fails_is_one_gap_with_its_reason(error: Exception, gap: Gap, words: str) -> None:
    event = Event("told", "oops", Severity.ERROR, "oops")
    taken = runner_of(
        Told(items=[Sample("load1", 1.0), event], error=error), Told("other", [Sample("load5", 2)])
    ).tick()
    assert [(device, source, reason) for device, source, reason, _ in taken.gaps] == [("", "told", gap)]
    assert words in taken.gaps[0][3]
    assert taken.events == [("", event)]
    success = readings(taken)["runner"]["source_success", "told"]
    # What a host does not have cannot fail: no rule on failing sources may speak of it.
    assert gap_of(success) is Gap.NOT_OFFERED if gap is Gap.NOT_OFFERED else success == 0.0
    assert readings(taken)["other"] == {("load5", ""): 2.0}


@pytest.mark.parametrize("item", [None, 3.0, Sample("load1", None)], ids=["None", "a bare number", "no value"])  # type: ignore[arg-type]  # faulty on purpose
def test_what_is_no_sample_is_a_gap_and_stops_nothing(item: object) -> None:
    taken = runner_of(Told(items=[item]), Told("other", [Sample("load5", 2)])).tick()
    assert [(source, gap) for _, source, gap, _ in taken.gaps] == [("told", Gap.UNREADABLE)]
    assert readings(taken)["other"] == {("load5", ""): 2.0}


@pytest.mark.parametrize("gap", list(Gap), ids=lambda gap: gap.word)
def test_a_gap_of_one_series_keeps_its_reason(gap: Gap) -> None:
    taken = runner_of(Told(items=[Sample("load1", gap), Sample("load5", 0.0)])).tick()
    value = readings(taken)["told"]["load1", ""]
    assert math.isnan(value)
    assert gap_of(value) is gap


def test_a_series_ignored_counts_once_and_is_told_once() -> None:
    runner = runner_of(Told(items=[Sample("load1", 1.0), Sample("load1", 2.0), Sample("load5", 3.0)]))
    first, second = runner.tick(), runner.tick()
    for taken in (first, second):
        assert readings(taken)["told"] == {("load1", ""): 1.0, ("load5", ""): 3.0}
    assert [event.kind for _, event in first.events] == ["series_ignored"]
    assert second.events == []


def test_the_same_series_are_packed_once() -> None:
    runner = runner_of(Told(items=[Sample("load1", 1.0)]))
    first, second = runner.tick(), runner.tick()
    assert first.blocks[0][2] is second.blocks[0][2]


def test_there_is_a_limit_on_what_one_source_may_say() -> None:
    endless = Told(items=(Sample("load1", 1.0, str(number)) for number in itertools.count()))
    loud = Told("loud", items=(Event("loud", "again", Severity.ERROR, "x" * 10**5) for _ in itertools.count()))
    taken = runner_of(endless, loud).tick()
    assert [(source, gap) for _, source, gap, _ in taken.gaps] == [("told", Gap.UNREADABLE)]
    assert str(MOST_SAMPLES) in taken.gaps[0][3]
    assert len(taken.events) == MOST_EVENTS
    assert max(len(event.text) for _, event in taken.events) < 20_000


def test_facts_are_sent_when_they_change_and_all_once_a_day() -> None:
    facts = [Fact("kernel", "6.1"), Fact("serial", "CZ1")]
    source = Told(items=facts)
    seconds = [0.0]
    runner = Runner([source], Clock(), lambda: seconds[0])
    assert [fact for _, fact in runner.tick().facts] == facts
    assert runner.tick().facts == []
    source.items = [Fact("kernel", "6.2"), facts[1]]
    assert [fact.value for _, fact in runner.tick().facts] == ["6.2"]
    seconds[0] = 86_401.0
    assert len(runner.tick().facts) == 2


@pytest.mark.parametrize(
    ("step_s", "words"),
    [
        pytest.param(3600, "forward by 3600.000 s", id="an hour on"),
        pytest.param(-86_400, "back by 86400.000 s", id="a day back"),
        pytest.param(0.9, None, id="slewed"),
    ],
)
def test_a_clock_that_is_set_is_an_event(step_s: float, words: str | None) -> None:
    runner = runner_of(clock=Clock(steps=[0, 0, int(step_s * SECOND), 0]))
    told = [event for _ in range(4) for _, event in runner.tick().events]
    assert [(event.source, event.kind, event.severity) for event in told] == [
        ("clock", "clock_step", Severity.WARNING)
    ] * (words is not None)
    assert words is None or words in told[0].text


def test_a_new_boot_is_no_clock_that_was_set() -> None:
    clock = Clock()
    runner = runner_of(clock=clock)
    runner.tick()
    clock.boot, clock.boottime = "next boot", 0
    assert runner.tick().events == []


def test_two_sources_of_one_name_are_refused_at_once() -> None:
    make: Callable[[], Runner] = lambda: runner_of(Told("a"), Told("a"))  # noqa: E731 - one line says it
    with pytest.raises(ValueError, match="names of their own"):
        make()


def test_names_and_texts_of_any_bytes_can_travel() -> None:
    broken = b"caf\xe9".decode(errors="surrogateescape")
    items = [Sample("load1", 1.0, f"/mnt/{broken}\n"), Sample("no metric", 2.0), Sample("load5", 3.0, "x" * 9_000)]
    said = [Event("told", "oops", Severity.ERROR, broken, cursor=broken), Fact("serial", broken)]
    runner = runner_of(Told(items=[*items, *said]), Told("other", error=OSError(broken)))
    taken = runner.tick()
    assert [part for (_, part) in readings(taken)["told"]] == ["/mnt/caf\\udce9\\n", "x" * 499 + "…"]
    assert [event.kind for _, event in taken.events] == ["series_ignored", "oops"]
    pack_body(taken)
    assert runner.tick().facts == []
