"""SNMP from walk to spool beside snmp_exporter, on the same agents in the same run; and 1,000 switches of 48 ports.

Both are asked for the subtrees of our type of a switch that these agents have; snmp_exporter is not made to look for
the others. It asks for 50 rows at once, so that a column comes in one answer, as ours has learnt it. Whoever is not
measured is idle. The agents share two cores with either: the more of them one leaves, the more walks there are.
"""

from __future__ import annotations

import asyncio
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.canned import NARROW_FROM, Table, counted
from bench.cost import cpu_of_all
from bench.snmp_agents import COUNTED, Exporter, agents, exporter, numbers_of, varbinds_of
from bench.snmp_agents import counted as counted_by_agent
from bench.snmp_collecting import Task, canned, collect
from collector.device_files import load_device_types
from collector.protocols.snmp import Credential, Manner, Target
from collector.protocols.snmp_agents import agent_for, asked_whole
from collector.running import AT_ONCE
from collector.sources.if_mib import COUNTERS
from collector.walk import Walk
from readings.catalogue import load_catalogue
from readings.delivery.spool import Spool
from readings.wire import unpack_batch, unpack_series

AGENTS, PORTS = 8, 48
SECONDS, ROUNDS = 3.0, 5
ROWS_AT_ONCE = 50
DEVICES, CYCLES, PACED_S = 1_000, 3, 66.0
TYPE = "generic_switch"
TABLE = Table(PORTS)


@dataclass(frozen=True, slots=True)
class Speed:
    """Walks a second and CPU microseconds a varbind."""

    walks_per_s: float
    cpu_us: float


def run() -> Iterator[tuple[str, float | None, str]]:
    yield from _beside_exporter()
    yield from _many()


def _beside_exporter() -> Iterator[tuple[str, float | None, str]]:
    names = ("walks_per_second", "cpu_us_per_varbind", "walks_ratio_vs_snmp_exporter", "cpu_ratio_vs_snmp_exporter")
    try:
        ours, theirs, varbinds = _rounds()
    except RuntimeError as error:
        for name in names:
            yield f"snmp.{name}", None, str(error)
        return
    walks, cpu = median(one.walks_per_s for one in ours), median(one.cpu_us for one in ours)
    walks_theirs, cpu_theirs = median(one.walks_per_s for one in theirs), median(one.cpu_us for one in theirs)
    note = f"of {varbinds} varbinds each, {AGENTS} snmpd agents on the same cores, every tick fsynced"
    yield "snmp.walks_per_second", walks, note
    yield "snmp.cpu_us_per_varbind", cpu, "from the first request to the tick in the spool"
    note = f"theirs {walks_theirs:.1f} walks/s; median of {ROUNDS} rounds of {SECONDS:g} s in turn"
    ratio = median(mine.walks_per_s / other.walks_per_s for mine, other in zip(ours, theirs, strict=True))
    yield "snmp.walks_ratio_vs_snmp_exporter", ratio, note
    note = f"theirs {cpu_theirs:.2f} µs, metrics of {len(COUNTED)} counters and 5 gauges with ifName written out"
    ratio = median(mine.cpu_us / other.cpu_us for mine, other in zip(ours, theirs, strict=True))
    yield "snmp.cpu_ratio_vs_snmp_exporter", ratio, note


def _rounds() -> tuple[list[Speed], list[Speed], int]:
    """(ours, theirs, varbinds of a walk). Raises RuntimeError for what is not installed or does not answer."""
    ours, theirs = [], []
    with TemporaryDirectory(prefix="zhishou-snmp-") as name, agents(Path(name), AGENTS, PORTS) as ports:
        answers = asyncio.run(_walk(ports[0]))
        roots = [root for root in load_device_types(load_catalogue())[TYPE].roots() if answers.has(root)]
        walk = [root for root in roots if not root.endswith(".0")]
        get = [root for root in roots if root.endswith(".0")]
        with exporter(Path(name), walk, get, ROWS_AT_ONCE) as other:
            for number in range(ROUNDS):
                spool = Path(name) / f"spool-{number}.db"
                done = collect(Task(str(spool), [("127.0.0.1", port) for port in ports], TYPE, seconds=SECONDS))
                assert _stored(spool, _told_by_agent) == done.ticks
                ours.append(Speed(done.walks / done.took_s, done.cpu_s / done.walks / len(answers) * 1e6))
                theirs.append(_scraped(other, ports, len(answers)))
    return ours, theirs, len(answers)


