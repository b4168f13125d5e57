"""A host in memory that was watched for a week: what its agent would have sent, in batches of many ticks.

The centre's clock is in the caller's hand: ``send`` sets it to the last tick of a batch before the batch is posted, as
if it had just been read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readings.wire import (
    Batch,
    Block,
    Clock,
    Envelope,
    Tick,
    WireEvent,
    WireFact,
    pack_batch,
    pack_envelope,
    pack_series,
)

SECOND_NS = 10**9
TICKS_A_BATCH = 1000
HOUR_S = 3600
WEEK_S = 168 * HOUR_S

Seconds = NDArray[np.float64]
Course = Callable[[Seconds], Seconds]  # seconds since the boot → values
Pair = tuple[str, str]


def level(value: float, swing: float = 0.0, period_s: float = 7 * HOUR_S) -> Course:
    return lambda at: value + swing * np.sin(at * (2 * np.pi / period_s))


def counting(per_second: float) -> Course:
    return lambda at: np.floor(at * per_second)


# What a healthy server says. One that is ill says something else of one of these.
HEALTHY: Mapping[Pair, Course] = {
    ("cpu_busy_ratio", "total"): level(0.22, 0.1),
    ("cpu_steal_ratio", "total"): level(0.0),
    ("load_per_core", ""): level(0.4, 0.2),
    ("memory_used_ratio", ""): level(0.47, 0.03),
    ("swap_in_pages_total", ""): level(0.0),
    ("pressure_memory_full_seconds_total", ""): level(3.0),
    ("context_switches_total", ""): counting(4100.0),
    ("source_success", "kernel_log"): level(1.0),
}


@dataclass(frozen=True)
class Happened:
    """An event ``at_s`` seconds after the boot."""

    at_s: float
    text: str
    severity: int = 3
    kind: str = "kernel_log"
    source: str = "kernel_log"


@dataclass
class WatchedHost:
    """``booted_ns``: UTC. ``unread``: stretches (from, to; seconds since the boot) in which nobody read it."""

    device_no: str
    booted_ns: int
    interval_s: int = 30
    boot_id: str = "5d1f0a52-0000-4000-8000-000000000001"
    epoch: str = "0123456789abcdef"
    courses: Mapping[Pair, Course] = field(default_factory=lambda: dict(HEALTHY))
    happened: Sequence[Happened] = ()
    unread: Sequence[tuple[float, float]] = ()
    facts: Mapping[str, str] = field(default_factory=lambda: {"os": "Debian GNU/Linux 13", "kernel": "6.12.0"})
    retell: bool = True  # facts go with the next batch: at first, and after a start
    slot: int = 0  # ticks that could have been read so far
    number: int = 0  # ticks that were

    def body(self, slots: int = TICKS_A_BATCH) -> tuple[int, bytes]:
        """(UTC ns of its last slot, what to post then; b"" where nothing was read)."""
        first, self.slot = self.slot + 1, self.slot + slots
        at_s = np.arange(first, self.slot + 1, dtype=np.float64) * self.interval_s
        for begin, end in self.unread:
            at_s = at_s[(at_s < begin) | (at_s >= end)]
        now_ns = self.booted_ns + self.slot * self.interval_s * SECOND_NS
        return now_ns, self._packed(at_s, now_ns) if len(at_s) else b""

    def _packed(self, at_s: Seconds, now_ns: int) -> bytes:
        ticks = [
            Tick(self.number + place, 0, int(at) * SECOND_NS, self.booted_ns + int(at) * SECOND_NS)
            for place, at in enumerate(at_s.tolist(), 1)
        ]
        told, self.retell = self.retell, False
        self.number += len(ticks)
        matrix = np.column_stack([course(at_s) for course in self.courses.values()]).astype("<f8")
        batch = Batch(
            boots=[self.boot_id],
            ticks=ticks,
            blocks=[
                Block("", "host", list(range(len(ticks))), pack_series(list(self.courses)), matrix.tobytes()),
            ],
            events=self._events(at_s),
            facts=[WireFact("", 0, key, value) for key, value in {**self.facts, "boot_id": self.boot_id}.items()]
            if told
            else [],
            interval_s=float(self.interval_s),
        )
        clock = Clock(self.boot_id, now_ns - self.booted_ns, now_ns)
        envelope = Envelope(1, self.epoch, ticks[0].number, ticks[-1].number, clock, pack_batch(batch))
        return pack_envelope(envelope)

    def _events(self, at_s: Seconds) -> list[WireEvent]:
        """Each told at the first tick that came after it; those before this batch's first slot were told before."""
        found: list[WireEvent] = []
        since = at_s[0] - self.interval_s
        for index, each in enumerate(self.happened):
            if since < each.at_s <= at_s[-1]:
                place = int(np.searchsorted(at_s, each.at_s))
                boottime = round(each.at_s * SECOND_NS)
                found.append(WireEvent("", place, index, each.source, each.kind, each.severity, each.text, boottime))
        return found


def send(host: WatchedHost, until_s: float, post: Callable[[bytes], Any], set_clock: Callable[[int], None]) -> None:
    """Everything up to ``until_s`` seconds after the boot. ``post`` raises when it is not taken."""
    left = int(until_s // host.interval_s) - host.slot
    while left > 0:
        now_ns, body = host.body(min(TICKS_A_BATCH, left))
        left = int(until_s // host.interval_s) - host.slot
        set_clock(now_ns)
        if body:
            post(body)
