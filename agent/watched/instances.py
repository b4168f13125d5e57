"""The processes of one watched name from pass to pass: which went, which came, what they used in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from readings.model import Event, Gap, Sample, Severity

METRICS = (
    "watched_process_count",
    "watched_process_restarts_total",
    "watched_process_cpu_ratio",
    "watched_process_memory_bytes",
    "watched_process_age_seconds",
)
TICKS_PER_S = 100  # USER_HZ, on every architecture user space sees
MOST_TOLD = 10  # processes named in one event


class Seen(Protocol):
    @property
    def pid(self) -> int: ...
    @property
    def started(self) -> int: ...
    @property
    def cpu(self) -> int: ...
    @property
    def rss_bytes(self) -> int: ...
    @property
    def key(self) -> tuple[int, int]: ...


class Instances:
    """A process that went and one that came, whenever it comes, are one restart."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._before: dict[tuple[int, int], int] | None = None  # CPU time by process
        self._before_ns = 0
        self._missing = 0  # went and were not replaced yet
        self._restarts = 0

    def gap(self, reason: Gap) -> Iterator[Sample]:
        """Nothing is known in this pass; CPU time may not be counted across it."""
        self._before_ns = 0
        for metric in METRICS:
            yield Sample(metric, reason, self._name)

    def take(self, found: Sequence[Seen], now_ns: int) -> Iterator[Sample | Event]:
        cpu = {process.key: process.cpu for process in found}
        before = cpu if self._before is None else self._before
        went, came = before.keys() - cpu.keys(), cpu.keys() - before.keys()
        self._missing += len(went)
        replaced = min(self._missing, len(came))
        self._restarts += replaced
        self._missing -= replaced
        yield from self._tell(went, came, len(found), now_ns)
        values = (
            float(len(found)),
            float(self._restarts),
            self._cpu_ratio(cpu, now_ns),
            float(sum(process.rss_bytes for process in found)) if found else Gap.NOT_OFFERED,
            max(now_ns / 1e9 - max(process.started for process in found) / TICKS_PER_S, 0.0)
            if found
            else Gap.NOT_OFFERED,
        )
        for metric, value in zip(METRICS, values, strict=True):
            yield Sample(metric, value, self._name)
        self._before, self._before_ns = cpu, now_ns

    def _cpu_ratio(self, cpu: dict[tuple[int, int], int], now_ns: int) -> float | Gap:
        """Of one CPU; a process that came in between counts from its start."""
        if not cpu:
            return Gap.NOT_OFFERED
        if self._before is None or not self._before_ns or now_ns <= self._before_ns:
            return Gap.LOST
        spent = sum(max(used - self._before.get(key, 0), 0) for key, used in cpu.items())
        return spent / TICKS_PER_S / ((now_ns - self._before_ns) / 1e9)

    def _tell(self, went: set[tuple[int, int]], came: set[tuple[int, int]], left: int, now_ns: int) -> Iterator[Event]:
        if went:
            text = f"{self._name}: {_pids(went)} ended, {left} running now"
            yield Event("watched_processes", "watched_process_ended", Severity.WARNING, text, now_ns, count=len(went))
        if came:
            text = f"{self._name}: {_pids(came)} started, {left} running now"
            yield Event("watched_processes", "watched_process_started", Severity.NOTICE, text, now_ns, count=len(came))


def _pids(keys: set[tuple[int, int]]) -> str:
    pids = [str(pid) for pid, _ in sorted(keys)]
    more = f" and {len(pids) - MOST_TOLD} more" if len(pids) > MOST_TOLD else ""
    return f"process {', '.join(pids[:MOST_TOLD])}{more}"