async def _walk(port: int) -> Walk:
    asked = await asked_whole(
        agent_for(Target("127.0.0.1", port, Credential())),
        load_device_types(load_catalogue())[TYPE],
        Manner(repetitions=ROWS_AT_ONCE),
        60.0,
    )
    assert not asked.troubles, asked.remarks
    return asked.walk()


def _scraped(other: Exporter, ports: list[int], varbinds: int) -> Speed:
    """Every agent again and again, one scrape at a time each; what it said last is looked at as ours is."""
    said: list[bytes] = [b""] * len(ports)
    walks = [0] * len(ports)

    def on(at: int) -> None:
        connection = other.connection()
        while time.perf_counter() < until:
            said[at] = other.scrape(connection, ports[at])
            walks[at] += 1
        connection.close()

    spent, began = cpu_of_all(other.pid), time.perf_counter()
    until = began + SECONDS
    scraping = [threading.Thread(target=on, args=(at,)) for at in range(len(ports))]
    for one in scraping:
        one.start()
    for one in scraping:
        one.join()
    took_s, spent = time.perf_counter() - began, cpu_of_all(other.pid) - spent
    for at, text in enumerate(said):
        numbers = numbers_of(text)
        assert varbinds_of(text) == varbinds, (varbinds_of(text), varbinds)
        for row in range(1, PORTS + 1):
            for column in COUNTED:
                assert numbers[column, row] == counted_by_agent(at + 1, column, row)
    return Speed(sum(walks) / took_s, spent / sum(walks) / varbinds * 1e6)


def _many() -> Iterator[tuple[str, float | None, str]]:
    with TemporaryDirectory(prefix="zhishou-snmp-") as name, canned(DEVICES, PORTS) as where:
        spool = Path(name) / "spool.db"
        at_once = collect(Task(str(spool), where, cycles=CYCLES))
        paced = collect(Task(str(spool), where, paced_s=PACED_S))
        assert _stored(spool, _told_by_switch) == at_once.ticks + paced.ticks
    note = f"all asked once, {AT_ONCE} at a time; the first cycle, recognising them, {at_once.cycles_s[0]:.1f} s"
    yield "snmp.devices_1000_cycle_seconds", max(at_once.cycles_s[1:]), note
    yield "snmp.devices_1000_asked_in_time", float(paced.asked), f"by the collector, each once in 60 s, {PORTS} ports"
    note = f"over the first {PACED_S:g} s: opening and recognising them is in it"
    yield "snmp.devices_1000_core_share", paced.paced_core_share, note
    yield "snmp.devices_1000_rss_mb", paced.rss_mb, f"of the collector then; PSS {paced.pss_mb:.1f} MB"


Told = Callable[[int, dict[tuple[str, str], float]], dict[tuple[str, str], float]]


def _stored(file: Path, told: Told) -> int:
    """How many ticks of devices are in the spool; every one must hold what its device told it. Empties the spool."""
    spool, ticks = Spool(file), 0
    while (parcel := spool.batch(50, 16 * 2**20)) is not None:
        for block in unpack_batch(parcel.payload).blocks:
            if block.source != "snmp":
                continue
            series, values = unpack_series(block.series), array("d")
            values.frombytes(block.values)
            for at in range(len(block.ticks)):
                row = dict(zip(series, values[at * len(series) : (at + 1) * len(series)], strict=True))
                wrong = told(int(block.device.removeprefix("SW-")), row).items() - row.items()
                assert not wrong, (block.device, sorted(wrong)[:5])
                ticks += 1
        spool.acknowledge(parcel.epoch, parcel.last)
    spool.close()
    return ticks


def _told_by_agent(agent: int, _read: dict[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    return {
        (metric, f"GE0/0/{row}"): float(counted_by_agent(agent, wide or narrow, row))
        for metric, (wide, narrow) in COUNTERS.items()
        for row in range(1, PORTS + 1)
    } | _unmoving()


def _told_by_switch(switch: int, read: dict[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Of the walk that the uptime read in it names."""
    walk = round((read["uptime_seconds", ""] * 100 - NARROW_FROM) / 100)
    return {
        (metric, f"GE0/0/{row}"): float(counted(switch, TABLE.place[f"{wide or narrow}.{row}"], walk, wide=bool(wide)))
        for metric, (wide, narrow) in COUNTERS.items()
        for row in range(1, PORTS + 1)
    } | _unmoving()


def _unmoving() -> dict[tuple[str, str], float]:
    said = (("interface_state", 1.0), ("interface_admin_state", 1.0), ("network_speed_bytes_per_second", 125e6))
    return {(metric, f"GE0/0/{row}"): value for metric, value in said for row in range(1, PORTS + 1)}
