"""What a program costs while it runs: CPU and memory of it and of every process under it."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path


def cpu_of(pid: int) -> float:
    """CPU seconds of a process, to the nanosecond: its CPU-time clock (clock_getcpuclockid(3))."""
    return time.clock_gettime_ns((~pid << 3) | 2) / 1e9


def children_of(pid: int) -> float:
    """CPU seconds of the children a process has waited for, and of theirs."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def processes(pid: int) -> list[int]:
    """``pid`` and all that descend from it now."""
    found = [pid]
    for each in found:
        with suppress(OSError):
            for task in Path(f"/proc/{each}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def cpu_of_all(pid: int) -> float:
    """CPU seconds of it and all under it, those that ended included."""
    spent = 0.0
    for each in processes(pid):
        with suppress(OSError):
            spent += cpu_of(each) + children_of(each)
    return spent


def pss_mb(pid: int) -> float:
    """Proportional memory of one process. 1 MB = 10⁶ bytes."""
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024 / 1e6


def pss_mb_of_all(pid: int) -> float:
    held = 0.0
    for each in processes(pid):
        with suppress(OSError):
            held += pss_mb(each)
    return held
