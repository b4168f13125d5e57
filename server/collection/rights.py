"""For which devices a collector may speak, and of which time: held in memory, asked with every batch of one.

A tick of a device counts if its sender held the device's share at the tick's stored time: so what a collector read
before another took over is taken however late it arrives, and what it reads afterwards is not.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import col, or_, select

from readings.wire import Batch
from server.collection.tables import CollectedDevice, DeviceShared, ShareHeld
from server.records import Records
from server.senders.tables import AgentIdentity

KEPT_MS = 40 * 86_400_000  # longer than anything waits in a spool
ALWAYS_MS = 2**62
# Stored time is known to a network round trip, and a change of hands is told by the centre's own clock.
TOLERANCE_MS = 1_000
DEFAULT_INTERVAL_S = 60.0

Stretch = tuple[str, int, int]  # share or holder, from, until


class Rights:
    """``refresh`` reads all that may still matter; call it after every change and now and then."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._shares: dict[str, list[Stretch]] = {}
        self._holders: dict[str, list[Stretch]] = {}
        self._collectors: frozenset[str] = frozenset()
        self._hosts: dict[str, str] = {}
        self._lock = threading.Lock()
        self._seen: object = None

    def refresh(self, now_ms: int) -> None:
        since = now_ms - KEPT_MS
        with self._lock, self._records.session() as session:
            seen = [
                session.exec(select(func.max(table.id), func.count(), func.max(table.until_ms))).one()
                for table in (ShareHeld, DeviceShared)
            ]
            if seen == self._seen:
                return  # as it mostly is, every second
            held = session.exec(
                select(ShareHeld)
                .where(or_(col(ShareHeld.until_ms).is_(None), col(ShareHeld.until_ms) >= since))
                .order_by(col(ShareHeld.id))
            ).all()
            shared = session.exec(
                select(DeviceShared)
                .where(or_(col(DeviceShared.until_ms).is_(None), col(DeviceShared.until_ms) >= since))
                .order_by(col(DeviceShared.id))
            ).all()
            self._seen = seen
            ids = {row.holder_id for row in held}
            agents = session.exec(select(AgentIdentity).where(col(AgentIdentity.id).in_(ids))).all()
        holders: dict[str, list[Stretch]] = defaultdict(list)
        shares: dict[str, list[Stretch]] = defaultdict(list)
        for row in held:
            holders[row.share].append((row.holder_id, row.from_ms, ALWAYS_MS if row.until_ms is None else row.until_ms))
        for device in shared:
            until = ALWAYS_MS if device.until_ms is None else device.until_ms
            shares[device.device_no].append((device.share, device.from_ms, until))
        # Replaced whole: who asks meanwhile sees all of the one or all of the other.
        self._holders, self._shares = dict(holders), dict(shares)
        self._collectors = frozenset(ids)
        self._hosts = {agent.id: agent.device_no for agent in agents}

    def is_collector(self, sender_id: str) -> bool:
        """Whether this sender ever held a share: only then may it name other devices than its own at all."""
        return sender_id in self._collectors

    def poll_interval(self, device_no: str) -> float | None:
        """Seconds between two polls of a device that is or lately was asked by a collector, None of any other."""
        if device_no not in self._shares:
            return None
        with self._records.session() as session:
            row = session.get(CollectedDevice, device_no)
        return row.interval_s if row is not None else DEFAULT_INTERVAL_S

    def asked_by(self, device_no: str) -> str | None:
        """The device_no of the collector that holds this device's share now; "" while nobody does, None of a device
        that has an agent of its own.
        """
        share = next((share for share, _, until in self._shares.get(device_no, ()) if until == ALWAYS_MS), None)
        if share is None:
            return None
        holder = next((one for one, _, until in self._holders.get(share, ()) if until == ALWAYS_MS), "")
        return self._hosts.get(holder, "")

    def withheld(self, sender_id: str, own_no: str, batch: Batch, times: Sequence[int]) -> dict[str, list[int]]:
        """By device the indexes of those ticks of which this sender must not speak; empty for an honest collector."""
        spoken: dict[str, set[int]] = defaultdict(set)
        for block in batch.blocks:
            if block.device:
                spoken[block.device].update(block.ticks)
        for gap in batch.gaps:
            if gap.device:
                spoken[gap.device].update(gap.ticks)
        for event in batch.events:
            if event.device:
                spoken[event.device].add(event.tick)
        for fact in batch.facts:
            if fact.device:
                spoken[fact.device].add(fact.tick)
        spoken.pop(own_no, None)
        found: dict[str, list[int]] = {}
        for device_no, ticks in spoken.items():
            held = self._held(sender_id, device_no)
            bad = [tick for tick in sorted(ticks) if not any(a <= times[tick] <= b for a, b in held)]
            if bad:
                found[device_no] = bad
        return found

    def _held(self, sender_id: str, device_no: str) -> list[tuple[int, int]]:
        """The spans in which the device was in a share that this sender held."""
        return [
            (max(since, held) - TOLERANCE_MS, min(until, held_until) + TOLERANCE_MS)
            for share, since, until in self._shares.get(device_no, ())
            for holder, held, held_until in self._holders.get(share, ())
            if holder == sender_id and max(since, held) <= min(until, held_until)
        ]
