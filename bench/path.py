"""From a reading taken to seen: 300 senders × 200 series / 15 s into a real centre, asked what it shows meanwhile.

One asyncio client plays all senders, spread evenly over the interval, each posting distinct batches as an agent does.
After every fifth tick it asks the API, as a page does, until that tick's reading is there, and then until the finding
on the root file system, which is full in every second tick, says so.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

import httpx
import numpy as np

from bench.stand import Enrolled, Stand, standing_centre
from readings import wire

SENDERS, INTERVAL_S, CYCLES = 300, 15.0, 5
WATCH_EVERY = 5
GIVE_UP_S = 30.0
Series = list[tuple[str, str]]


def parts(metrics: str, *names: str) -> Series:
    return [(metric, part) for part in names for metric in metrics.split()]


# 200 series of a middling server, by source. The judge's rules find what they look for among them.
SOURCES: dict[str, Series] = {
    "cpu": parts("cpu_busy_ratio cpu_iowait_ratio cpu_steal_ratio", "total", *map(str, range(16))),
    "memory": parts("memory_total_bytes memory_available_bytes memory_used_ratio swap_total_bytes swap_used_bytes", ""),
    "load": parts("load1 load5 load15 load_per_core", ""),
    "filesystem": parts(
        "filesystem_size_bytes filesystem_available_bytes filesystem_used_ratio filesystem_inodes_used_ratio",
        *("/", "/boot", "/var", "/home", "/data", "/opt", "/srv"),
    ),
    "disk": parts(
        "disk_io_time_seconds_total disk_read_bytes_total disk_written_bytes_total disk_reads_total disk_writes_total",
        *(f"sd{letter}" for letter in "abcdefgh"),
    ),
    "network": parts(
        "network_receive_bytes_total network_transmit_bytes_total network_receive_packets_total "
        "network_transmit_packets_total network_receive_errors_total network_transmit_errors_total "
        "network_receive_drops_total network_transmit_drops_total network_up network_speed_bytes_per_second",
        *("eth0", "eth1", "eth2", "eth3", "bond0"),
    ),
    "temperature": parts("temperature_celsius", *(f"core {core}" for core in range(8))),
    "runner": parts(
        "source_success source_duration_seconds",
        *("cpu", "memory", "load", "filesystem", "disk", "network", "temperature"),
    ),
}
SERIES = sum(map(len, SOURCES.values()))
FULL = SOURCES["filesystem"].index(("filesystem_used_ratio", "/"))


@dataclass
class Agent:
    """One simulated sender: an epoch, a number, and values that differ every time."""

    enrolled: Enrolled
    random: np.random.Generator
    number: int = 0
    packed: dict[str, bytes] = field(default_factory=lambda: {name: wire.pack_series(s) for name, s in SOURCES.items()})

    @property
    def boot_id(self) -> str:
        return f"boot-{self.enrolled.device_no}"

    def envelope(self, boottime: int, wall: int) -> bytes:
        """The next tick, taken now. The root file system is full in every second tick."""
        self.number += 1
        blocks = []
        for name, series in SOURCES.items():
            values = self.random.random(len(series)) * 0.5
            if name == "filesystem":
                values[FULL] = 0.995 if self.number % 2 else 0.3
            blocks.append(wire.Block("", name, [0], self.packed[name], values.astype("<f8").tobytes()))
        tick = wire.Tick(self.number, 0, boottime, wall)
        payload = wire.pack_batch(wire.Batch([self.boot_id], [tick], blocks, interval_s=INTERVAL_S))
        clock = wire.Clock(self.boot_id, boottime, wall)
        return wire.pack_envelope(wire.Envelope(wire.VERSION, "e" * 16, self.number, self.number, clock, payload))


@dataclass
class Seen:
    """Seconds from a reading taken until acknowledged, shown, and judged; ``refused`` counts answers other than 200."""

    acknowledged: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)
    judged: list[float] = field(default_factory=list)
    refused: int = 0


def is_shown(answer: Any, taken_ms: int) -> bool:
    newest = [r for r in answer["readings"] if r["metric"] == "cpu_busy_ratio" and r["part"] == "total"]
    return bool(newest) and milliseconds(newest[0]["at"]) >= taken_ms


def is_judged(answer: Any, full: bool) -> bool:
    """Whether the finding on the root file system says what its newest value is."""
    about = [found for found in answer["findings"] if found["rule"] == "filesystem_full" and found["part"] == "/"]
    return any((found["verdict"] == "not_met") == full for found in about)


def milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


async def until_it_says(client: httpx.AsyncClient, url: str, says: Any) -> float | None:
    """time.monotonic() of the first answer that says so, None when none did."""
    deadline = time.monotonic() + GIVE_UP_S
    while time.monotonic() < deadline:
        answer = await client.get(url)
        if answer.status_code == 200 and says(answer.json()):
            return time.monotonic()
        await asyncio.sleep(0.05)
    return None


async def send_and_watch(client: httpx.AsyncClient, agent: Agent, seen: Seen, look: bool) -> None:
    taken, taken_ms = time.monotonic(), time.time_ns() // 10**6
    body = agent.envelope(time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns())
    headers = {"Authorization": f"Bearer {agent.enrolled.credential}", "Content-Type": wire.CONTENT_TYPE}
    answer = await client.post("/api/v1/batches", content=body, headers=headers)
    if answer.status_code != 200:
        seen.refused += 1
        return
    seen.acknowledged.append(time.monotonic() - taken)
    if not look:
        return
    device, full = f"/api/v1/devices/{agent.enrolled.device_no}", agent.number % 2 == 1
    for place, times, says in (
        ("latest", seen.shown, lambda answer: is_shown(answer, taken_ms - 20)),
        ("findings", seen.judged, lambda answer: is_judged(answer, full)),
    ):
        at = await until_it_says(client, f"{device}/{place}", says)
        times.append(at - taken if at is not None else GIVE_UP_S)


async def drive(stand: Stand, seen: Seen, memory: list[float]) -> None:
    """CYCLES intervals; the first one warms up and is not looked at."""
    agents = [Agent(enrolled, np.random.default_rng(number)) for number, enrolled in enumerate(stand.senders)]
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    headers = {"Authorization": f"Bearer {stand.token}"}
    async with httpx.AsyncClient(base_url=stand.url, headers=headers, limits=limits, timeout=60) as client:
        started, tasks = time.monotonic(), set()
        for turn in count():
            if turn == SENDERS * CYCLES:
                break
            await asyncio.sleep(max(0.0, started + turn * INTERVAL_S / SENDERS - time.monotonic()))
            look = turn >= SENDERS and turn % WATCH_EVERY == 0
            task = asyncio.create_task(send_and_watch(client, agents[turn % SENDERS], seen, look))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            if turn % 100 == 0:
                memory.append(stand.rss_mb())
        await asyncio.gather(*tasks)


def p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[98]


def run() -> Iterator[tuple[str, float | None, str]]:
    seen, memory = Seen(), list[float]()
    with standing_centre(SENDERS) as stand:
        asyncio.run(drive(stand, seen, memory))
        memory.append(stand.rss_mb())
        cpu = stand.cpu_seconds()
        peak = stand.peak_rss_mb()
    if not seen.shown:
        yield "path.reading_to_page_p99_seconds", None, f"nothing was shown; {seen.refused} batches refused"
        return
    load = f"{SENDERS} senders × {SERIES} series / {INTERVAL_S:g} s, {len(seen.shown)} ticks followed"
    slowest = [max(pair) for pair in zip(seen.shown, seen.judged, strict=True)]
    yield "path.reading_to_page_p99_seconds", p99(slowest), f"shown and judged; {load}; {seen.refused} batches refused"
    yield "path.reading_to_latest_p99_seconds", p99(seen.shown), f"median {statistics.median(seen.shown):.3f} s"
    yield "path.reading_to_finding_p99_seconds", p99(seen.judged), f"median {statistics.median(seen.judged):.3f} s"
    yield (
        "path.acknowledged_p99_seconds",
        p99(seen.acknowledged),
        f"median {statistics.median(seen.acknowledged):.4f} s",
    )
    yield "server.rss_mb", max(memory), f"highest of {len(memory)} looks; peak {peak:.0f} MB"
    yield "server.cpu_ratio_of_core", cpu / (INTERVAL_S * CYCLES), "start-up and the questions asked included"
