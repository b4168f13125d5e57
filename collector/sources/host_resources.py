"""A host by HOST-RESOURCES-MIB (RFC 2790): processors, memory, file systems, processes."""

from __future__ import annotations

from collections.abc import Iterator

from collector.source import SnmpSource
from collector.sources.parts import names
from collector.walk import Walk
from readings.model import Fact, Gap, Sample

HOST = "1.3.6.1.2.1.25"
PROCESSES = f"{HOST}.1.6.0"
PROCESSOR_LOAD = f"{HOST}.3.3.1.2"
STORAGE = f"{HOST}.2.3.1"
TYPE, NAME, UNIT, SIZE, USED = (f"{STORAGE}.{column}" for column in range(2, 7))
RAM, VIRTUAL, FIXED_DISK = (f"{HOST}.2.1.{kind}" for kind in (2, 3, 4))
# net-snmp counts caches as used memory and tells them in rows of these names.
CACHES = ("Memory buffers", "Cached memory")
SWAP = ("Swap space", "swap space", "Swap Space")


def read(walk: Walk) -> Iterator[Sample | Fact]:
    yield from _processors(walk)
    if PROCESSES in walk:
        yield Sample("processes_count", walk.number(PROCESSES))
    rows = {index: walk.text(f"{NAME}.{index}") for index in walk.column(TYPE)}
    yield from _memory(walk, rows)
    disks = [(index, name) for index, name in rows.items() if walk.text(f"{TYPE}.{index}") == FIXED_DISK]
    for index, part in names(disks).items():
        size, used = _bytes(walk, index)
        if size == 0:
            continue  # an empty mount point (proc, autofs) is no file system
        yield Sample("filesystem_size_bytes", size, part)
        yield Sample("filesystem_used_ratio", _ratio(used, size), part)


def _processors(walk: Walk) -> Iterator[Sample]:
    loads = [walk.number(f"{PROCESSOR_LOAD}.{index}", times=0.01) for index in walk.column(PROCESSOR_LOAD)]
    known = [load for load in loads if isinstance(load, float) and 0 <= load <= 1]
    if loads:
        whole = len(known) == len(loads)
        yield Sample("cpu_busy_ratio", sum(known) / len(known) if whole else Gap.UNREADABLE, "total")
    for number, load in enumerate(loads if len(loads) > 1 else ()):
        yield Sample("cpu_busy_ratio", load if load in known else Gap.UNREADABLE, str(number))


def _memory(walk: Walk, rows: dict[str, str]) -> Iterator[Sample]:
    """Only where it is plain which row is the memory: one of type RAM that is no cache."""
    caches = [index for index, name in rows.items() if name in CACHES]
    memory = [
        index for index, name in rows.items() if walk.text(f"{TYPE}.{index}") == RAM and name not in CACHES
    ]  # fmt: skip
    if len(memory) == 1:
        size, used = _bytes(walk, memory[0])
        cached = [_bytes(walk, index)[1] for index in caches]
        told = sum(value for value in cached if isinstance(value, float))
        yield Sample("memory_total_bytes", size)
        free_of_caches = used - told if isinstance(used, float) and told < used else used
        yield Sample("memory_used_ratio", _ratio(free_of_caches, size))
    swap = [index for index, name in rows.items() if name in SWAP]
    if len(swap) == 1:
        size, used = _bytes(walk, swap[0])
        if size != 0:
            yield Sample("swap_total_bytes", size)
            yield Sample("swap_used_ratio", _ratio(used, size))


def _bytes(walk: Walk, index: str) -> tuple[float | Gap, float | Gap]:
    """Size and used. Old agents let the 32-bit count of units run over into negative numbers."""
    unit = walk.number(f"{UNIT}.{index}")
    size, used = walk.number(f"{SIZE}.{index}"), walk.number(f"{USED}.{index}")
    if isinstance(unit, Gap) or unit <= 0:
        return Gap.UNREADABLE, Gap.UNREADABLE
    whole = [number if isinstance(number, Gap) else (number % 2**32) * unit for number in (size, used)]
    return whole[0], whole[1]


def _ratio(used: float | Gap, size: float | Gap) -> float | Gap:
    if isinstance(used, Gap) or isinstance(size, Gap):
        return used if isinstance(used, Gap) else size
    return used / size if size > 0 and used <= size else Gap.UNREADABLE


ROOTS = (PROCESSOR_LOAD, PROCESSES, TYPE, NAME, UNIT, SIZE, USED)
SOURCE = SnmpSource("host_resources", ROOTS, read)
