"""A sender's clock, ticks that can be told apart, and a centre that keeps the rules of the inbox, without a network."""

from __future__ import annotations

import random
import shutil
import struct
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from readings.delivery.answer import Answer, TransportError
from readings.delivery.runner import TakenTick
from readings.delivery.spool import Spool
from readings.delivery.uplink import Uplink
from readings.model import Clocks
from readings.wire import (
    Batch,
    Dropped,
    Receipt,
    WireError,
    pack_series,
    payload_hash,
    unpack_batch,
    unpack_envelope,
)

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
SERIES = pack_series([("probe_serial", ""), ("probe_filler_ratio", "")])


@dataclass
class Clock:
    """Time of a sender that only passes when told to."""

    boot: int = 1
    boottime: int = 60 * SECOND
    ahead: int = 0
    true: int = START

    def __call__(self) -> Clocks:
        return Clocks(f"boot-{self.boot}", self.boottime, self.true + self.ahead)

    def run(self, seconds: float) -> None:
        self.boottime += int(seconds * SECOND)
        self.true += int(seconds * SECOND)

    def reboot(self) -> None:
        self.boot += 1
        self.boottime = SECOND
        self.true += 60 * SECOND


def tick(clock: Clock, serial: int, filling: bytes = b"") -> TakenTick:
    """A tick whose only reading is its serial number; ``filling`` makes it large."""
    blocks = [("", "probe", SERIES, struct.pack("<2d", serial, 0.5))]
    if filling:
        blocks.append(("", "filling", pack_series([(f"filling_{serial}", "")]), filling[: len(filling) // 8 * 8]))
    return TakenTick(clock(), blocks)


def serials(batch: Batch) -> list[int]:
    """Serial of each tick of a batch."""
    found = [-1] * len(batch.ticks)
    for block in batch.blocks:
        if block.source == "probe":
            values = struct.unpack(f"<{2 * len(block.ticks)}d", block.values)
            for place, value in zip(block.ticks, values[::2], strict=True):
                found[place] = int(value)
    return found


@dataclass
class Centre:
    """Takes batches by the rules agreed for delivery. What it holds: (epoch, number, serial) in order of taking."""

    clock: Clock
    held: list[tuple[str, int, int]] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    ring: deque[tuple[str, int, int, bytes]] = field(default_factory=lambda: deque(maxlen=256))
    dropped: list[Dropped] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    newest: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    # What goes wrong with the next request, and limits that stay.
    next_trouble: str | int = ""
    most_ticks: int = 10_000
    away: bool = False

    def post(self, body: bytes) -> Answer:
        self.clock.run(0.02)
        if self.away:
            raise TransportError("connection refused")
        trouble, self.next_trouble = self.next_trouble, ""
        if trouble == "request lost":
            raise TransportError("connection refused")
        if trouble == "a proxy's page":
            return Answer(200, b"<html>sign in</html>")
        if isinstance(trouble, int) and trouble not in {400, 413, 422}:
            return problem(trouble, "out of order")
        answer = self.take(body, trouble if isinstance(trouble, int) else 0)
        self.clock.run(0.03)
        if trouble == "answer lost":
            raise TransportError("timed out")
        return answer

    def take(self, body: bytes, refusal: int) -> Answer:
        self.bodies.append(body)
        try:
            envelope = unpack_envelope(body)
            batch = unpack_batch(envelope.payload) if envelope.payload else None
            newest = unpack_batch(envelope.newest) if envelope.newest else None
        except WireError as error:
            return problem(error.status, error.detail)
        if newest:
            self.newest += serials(newest)
        epoch, first, last = envelope.epoch, envelope.first, envelope.last
        position = self.positions.get(epoch, 0)
        duplicate = False
        if batch is not None:
            digest = payload_hash(envelope.payload)
            if first <= position:
                if last > position or (epoch, first, last, digest) not in self.ring:
                    return problem(409, "other ticks are held", position=position)
                duplicate = True
            elif refusal:
                return problem(refusal, "this one is refused")
            elif len(batch.ticks) > self.most_ticks:
                return problem(413, f"{len(batch.ticks)} ticks")
            else:
                assert [batch.ticks[0].number, batch.ticks[-1].number] == [first, last]
                self.held += [
                    (epoch, at.number, serial) for at, serial in zip(batch.ticks, serials(batch), strict=True)
                ]
                self.dropped += batch.dropped
                self.batches.append(batch)
                self.ring.append((epoch, first, last, digest))
                self.positions[epoch] = position = last
        now = self.clock.true
        receipt = Receipt(epoch, position, now, now + SECOND // 1000, duplicate, 7, "head")
        return Answer(200, msgspec.json.encode(receipt))

    def taken(self) -> list[int]:
        """Serials in order of taking, without those of other senders (negative)."""
        return [serial for _, _, serial in self.held if serial >= 0]

    def told_dropped(self, boot_id: str, boottime: int) -> bool:
        return any(
            span.boot_id == boot_id and span.since_boottime <= boottime <= span.until_boottime for span in self.dropped
        )


def problem(status: int, detail: str, **members: object) -> Answer:
    return Answer(status, msgspec.json.encode({"title": "No", "status": status, "detail": detail, **members}))


def copy_spool(path: Path, to: Path) -> None:
    """The spool's files as they are now, open or not: what a kill leaves, or a copy somebody made."""
    to.parent.mkdir(parents=True, exist_ok=True)
    for ending in ("", "-wal"):
        source, target = Path(f"{path}{ending}"), Path(f"{to}{ending}")
        target.unlink(missing_ok=True)
        if source.exists():
            shutil.copyfile(source, target)


def fill(spool: Spool, clock: Clock, ticks: int, *, first: int = 1, filling: int = 0) -> None:
    for serial in range(first, first + ticks):
        clock.run(15)
        spool.append(tick(clock, serial, random.Random(serial).randbytes(filling)))


def drained(spool: Spool, clock: Clock) -> Centre:
    centre = Centre(clock)
    uplink = Uplink(spool, centre.post, clock)
    for _ in range(200):
        uplink.step()
        if uplink.idle:
            return centre
    raise AssertionError(uplink.state)
