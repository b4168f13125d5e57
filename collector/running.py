"""The collector at work: every device in its own phase, traps and syslog as they come, all into the spool.

A device is asked while this collector holds its share, by all ways its settings name, at once, as one tick. One that
is slow or dead holds one place of AT_ONCE and no other device; asked again is only who has answered or given up.
"""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from collector.listening.apart import Apart
from collector.polled import AskedDevice, MakePolls, Poll
from collector.sight import Sight
from readings.delivery.collection import ListedDevice
from readings.delivery.runner import Runner, Source, TakenTick
from readings.delivery.spool import Spool
from readings.delivery.wording import fit_event
from readings.model import Clocks, Event, Sample

log = logging.getLogger(__name__)

AT_ONCE = 200
HEAR_EVERY_S = 1.0
OWN_EVERY_S = 15.0
LONGEST_POLL_S = 120.0
MOST_EVENTS = 5_000  # a tick: two of them still fit in one batch


@dataclass(slots=True)
class _Turn:
    """A device, how it is asked, and the task that does so."""

    device: ListedDevice
    asked: AskedDevice
    task: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Ears:
    """What listens beside the polling, and what came of it."""

    listeners: Sequence[Apart]
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    not_held: int = 0
    waiting: list[tuple[str, Event]] = field(default_factory=list)

    def hear(self) -> None:
        for listener in self.listeners:
            heard = listener.take()
            self.waiting += heard.events
            self.counts[listener.name] = heard.counts


class Collector:
    """``run`` until ``stop``; ``use`` may be called by another thread. ``holds(share)``: is it ours to ask now?"""

    def __init__(
        self,
        spool: Spool,
        clocks: Callable[[], Clocks],
        makers: Sequence[MakePolls],
        holds: Callable[[str], bool],
        *,
        listeners: Sequence[Apart] = (),
        own: Sequence[Source] = (),
        at_once: int = AT_ONCE,
    ) -> None:
        self._spool = spool
        self._clocks = clocks
        self._makers = makers
        self._holds = holds
        self._ears = Ears(listeners)
        self._sight = Sight()
        self._own = Runner([*own, self], clocks)
        self._turns: dict[str, _Turn] = {}
        self._wanted: list[ListedDevice] | None = None
        self._free = asyncio.Semaphore(at_once)

    name = "collection"

    def read(self) -> Iterator[Sample]:
        """What this collector reads of itself."""
        yield Sample("collected_devices", float(sum(self._holds(one.device.share) for one in self._turns.values())))
        yield Sample("collected_devices_answering", float(self._sight.answering()))
        for listener in self._ears.listeners:
            yield Sample("listener_hearing", 0.0 if listener.trouble else 1.0, listener.name)
        for name, counts in self._ears.counts.items():
            for word, count in sorted(counts.items()):
                yield Sample("listener_messages_total", float(count), f"{name} {word}")
        yield Sample("listener_messages_total", float(self._ears.not_held), "not_held")

    def use(self, devices: Sequence[ListedDevice]) -> None:
        """The device list is this from now on."""
        self._wanted = list(devices)
        for listener in self._ears.listeners:
            listener.use(devices)

    async def run(self, stop: asyncio.Event) -> None:
        """Never raises for a device, a listener or the spool."""
        own_at_s = time.monotonic()
        while not stop.is_set():
            self._follow()
            try:
                self._hear()
                if time.monotonic() >= own_at_s:
                    own_at_s += OWN_EVERY_S
                    self._spool.append(self._own.tick())
            except Exception:
                log.exception("a step of the collector failed; the next one comes in its turn")
            try:
                await asyncio.wait_for(stop.wait(), HEAR_EVERY_S)
            except TimeoutError:
                continue
        for turn in self._turns.values():
            if turn.task is not None:
                turn.task.cancel()
        self._hear()

    def _follow(self) -> None:
        """Take up a list that came: who is new or changed begins anew, who is gone is asked no more."""
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            return
        named = {device.device_no: device for device in wanted}
        for device_no, turn in list(self._turns.items()):
            if named.get(device_no) != turn.device:
                del self._turns[device_no]
                if turn.task is not None:
                    turn.task.cancel()
        self._sight.forget(set(named))
        for device_no, device in named.items():
            if device_no not in self._turns:
                self._turns[device_no] = self._begin(device)
        if wanted:
            # Gaps of neighbouring polls are joined by this interval.
            self._spool.interval_s = max(device.interval_s for device in wanted)

    def _begin(self, device: ListedDevice) -> _Turn:
        polls: list[Poll] = []
        for make in self._makers:
            try:
                polls += make(device)
            except Exception:
                log.exception("%s: cannot be asked as its settings say", device.device_no)
        turn = _Turn(device, AskedDevice(device, polls, self._clocks))
        if polls:
            turn.task = asyncio.create_task(self._ask_on(turn))
        return turn

    async def _ask_on(self, turn: _Turn) -> None:
        """At the device's own phase in every interval, spread by its number and the same after every start."""
        device, loop = turn.device, asyncio.get_running_loop()
        phase = zlib.crc32(device.device_no.encode()) % 10_000 / 10_000
        slot_s = loop.time() + phase * device.interval_s
        while True:
            await asyncio.sleep(max(0.0, slot_s - loop.time()))
            if self._holds(device.share):
                async with self._free:
                    await self._ask_once(turn)
            # Whoever took longer than its interval goes on at its next slot.
            slot_s += device.interval_s * max(1, -(-(loop.time() - slot_s) // device.interval_s))

    async def _ask_once(self, turn: _Turn) -> None:
        device = turn.device
        try:
            tick = await turn.asked.ask(min(LONGEST_POLL_S, device.interval_s))
            if not self._holds(device.share):
                return  # it passed to the other one meanwhile
            self._keep(device, self._sight.told(device.device_no, tick, time.monotonic()))
        except Exception:
            log.exception("%s: asking it failed", device.device_no)

    def _keep(self, device: ListedDevice, tick: TakenTick) -> None:
        """Only what is of the device: its poll's runner also watches our own clock, and once is enough."""
        tick.events = [(device_no, event) for device_no, event in tick.events if device_no == device.device_no]
        self._spool.append(tick)

    def _hear(self) -> None:
        """What was heard of devices that are ours to speak of, as a tick; the rest is the other collector's."""
        ears = self._ears
        ears.hear()
        now, ears.waiting = ears.waiting[:MOST_EVENTS], ears.waiting[MOST_EVENTS:]
        ours = [(no, fit_event(event)) for no, event in now if no in self._turns and self._is_ours(no)]
        ears.not_held += len(now) - len(ours)
        if ours:
            self._spool.append(TakenTick(self._clocks(), events=ours))

    def _is_ours(self, device_no: str) -> bool:
        return self._holds(self._turns[device_no].device.share)
