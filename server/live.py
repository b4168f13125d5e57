"""The newest of everything: what each source of each device said last, for pages, exposition and the judge."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Self

import numpy as np

from readings.model import Gap, gap_of
from readings.wire import Batch
from server.inbox.arrival import CENTRE_SOURCE, Arrival, gap_of_code
from server.live_snapshot import DeviceNow, SourceNow, restored, save
from server.series import SeriesRef, series_ref

__all__ = ["DeviceNow", "LatestValue", "Live", "SeriesRef", "SourceNow", "Subscription", "stale_before"]

SAVE_EVERY_S = 60.0
STALE_INTERVALS = 3  # as in checklists/rules/agent_silent.yaml: pages, API and Prometheus agree with the judge


@dataclass(frozen=True, slots=True)
class LatestValue:
    """A value, or the word of the gap that stands for it (``gap_of`` word), as read at ``at_ms``."""

    metric: str
    part: str
    value: float | None
    gap: str | None
    at_ms: int
    source: str


def stale_before(device: DeviceNow, now_ms: int) -> int:
    """A reading older than this moment should have been followed by another long ago."""
    return now_ms - round(STALE_INTERVALS * device.interval_s * 1000)


_NOTHING = series_ref(b"\x90")


class Live:
    """Fed by the pump's thread, read from any. Nothing is lost with it: after a restart it is fed again what the inbox
    still holds, upon the snapshot of what came before.
    """

    name = "live"

    def __init__(self, snapshot: Path | None = None) -> None:
        """``snapshot``: where the newest of everything is kept for the next start; None: nowhere."""
        self.devices: dict[str, DeviceNow] = {} if snapshot is None else restored(snapshot)
        self._snapshot = snapshot
        self._saved_at = time.monotonic()
        self._subscriptions: list[Subscription] = []
        self._changing = threading.Lock()

    def cursor(self) -> None:
        """Nothing is kept, so nothing is held back in the inbox for it."""

    def apply(self, arrivals: Sequence[Arrival]) -> None:
        changed: set[str] = set()
        for arrival in arrivals:
            if arrival.batch is not None:
                changed |= self._take(arrival, arrival.batch, arrival.times)
            if arrival.newest is not None and arrival.newest_ms is not None:
                changed |= self._take(arrival, arrival.newest, [arrival.newest_ms])
        for device_no in changed:
            self.devices[device_no].version += 1
        for subscription in list(self._subscriptions):
            subscription.tell(changed)
        # What is newer than this when the centre is killed is still in the inbox, and replayed.
        if time.monotonic() - self._saved_at > SAVE_EVERY_S:
            self.save()

    def save(self) -> None:
        """Keep the newest of everything for the next start; a disk without room only costs that."""
        self._saved_at = time.monotonic()
        if self._snapshot is not None:
            save(self._snapshot, self.devices)

    def latest(self, device_no: str) -> list[LatestValue]:
        """Every series of the device, by source; a source that failed makes each of its series a gap."""
        device = self.devices.get(device_no)
        if device is None:
            return []
        return [value for name, source in sorted(device.sources.items()) for value in _latest(name, source)]

    def interval_of(self, device_no: str, told_s: float) -> float:
        """Seconds between its ticks: as its agent says, until then as it was told."""
        device = self.devices.get(device_no)
        return device.interval_s if device is not None and device.newest_ms else told_s

    def subscribe(self, loop: asyncio.AbstractEventLoop) -> Subscription:
        """Use as ``with live.subscribe(loop) as changes: devices = await changes.next()``."""
        subscription = Subscription(loop, self._unsubscribe)
        with self._changing:
            self._subscriptions.append(subscription)
        return subscription

    def _unsubscribe(self, subscription: Subscription) -> None:
        with self._changing:
            self._subscriptions.remove(subscription)

    def _device(self, device_no: str) -> DeviceNow:
        device = self.devices.get(device_no)
        if device is None:
            device = self.devices[device_no] = DeviceNow(device_no)
        return device

    def _take(self, arrival: Arrival, batch: Batch, times: Sequence[int]) -> set[str]:
        changed: set[str] = set()
        for block in batch.blocks:
            device = self._device(arrival.device_of(block.device))
            at_ms = times[block.ticks[-1]]
            known = device.sources.get(block.source)
            if known is None or at_ms > known.at_ms:
                series = series_ref(block.series)
                width = len(series)
                values = np.frombuffer(block.values, dtype="<f8", count=width, offset=len(block.values) - 8 * width)
                device.sources[block.source] = SourceNow(at_ms, series, values)
                changed.add(device.device_no)
            if block.device and block.source == CENTRE_SOURCE:
                self._seen(device, arrival, batch, [at_ms])
        for gap in batch.gaps:
            device = self._device(arrival.device_of(gap.device))
            at_ms = times[gap.ticks[-1]]
            known = device.sources.get(gap.source)
            if known is None or at_ms > known.at_ms:
                series, values = (known.series, known.values) if known else (_NOTHING, np.empty(0))
                device.sources[gap.source] = SourceNow(at_ms, series, values, gap_of_code(gap.reason), gap.detail)
                changed.add(device.device_no)
        self._seen(self._device(arrival.sender.device_no), arrival, batch, times)
        # Whoever watches a device looks again when something happened to it, not only when it was read.
        changed |= {no for event in batch.events if (no := arrival.device_of(event.device)) in self.devices}
        return changed

    def _seen(self, device: DeviceNow, arrival: Arrival, batch: Batch, times: Sequence[int]) -> None:
        if times and times[-1] > device.newest_ms:
            device.newest_ms, device.interval_s = times[-1], batch.interval_s
        device.received_ms = max(device.received_ms, arrival.received_ms)


def _latest(name: str, source: SourceNow) -> list[LatestValue]:
    if source.gap is not None:
        word = source.gap.word
        return [LatestValue(metric, part, None, word, source.at_ms, name) for metric, part in source.series.series]
    found: list[LatestValue] = []
    for (metric, part), value in zip(source.series.series, source.values.tolist(), strict=True):
        gap = None if isfinite(value) else gap_of(value) or Gap.UNREADABLE
        found.append(LatestValue(metric, part, None if gap else value, gap.word if gap else None, source.at_ms, name))
    return found


class Subscription:
    """The devices that changed, gathered until somebody asks; for one task on one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, leave: Callable[[Subscription], None]) -> None:
        self._loop = loop
        self._leave = leave
        self._changed: set[str] = set()
        self._news = asyncio.Event()

    def tell(self, changed: set[str]) -> None:
        """From any thread."""
        if changed and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._gather, set(changed))

    def _gather(self, changed: set[str]) -> None:
        self._changed |= changed
        self._news.set()

    async def next(self) -> set[str]:
        """The device_nos that changed since the last call; waits until there is one."""
        await self._news.wait()
        self._news.clear()
        changed, self._changed = self._changed, set()
        return changed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._leave(self)
