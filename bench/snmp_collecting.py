"""A collector of its own process that is measured: ``python -m bench.snmp_collecting``, told what to do as JSON.

What it does is what the collector does: polls made from the device list, asked together with their clocks, every tick
in the spool with fsync before it counts.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.cost import children_of, pss_mb
from collector.asked_by_snmp import snmp_polls
from collector.clocks import look
from collector.device_files import load_device_types
from collector.files_at_once import many_files
from collector.polled import AskedDevice, MakePolls
from collector.running import AT_ONCE, Collector
from readings.catalogue import load_catalogue
from readings.delivery.collection import ListedDevice
from readings.delivery.protocols import Protocols, SnmpSettings
from readings.delivery.runner import RUNNER, TakenTick
from readings.delivery.spool import Position, Spool

WITHIN_S = 60.0
LEARNING = 3  # walks, in which it finds out how much an agent gives at once


class Task(msgspec.Struct):
    """``seconds``: every agent walked again and again for so long, one walk at a time each.

    ``cycles``: every agent asked once, as many times; ``paced_s``: by the collector in its own time, for so long.
    """

    spool: str
    agents: list[tuple[str, int]]
    type: str = ""
    seconds: float = 0.0
    cycles: int = 0
    paced_s: float = 0.0


class Done(msgspec.Struct):
    """``walks`` and ``cpu_s`` of ``took_s``; ``cycles_s``: each; ``ticks`` that were kept, ``gaps`` among them.

    ``asked``: devices that the collector itself asked in its time.
    """

    ticks: int = 0
    walks: int = 0
    took_s: float = 0.0
    cpu_s: float = 0.0
    cycles_s: list[float] = []
    asked: int = 0
    paced_core_share: float = 0.0
    gaps: list[str] = []
    pss_mb: float = 0.0
    rss_mb: float = 0.0


def device_no(number: int) -> str:
    return f"SW-{number:04}"


def listed(task: Task) -> list[ListedDevice]:
    return [
        ListedDevice(
            device_no(number),
            "bench",
            host,
            task.type,
            protocols=Protocols(snmp=SnmpSettings(port=port)),
            secrets={"snmp": {"community": "public"}},
        )
        for number, (host, port) in enumerate(task.agents, 1)
    ]


@dataclass(slots=True)
class Walking:
    """Devices, how they are asked, and where their ticks go."""

    asked: Sequence[AskedDevice]
    spool: Spool
    done: Done

    async def once(self, device: AskedDevice) -> None:
        tick = await device.ask(WITHIN_S)
        self.done.gaps += [f"{told[0]}: {told[2].word}: {told[3]}" for told in tick.gaps]
        self.spool.append(tick)
        self.done.ticks += 1

    async def learn(self) -> None:
        for _ in range(LEARNING):
            await asyncio.gather(*map(self.once, self.asked))

    async def again_and_again(self, seconds: float) -> None:
        async def on(device: AskedDevice) -> None:
            while time.perf_counter() < until:
                await self.once(device)
                self.done.walks += 1

        spent, began = _cpu_s(), time.perf_counter()
        until = began + seconds
        await asyncio.gather(*map(on, self.asked))
        self.done.took_s, self.done.cpu_s = time.perf_counter() - began, _cpu_s() - spent

    async def cycle(self) -> None:
        free = asyncio.Semaphore(AT_ONCE)

        async def bounded(device: AskedDevice) -> None:
            async with free:
                await self.once(device)

        began = time.perf_counter()
        await asyncio.gather(*map(bounded, self.asked))
        self.done.cycles_s.append(time.perf_counter() - began)


async def _paced(task: Task, makers: Sequence[MakePolls], spool: Spool, done: Done) -> None:
    """The collector itself, each device in its own phase."""
    met: set[str] = set()

    def count(tick: TakenTick) -> Position:
        for device, source, _, _ in tick.blocks:
            if source != RUNNER and device:
                met.add(device)
                done.ticks += 1
        done.gaps.extend(f"{told[0]}: {told[2].word}: {told[3]}" for told in tick.gaps)
        return append(tick)

    append, spool.append = spool.append, count  # type: ignore[method-assign,assignment]  # counted on its way
    collector = Collector(spool, look, makers, lambda _share: True)
    collector.use(listed(task))
    stop = asyncio.Event()
    spent, began = _cpu_s(), time.perf_counter()
    running = asyncio.create_task(collector.run(stop))
    await asyncio.sleep(task.paced_s)
    done.paced_core_share = (_cpu_s() - spent) / (time.perf_counter() - began)
    stop.set()
    await running
    done.asked = len(met & {device.device_no for device in listed(task)})


def _cpu_s() -> float:
    return time.process_time() + children_of(_OWN)


_OWN = int(Path("/proc/self").resolve().name)


async def _work(task: Task, makers: Sequence[MakePolls], spool: Spool, done: Done) -> None:
    walking = Walking([_asked(device, makers) for device in listed(task)], spool, done)
    if task.seconds:
        await walking.learn()
        await walking.again_and_again(task.seconds)
    for _ in range(task.cycles):
        await walking.cycle()
    if task.paced_s:
        await _paced(task, makers, spool, done)


def _measure_memory(done: Done) -> None:
    """1 MB = 10⁶ bytes."""
    done.pss_mb = pss_mb(_OWN)
    done.rss_mb = int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) * 1024 / 1e6


def _asked(device: ListedDevice, makers: Sequence[MakePolls]) -> AskedDevice:
    return AskedDevice(device, [poll for make in makers for poll in make(device)], look)


def main() -> None:
    task, done = msgspec.json.decode(sys.stdin.buffer.read(), type=Task), Done()
    many_files()
    spool = Spool(Path(task.spool))
    asyncio.run(_work(task, [snmp_polls(load_device_types(load_catalogue()), look)], spool, done))
    _measure_memory(done)
    spool.close()
    sys.stdout.buffer.write(msgspec.json.encode(done))


def collect(task: Task) -> Done:
    """Run in a process of its own. Raises CalledProcessError; RuntimeError when a walk brought nothing."""
    ran = subprocess.run(
        [sys.executable, "-m", "bench.snmp_collecting"],
        input=msgspec.json.encode(task),
        stdout=subprocess.PIPE,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    done = msgspec.json.decode(ran.stdout, type=Done)
    if done.gaps:
        raise RuntimeError(f"{len(done.gaps)} gaps, the first: {done.gaps[0]}")
    return done


@contextmanager
def canned(count: int, rows: int) -> Iterator[list[tuple[str, int]]]:
    """Where so many switches of bench.canned listen, from a process of their own."""
    words = [sys.executable, "-m", "bench.canned", str(count), str(rows)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1]
    ) as answering:
        assert answering.stdout is not None
        yield [(host, port) for host, port in json.loads(answering.stdout.readline())]


if __name__ == "__main__":
    main()
