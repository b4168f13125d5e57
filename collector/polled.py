"""The way in for whoever asks a device: a :class:`Poll` brings a tick of it, whatever it speaks.

What a probe needs is a name and a coroutine: :class:`AskedSource` makes a poll of it. What keeps its own state of a
device (SNMP) is a poll of its own.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from readings.delivery.collection import ListedDevice
from readings.delivery.runner import RUNNER, Runner, TakenTick
from readings.model import Clocks, Event, Fact, Gap, Sample
from readings.wire import pack_series, unpack_series

Items = Iterable[Sample | Event | Fact]
Ask = Callable[[], Awaitable[Items]]  # may raise SourceFailed, or anything


class Poll(Protocol):
    """One way to ask one device."""

    async def take(self) -> TakenTick:
        """Ask once: blocks of the device, or its gap. Does not raise for the device."""
        ...


POLL = "poll"

MakePolls = Callable[[ListedDevice], Sequence[Poll]]  # none: the device is not asked this way


@dataclass(slots=True)
class _Told:
    """A source of the runner that gives what was asked before."""

    name: str
    device: str
    items: Items = ()
    failed: Exception | None = None

    def read(self) -> Items:
        if self.failed is not None:
            raise self.failed
        return self.items


class AskedSource:
    """A poll of one source: ``ask`` is called every time, ``clocks`` looked at when it begins."""

    def __init__(self, device_no: str, name: str, ask: Ask, clocks: Callable[[], Clocks]) -> None:
        self._told = _Told(name, device_no)
        self._ask = ask
        self._clocks = clocks
        self._began = clocks()
        self._moments: list[float] = []
        self._runner = Runner([self._told], lambda: self._began, lambda: self._moments.pop(0))

    async def take(self) -> TakenTick:
        self._began, started = self._clocks(), time.monotonic()
        self._told.items, self._told.failed = (), None
        try:
            self._told.items = list(await self._ask())
        except Exception as error:  # noqa: BLE001 - whatever a device brings about is a gap of that device alone
            self._told.failed = error
        self._moments = [started, time.monotonic()]
        return self._runner.tick()


class AskedDevice:
    """A device and all ways to ask it, asked together."""

    def __init__(self, device: ListedDevice, polls: Sequence[Poll], clocks: Callable[[], Clocks]) -> None:
        self.device = device
        self._polls = polls
        self._clocks = clocks
        self._late: dict[int, asyncio.Task[TakenTick]] = {}

    async def ask(self, within_s: float) -> TakenTick:
        """One tick. A way that takes longer is a gap, told to stop and, as some libraries do not let themselves be
        stopped, not asked again before it is back.
        """
        began, tasks, device_no = self._clocks(), {}, self.device.device_no
        late = 0
        for number, poll in enumerate(self._polls):
            before = self._late.pop(number, None)
            if before is not None and not before.done():
                self._late[number] = before
                late += 1
            else:
                tasks[number] = asyncio.ensure_future(poll.take())
        if tasks:
            await asyncio.wait(tasks.values(), timeout=within_s)
        ticks: list[TakenTick] = []
        gaps: list[tuple[str, str, Gap, str]] = []
        for number, task in tasks.items():
            if not task.done():
                task.cancel()
                self._late[number] = task
                late += 1
            elif (error := task.exception()) is not None:
                gaps.append((device_no, POLL, Gap.UNREADABLE, f"{type(error).__name__}: {error}"))
            else:
                ticks.append(task.result())
        if late:
            gaps.append((device_no, POLL, Gap.TIMED_OUT, f"{late} of {len(self._polls)} not back in {within_s:g} s"))
        tick = merged(ticks, began)
        tick.gaps += gaps[:1]  # a source has one gap in a tick
        return tick


def merged(ticks: Sequence[TakenTick], began: Clocks) -> TakenTick:
    """One tick of several of the same device: the runners' own readings become one block."""
    if len(ticks) == 1:
        return ticks[0]
    whole = TakenTick(began)
    proof: dict[str, tuple[list[tuple[str, str]], array[float]]] = {}
    for tick in ticks:
        for block in tick.blocks:
            if block[1] != RUNNER:
                whole.blocks.append(block)
                continue
            series, values = proof.setdefault(block[0], ([], array("d")))
            series += unpack_series(block[2])
            values.frombytes(block[3])
        whole.gaps += tick.gaps
        whole.events += tick.events
        whole.facts += tick.facts
    for device_no, (series, values) in proof.items():
        whole.blocks.append((device_no, RUNNER, pack_series(series), values.tobytes()))
    return whole
