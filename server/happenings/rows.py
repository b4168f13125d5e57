"""From a batch to rows: events with their identity and time, gaps joined into stretches, dropped ticks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from readings.model import Severity
from readings.wire import Batch, WireEvent
from server.inbox.arrival import Arrival, gap_of_code

NS_PER_MS = 1_000_000
LATE_MS = 60_000
LONGEST_TEXT = 8000
SPOOL = "spool"


def event_id(sender: str, epoch: str, tick_number: int, index: int) -> str:
    """The same event has the same id however often it arrives."""
    return hashlib.blake2b(f"{sender}|{epoch}|{tick_number}|{index}".encode(), digest_size=16).hexdigest()


def event_rows(arrival: Arrival, batch: Batch) -> list[dict[str, Any]]:
    """The rows of ``event`` that the batch brings."""
    late_ms = max(LATE_MS, round(3 * batch.interval_s * 1000))
    rows: list[dict[str, Any]] = []
    for event in batch.events:
        at_ms, inferred = event_time(arrival, batch, event)
        tick = batch.ticks[event.tick]
        rows.append(
            {
                "id": event_id(arrival.sender.id, arrival.epoch, tick.number, event.index),
                "device_no": arrival.device_of(event.device),
                "at_ms": at_ms,
                "received_ms": arrival.received_ms,
                "source": event.source,
                "kind": event.kind,
                "severity": min(max(event.severity, Severity.EMERGENCY), Severity.DEBUG),
                "text": event.text[:LONGEST_TEXT],
                "cursor": event.cursor,
                "count": event.count,
                "inferred": inferred,
                "late": arrival.received_ms - at_ms > late_ms,
            }
        )
    return rows


def event_time(arrival: Arrival, batch: Batch, event: WireEvent) -> tuple[int, bool]:
    """(ms, inferred). By boottime as its tick's; of an earlier boot by its own wall clock; else when it was read."""
    tick, tick_ms = batch.ticks[event.tick], arrival.times[event.tick]
    if event.boottime is not None:
        return tick_ms + (event.boottime - tick.boottime) // NS_PER_MS, arrival.inferred
    if event.wall is not None:
        return event.wall // NS_PER_MS, True
    return tick_ms, arrival.inferred


@dataclass(frozen=True, slots=True)
class Stretch:
    """A gap of a source from its first tick to its last, ms. ``ticks``: how many times it was asked in vain."""

    device_no: str
    source: str
    reason: str
    detail: str
    start_ms: int
    end_ms: int
    ticks: int


def stretches(arrival: Arrival, batch: Batch) -> Iterator[Stretch]:
    """Gaps of sources, each run of neighbouring ticks one stretch; then the ticks the spool had to give up."""
    for gap in batch.gaps:
        device_no, reason = arrival.device_of(gap.device), gap_of_code(gap.reason).word
        for first, last in _runs(gap.ticks):
            start_ms, end_ms = arrival.times[first], arrival.times[last]
            yield Stretch(device_no, gap.source, reason, gap.detail, start_ms, end_ms, last - first + 1)
    for dropped in batch.dropped:
        # By wall clock: the boot's offset is kept with the inbox, and what was dropped has no stored time to keep.
        start_ms, end_ms = dropped.since_wall // NS_PER_MS, dropped.until_wall // NS_PER_MS
        for tick, at_ms in zip(batch.ticks, arrival.times, strict=True):
            if batch.boots[tick.boot] == dropped.boot_id:
                start_ms = at_ms + (dropped.since_boottime - tick.boottime) // NS_PER_MS
                end_ms = at_ms + (dropped.until_boottime - tick.boottime) // NS_PER_MS
                break
        count = dropped.last - dropped.first + 1
        detail = f"{count} ticks given up: the sender's spool was full"
        yield Stretch(arrival.sender.device_no, SPOOL, "dropped", detail, start_ms, end_ms, count)


def _runs(ticks: list[int]) -> Iterator[tuple[int, int]]:
    first = last = ticks[0] if ticks else -1
    for tick in ticks[1:]:
        if tick != last + 1:
            yield first, last
            first = tick
        last = tick
    if ticks:
        yield first, last
