"""The collector with fake devices: each in its own time, none delays another, blindness is not told as theirs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from collector.listening.apart import Apart
from collector.listening.heard import Heard
from collector.polled import AskedDevice, AskedSource, Poll
from collector.running import Collector
from collector.sight import Sight
from readings.delivery.collection import ListedDevice
from readings.delivery.runner import TakenTick
from readings.delivery.spool import Spool
from readings.model import Clocks, Event, Fact, Gap, Sample, Severity, SourceFailed
from readings.wire import unpack_batch, unpack_series

QUICK_S = 0.05


def clocks() -> Clocks:
    return Clocks("boot", time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns())


def device(device_no: str, share: str = "room", interval_s: float = QUICK_S) -> ListedDevice:
    return ListedDevice(device_no, share, "192.0.2.7", interval_s=interval_s)


@dataclass
class Room:
    """Fake devices by number: what one does when it is asked."""

    behaviour: dict[str, Callable[[], Iterable[Sample | Event | Fact]]] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)
    release: asyncio.Event | None = None

    def polls(self, device: ListedDevice) -> Sequence[Poll]:
        async def ask() -> Iterable[Sample | Event | Fact]:
            self.asked[device.device_no] += 1
            if device.device_no in self.hanging:
                while True:  # as a library that swallows its cancelling
                    try:
                        await asyncio.sleep(3600)
                    except asyncio.CancelledError:
                        if self.release is not None and self.release.is_set():
                            raise
            return self.behaviour.get(device.device_no, lambda: [Sample("up", 1.0)])()

        return [AskedSource(device.device_no, "fake", ask, clocks)]


@dataclass
class Kept:
    """A spool that only remembers."""

    ticks: list[TakenTick] = field(default_factory=list)
    interval_s: float = 15.0

    def append(self, tick: TakenTick) -> None:
        self.ticks.append(tick)

    def of(self, device_no: str) -> list[TakenTick]:
        return [
            tick
            for tick in self.ticks
            if any(block[0] == device_no for block in tick.blocks) or any(gap[0] == device_no for gap in tick.gaps)
        ]


def run(collector: Collector, until: Callable[[], bool], room: Room | None = None) -> None:
    async def work() -> None:
        stop = asyncio.Event()
        if room is not None:
            room.release = asyncio.Event()
        running = asyncio.create_task(collector.run(stop))
        end = time.monotonic() + 30
        while not until():
            assert time.monotonic() < end
            await asyncio.sleep(0.01)
        if room is not None and room.release is not None:
            room.release.set()
        stop.set()
        await running

    asyncio.run(work())


def unreachable() -> Iterable[Sample]:
    raise SourceFailed(Gap.UNREACHABLE, "no answer")


def always(_share: str) -> bool:
    return True


def collector_of(kept: Kept, room: Room, holds: Callable[[str], bool] = always, **more: object) -> Collector:
    return Collector(kept, clocks, [room.polls], holds, **more)  # type: ignore[arg-type]  # a spool that remembers


def test_every_device_is_asked_again_and_again_and_told_by_its_number() -> None:
    kept, room = Kept(), Room()
    collector = collector_of(kept, room)
    collector.use([device("SW-1"), device("SW-2")])
    run(collector, lambda: min(len(kept.of("SW-1")), len(kept.of("SW-2"))) >= 5)
    tick = kept.of("SW-1")[0]
    [block] = [block for block in tick.blocks if block[1] == "fake"]
    assert block[0] == "SW-1"
    assert unpack_series(block[2]) == [("up", "")]
    [proof] = [block for block in tick.blocks if block[1] == "runner"]
    assert unpack_series(proof[2]) == [("source_success", "fake"), ("source_duration_seconds", "fake")]


def test_one_dead_and_one_that_hangs_change_nothing_for_98_others() -> None:
    kept = Kept()
    room = Room({"SW-0": unreachable}, hanging={"SW-1"})
    collector = collector_of(kept, room, at_once=10)
    collector.use([device(f"SW-{number}", interval_s=0.5) for number in range(100)])
    run(collector, lambda: all(len(kept.of(f"SW-{number}")) >= 3 for number in range(2, 100)), room)
    counts = [len(kept.of(f"SW-{number}")) for number in range(2, 100)]
    assert max(counts) - min(counts) <= 2
    assert {gap[2] for tick in kept.of("SW-0") for gap in tick.gaps} == {Gap.UNREACHABLE}
    assert {gap[2] for tick in kept.of("SW-1") for gap in tick.gaps} == {Gap.TIMED_OUT}
    assert room.asked["SW-1"] == 1, "it is not asked again before it is back"


def test_a_device_that_raises_anything_is_a_gap_of_its_own() -> None:
    kept = Kept()
    room = Room({"SW-1": lambda: 1 / 0})  # type: ignore[dict-item,return-value]  # that is the point
    collector = collector_of(kept, room)
    collector.use([device("SW-1"), device("SW-2")])
    run(collector, lambda: bool(kept.of("SW-1")) and bool(kept.of("SW-2")))
    [gap] = kept.of("SW-1")[0].gaps
    assert gap[2:] == (Gap.UNREADABLE, "ZeroDivisionError: division by zero")


def test_only_shares_that_are_held_are_asked() -> None:
    kept, room = Kept(), Room()
    collector = collector_of(kept, room, lambda share: share == "ours")
    collector.use([device("SW-1", "ours"), device("SW-2", "theirs")])
    run(collector, lambda: len(kept.of("SW-1")) >= 5)
    assert room.asked["SW-2"] == 0
    assert kept.of("SW-2") == []


def test_what_was_asked_when_the_share_passed_on_is_not_told() -> None:
    kept, held = Kept(), [True]
    room = Room({"SW-1": lambda: [held.__setitem__(0, False) or Sample("up", 1.0)]})
    collector = collector_of(kept, room, lambda _share: held[0])
    collector.use([device("SW-1")])
    run(collector, lambda: room.asked["SW-1"] == 1 and not held[0])
    assert kept.of("SW-1") == []


def test_a_new_list_begins_the_new_and_ends_the_gone() -> None:
    kept, room = Kept(), Room()
    collector = collector_of(kept, room)
    collector.use([device("SW-1")])

    def later() -> bool:
        if len(kept.of("SW-1")) >= 2 and not kept.of("SW-2"):
            collector.use([device("SW-2")])
        return len(kept.of("SW-2")) >= 5

    run(collector, later)
    before = next(at for at, tick in enumerate(kept.ticks) if tick in kept.of("SW-2"))
    assert not any(tick in kept.of("SW-1") for tick in kept.ticks[before + 1 :])


def test_a_collector_that_reaches_nobody_says_blind_and_not_unreachable() -> None:
    sight = Sight()
    silent = [
        (f"SW-{number}", TakenTick(clocks(), gaps=[(f"SW-{number}", "snmp", Gap.TIMED_OUT, "t")]))
        for number in range(4)
    ]
    whole = TakenTick(clocks(), blocks=[("SW-0", "snmp", b"", b"")])
    assert sight.told("SW-0", whole, 0) is whole
    for number, tick in silent[1:]:
        assert [gap[2] for gap in sight.told(number, tick, 1).gaps] == [Gap.TIMED_OUT], "one of them still answers"
    for number, tick in silent:
        [gap] = sight.told(number, tick, 2).gaps
        assert gap[2] is Gap.BLIND
        assert "reaches none of its 4 devices" in gap[3]
    assert sight.told("SW-0", whole, 3) is whole
    assert [gap[2] for gap in sight.told(*silent[1], 3).gaps] == [Gap.TIMED_OUT]


def test_two_silent_devices_are_too_few_to_speak_of_blindness() -> None:
    sight = Sight()
    for device_no in ("SW-1", "SW-2"):
        tick = TakenTick(clocks(), gaps=[(device_no, "snmp", Gap.UNREACHABLE, "")])
        assert [gap[2] for gap in sight.told(device_no, tick, 0).gaps] == [Gap.UNREACHABLE]


def test_a_device_that_refuses_is_not_silent() -> None:
    sight = Sight()
    tick = TakenTick(clocks(), gaps=[("SW-1", "snmp", Gap.REFUSED, "")], blocks=[("SW-1", "runner", b"", b"")])
    assert sight.told("SW-1", tick, 0) is tick


def test_two_ways_to_ask_a_device_are_one_tick() -> None:
    async def ask(value: float) -> Iterable[Sample]:
        return [Sample("up", value)]

    polls = [AskedSource("SW-1", name, lambda: ask(1.0), clocks) for name in ("snmp", "icmp")]
    tick = asyncio.run(AskedDevice(device("SW-1"), polls, clocks).ask(5))
    assert [block[1] for block in tick.blocks] == ["snmp", "icmp", "runner"]
    series = unpack_series(tick.blocks[-1][2])
    assert [part for metric, part in series if metric == "source_success"] == ["snmp", "icmp"]
    assert len(tick.blocks[-1][3]) == 8 * len(series)


class Said(Apart):
    """A listener that heard something."""

    def __init__(self, *events: tuple[str, Event]) -> None:
        super().__init__("traps", lambda: None)  # type: ignore[arg-type,return-value]  # never begun
        self.events = list(events)
        self.given: list[str] = []

    def use(self, devices: Sequence[ListedDevice]) -> None:
        self.given = [one.device_no for one in devices]

    def take(self) -> Heard:
        events, self.events = self.events, []
        return Heard(events, Counter({"told": 3}))


def test_what_is_heard_goes_into_the_spool_as_events_of_the_devices_that_are_ours(tmp_path: Path) -> None:
    event = Event("trap", "link_down", Severity.WARNING, "接口断开 / link down", clocks().boottime_ns)
    said = Said(("SW-1", event), ("SW-2", event), ("SW-9", event))
    spool = Spool(tmp_path / "spool.db")
    collector = Collector(spool, clocks, [], lambda share: share == "ours", listeners=[said])
    collector.use([device("SW-1", "ours"), device("SW-2", "theirs")])
    run(collector, lambda: not said.events and spool.counters().appended >= 2)
    parcel = spool.batch(100, 10**6)
    counted = {sample.part: sample.value for sample in collector.read() if sample.metric == "listener_messages_total"}
    spool.close()
    assert said.given == ["SW-1", "SW-2"]
    assert counted == {"traps told": 3.0, "not_held": 2.0}
    assert parcel is not None
    assert [(one.device, one.kind) for one in unpack_batch(parcel.payload).events] == [("SW-1", "link_down")]


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterable[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() <= before
