"""Many devices asked in their own time: each has its phase in the interval, none waits for another.

A poll ends as a tick like an agent's: blocks of readings, or the device's gap with its reason. A device that does not
answer is asked as little as one request; one that refuses us is left alone for longer and longer, so that no account
is locked by our asking.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collector.device_type import DeviceType
from collector.identify import DeviceReading, read_device
from collector.protocols.snmp import FIRST_REPETITIONS, MOST_REPETITIONS, Agent, Manner, Target
from collector.protocols.snmp_agents import agent_for, asked_whole, recognise
from readings.delivery.runner import Runner, TakenTick
from readings.model import Clocks, Event, Fact, Gap, Sample, Severity, SourceFailed

log = logging.getLogger(__name__)

SOURCE = "snmp"
AT_ONCE = 200  # devices asked at a time
SAMPLES_PER_SOURCE = 8_000  # the runner takes 10,000 of one source
RECOGNISE_AGAIN_S = 3_600.0  # a device may have been replaced under the same address
LONGEST_REFUSED_S = 900.0
MOST_REMARKS = 5
MOST_READ_BETWEEN_TWO = 20_000  # values; what more say takes so long that other devices' answers would wait


@dataclass(frozen=True, slots=True)
class PolledDevice:
    """A device of the ledger and how it is asked. ``interval_s`` None: as its type says. ``repetitions``: at most."""

    device_no: str
    target: Target
    type_id: str = ""
    interval_s: float | None = None
    repetitions: int = MOST_REPETITIONS


@dataclass(slots=True)
class Answered:
    """A source of the runner: what the last poll brought, or why it brought nothing."""

    name: str
    device: str
    items: Sequence[Sample | Event | Fact] = ()
    failed: SourceFailed | None = None

    def read(self) -> Iterable[Sample | Event | Fact]:
        if self.failed is not None:
            raise self.failed
        return self.items


@dataclass(slots=True)
class Stopwatch:
    """What the runner takes for the time: asking happened before it looks, so it is told when."""

    moments: list[float] = field(default_factory=lambda: [0.0])

    def __call__(self) -> float:
        return self.moments.pop(0) if len(self.moments) > 1 else self.moments[0]


class DevicePoll:
    """One device: its agent, what was learnt of it, and its ticks. ``clocks`` is looked at when a poll begins."""

    def __init__(self, device: PolledDevice, types: Mapping[str, DeviceType], clocks: Callable[[], Clocks]) -> None:
        self.device = device
        self.type: DeviceType | None = types.get(device.type_id)
        self.refused_in_a_row = 0
        self._types = types
        self._clocks = clocks
        self._manner = self._new_manner()
        self._agent: Agent | None = None
        self._recognised_at = float("-inf")
        self._watch = Stopwatch()
        self._sources = [Answered(SOURCE, device.device_no)]
        self._runner = Runner(self._sources, self._taken_clocks, self._watch)
        self._began: Clocks = clocks()
        self._remarks: tuple[str, ...] = ()

    @property
    def interval_s(self) -> float:
        return self.device.interval_s or (self.type.interval_s if self.type else 60.0)

    def phase_s(self) -> float:
        """Where in its interval this device is asked: spread by its number, the same after every start."""
        return zlib.crc32(self.device.device_no.encode()) % 10_000 / 10_000 * self.interval_s

    def wait_s(self) -> float:
        """How long to leave a device alone that refused us, beyond its interval."""
        if not self.refused_in_a_row:
            return 0.0
        return float(min(LONGEST_REFUSED_S, self.interval_s * 2 ** min(self.refused_in_a_row - 1, 10)))

    def _new_manner(self) -> Manner:
        most = self.device.repetitions
        return Manner(min(FIRST_REPETITIONS, most), most)

    async def take(self) -> TakenTick:
        """Ask once. Never raises for the device."""
        loop = asyncio.get_running_loop()
        self._began, started = self._clocks(), loop.time()
        items: list[Sample | Event | Fact] = []
        failed: SourceFailed | None = None
        try:
            items = await self._ask(loop.time())
            self.refused_in_a_row = 0
        except SourceFailed as failure:
            failed = failure
            self.refused_in_a_row = self.refused_in_a_row + 1 if failure.gap is Gap.REFUSED else 0
        except Exception as error:
            log.exception("%s", self.device.device_no)
            failed = SourceFailed(Gap.UNREADABLE, f"{type(error).__name__}: {error}")
        return self._tick(items, failed, started, loop.time())

    async def _ask(self, now: float) -> list[Sample | Event | Fact]:
        if self._agent is None:
            self._agent = agent_for(self.device.target)
        if self.type is None or now - self._recognised_at > RECOGNISE_AGAIN_S:
            if not self.device.type_id:
                found, _ = await recognise(self._agent, self._types)
                if found is not self.type:
                    self.type, self._manner = found, self._new_manner()
            self._recognised_at = now
        if self.type is None:
            raise SourceFailed(Gap.UNREADABLE, f"no device type is called {self.device.type_id!r}")
        asked = await asked_whole(self._agent, self.type, self._manner, self.device.target.walk_within_s)
        walk = asked.walk()
        if len(walk) > MOST_READ_BETWEEN_TWO:
            reading = await asyncio.to_thread(read_device, self.type, walk)
        else:
            reading = read_device(self.type, walk)
        return [*reading.samples, *_facts(reading), *self._events(asked.remarks)]

    def _events(self, remarks: Sequence[str]) -> Iterator[Event]:
        """What was odd about the walk, told when it changes and not with every tick."""
        shown = tuple(remarks[:MOST_REMARKS])
        if shown and shown != self._remarks:
            yield Event(SOURCE, "walk_incomplete", Severity.WARNING, "; ".join(shown))
        self._remarks = shown

    def _tick(
        self, items: list[Sample | Event | Fact], failed: SourceFailed | None, started: float, ended: float
    ) -> TakenTick:
        needed = max(1, -(-len(items) // SAMPLES_PER_SOURCE))
        if needed > len(self._sources):
            self._sources = [
                Answered(f"{SOURCE}_{number}" if number > 1 else SOURCE, self.device.device_no)
                for number in range(1, needed + 1)
            ]
            self._runner = Runner(self._sources, self._taken_clocks, self._watch)
        for at, source in enumerate(self._sources):
            source.items = items[at * SAMPLES_PER_SOURCE : (at + 1) * SAMPLES_PER_SOURCE]
            source.failed = failed
        self._watch.moments = [started, ended]
        tick = self._runner.tick()
        for source in self._sources:  # it is in the tick: 1,000 devices must not hold their last answers, too
            source.items = ()
        return tick

    def _taken_clocks(self) -> Clocks:
        return self._began


def _facts(reading: DeviceReading) -> Iterator[Fact]:
    yield Fact("device_type", reading.type.id)
    if reading.type.vendor and not reading.fact("vendor"):
        yield Fact("vendor", reading.type.vendor)
    yield from reading.facts


class Poller:
    """Asks ``devices`` for ever, each tick handed to ``take`` as it comes. ``at_once`` bounds how many at a time."""

    def __init__(
        self,
        devices: Sequence[PolledDevice],
        types: Mapping[str, DeviceType],
        clocks: Callable[[], Clocks],
        take: Callable[[TakenTick], object],
        at_once: int = AT_ONCE,
    ) -> None:
        numbers = [device.device_no for device in devices]
        if len(set(numbers)) != len(numbers):
            raise ValueError("a device stands twice in the list")
        self._polls = [DevicePoll(device, types, clocks) for device in devices]
        self._take = take
        self._free = asyncio.Semaphore(at_once)

    async def once(self) -> None:
        """Every device asked once, all as soon as there is room."""
        await asyncio.gather(*(self._poll(poll) for poll in self._polls))

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set; what is being asked then is let go."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._go_on(poll, stop)) for poll in self._polls]
            await stop.wait()
            for task in tasks:
                task.cancel()

    async def _go_on(self, poll: DevicePoll, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        slot = poll.phase_s()
        with contextlib.suppress(asyncio.CancelledError):
            while not stop.is_set():
                await asyncio.sleep(max(0.0, began + slot - loop.time()))
                await self._poll(poll)
                slot += poll.interval_s + poll.wait_s()
                # One that took longer than its interval goes on at its next slot: no slot is asked twice.
                missed = (loop.time() - began - slot) // poll.interval_s + 1
                slot += max(0.0, missed) * poll.interval_s

    async def _poll(self, poll: DevicePoll) -> None:
        async with self._free:
            tick = await poll.take()
        self._take(tick)
