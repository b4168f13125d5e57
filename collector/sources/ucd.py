"""A host by net-snmp's UCD-SNMP-MIB: load, processor, memory, watched file systems."""

from __future__ import annotations

from collections.abc import Iterator

from collector.source import SnmpSource
from collector.walk import Walk
from readings.model import Gap, Sample

UCD = "1.3.6.1.4.1.2021"
LOAD = f"{UCD}.10.1.3"
MEMORY = f"{UCD}.4"
SWAP_TOTAL, SWAP_FREE, TOTAL, FREE, BUFFERS, CACHED = (f"{MEMORY}.{at}.0" for at in (3, 4, 5, 6, 14, 15))
IDLE = f"{UCD}.11.11.0"
KIB = 1024


def read(walk: Walk) -> Iterator[Sample]:
    for metric, index in (("load1", 1), ("load5", 2), ("load15", 3)):
        if f"{LOAD}.{index}" in walk:
            yield Sample(metric, walk.number(f"{LOAD}.{index}"))
    if IDLE in walk:
        idle = walk.number(IDLE, times=0.01)
        known = isinstance(idle, float) and 0 <= idle <= 1
        yield Sample("cpu_busy_ratio", 1 - idle if known and isinstance(idle, float) else Gap.UNREADABLE, "total")
    if TOTAL in walk:
        total = walk.number(TOTAL, times=KIB)
        yield Sample("memory_total_bytes", total)
        yield Sample("memory_used_ratio", _used(walk, total))
    swap, free = walk.number(SWAP_TOTAL, times=KIB), walk.number(SWAP_FREE, times=KIB)
    if isinstance(swap, float) and isinstance(free, float) and swap > 0:
        yield Sample("swap_total_bytes", swap)
        yield Sample("swap_used_ratio", 1 - free / swap if free <= swap else Gap.UNREADABLE)


def _used(walk: Walk, total: float | Gap) -> float | Gap:
    """Share that programs hold: neither free nor kept as buffers or cache. Old agents have no caches to tell of."""
    free = walk.number(FREE, times=KIB)
    if isinstance(total, Gap) or isinstance(free, Gap):
        return total if isinstance(total, Gap) else free
    caches = [walk.number(oid, times=KIB) for oid in (BUFFERS, CACHED) if oid in walk]
    unused = free + sum(value for value in caches if isinstance(value, float))
    return 1 - unused / total if total > 0 and unused <= total else Gap.UNREADABLE


SOURCE = SnmpSource("ucd", (LOAD, MEMORY, IDLE), read)
