"""From a posted body to an offer the writer can decide on, and from a stored row back to the same arrival."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from readings.wire import (
    Batch,
    Block,
    Envelope,
    Receipt,
    WireError,
    pack_series,
    payload_hash,
    unpack_batch,
    unpack_envelope,
)
from server.inbox.arrival import CENTRE_SOURCE, Arrival, Sender
from server.inbox.offsets import MS_NS, Resolved, stored_times
from server.inbox.soundness import check_contents, check_numbers
from server.inbox.speaking import Rights, without
from server.inbox.store import StoredRow
from server.series import series_ref

LONGEST_NAME = 64
CLOCK_SERIES = pack_series([("clock_offset_seconds", "")])
ANSWERED_SERIES = pack_series([("device_answered", "")])

_encode = msgspec.msgpack.Encoder().encode
_resolved = msgspec.msgpack.Decoder(Resolved)


@dataclass(slots=True)
class Offer:
    """A checked body waiting for the writer. ``batch`` None: a hello."""

    sender: Sender
    envelope: Envelope
    body: bytes
    batch: Batch | None
    newest: Batch | None
    hash: bytes
    received_ns: int
    answer: asyncio.Future[Receipt]
    loop: asyncio.AbstractEventLoop


def open_body(sender: Sender, body: bytes, rights: Rights) -> tuple[Envelope, Batch | None, Batch | None, bytes]:
    """(envelope, batch or None for a hello, newest tick or None, hash of the payload). Raises WireError."""
    envelope = unpack_envelope(body)
    if not 0 < len(envelope.epoch) <= LONGEST_NAME or not 0 < len(envelope.clock.boot_id) <= LONGEST_NAME:
        raise WireError(422, "malformed", "batch: the name of its epoch or boot is empty or too long")
    check_numbers([envelope.clock.boottime, envelope.clock.wall, envelope.first, envelope.last])
    newest = _unpack(sender, envelope.newest, rights) if envelope.newest else None
    if newest is not None and len(newest.ticks) != 1:
        raise WireError(422, "malformed", f"batch: {len(newest.ticks)} newest ticks")
    if not envelope.payload:
        if envelope.first or envelope.last:
            raise WireError(422, "malformed", f"batch: ticks {envelope.first}…{envelope.last} without a payload")
        return envelope, None, newest, b""
    batch = _unpack(sender, envelope.payload, rights)
    if not batch.ticks or (batch.ticks[0].number, batch.ticks[-1].number) != (envelope.first, envelope.last):
        raise WireError(422, "malformed", f"batch: not the ticks {envelope.first}…{envelope.last} it is said to be")
    return envelope, batch, newest, payload_hash(envelope.payload)


def _unpack(sender: Sender, payload: bytes, rights: Rights) -> Batch:
    batch = unpack_batch(payload)
    ticks = len(batch.ticks)
    if not 0 < batch.interval_s <= 86_400:
        raise WireError(422, "malformed", f"batch: an interval of {batch.interval_s} s")
    if any(not 0 < len(boot) <= LONGEST_NAME for boot in batch.boots):
        raise WireError(422, "malformed", "batch: the name of a boot is empty or too long")
    for block in batch.blocks:
        cells = len(series_ref(block.series)) * len(block.ticks)
        if cells * 8 != len(block.values):
            raise WireError(
                422, "malformed", f"source {block.source}: {len(block.values)} bytes for {cells} values, {ticks} ticks"
            )
        if block.source == CENTRE_SOURCE:
            raise WireError(422, "malformed", f"batch: source {CENTRE_SOURCE!r} is the centre's own")
    check_contents(batch)
    own = ("", sender.device_no)
    for things in (batch.blocks, batch.gaps, batch.events, batch.facts):
        for thing in things:
            if thing.device not in own and not rights.is_collector(sender.id):
                raise WireError(
                    422, "foreign_device", f"batch: {sender.id} speaks for {sender.device_no}, not {thing.device!r}"
                )
    return batch


def arrival(
    number: int,
    sender: Sender,
    epoch: str,
    received_ms: int,
    *,
    batch: Batch | None,
    newest: Batch | None,
    at: Resolved,
) -> Arrival:
    """Times settled, the centre's own reading of each tick's clock added. Raises WireError for impossible times."""
    times: list[int] = []
    newest_ms = None
    if batch is not None:
        times = stored_times(batch, at.batch, received_ms)
        if at.withheld:
            batch = without(batch, at.withheld)
        _add_own(batch, times)
    if newest is not None:
        newest_times = stored_times(newest, at.newest, received_ms)
        newest_ms = newest_times[0]
        if at.withheld_newest:
            newest = without(newest, at.withheld_newest)
        _add_own(newest, newest_times)
    return Arrival(number, sender, epoch, received_ms, batch, newest, times, newest_ms, at.inferred)


def _add_own(batch: Batch, times: Sequence[int]) -> None:
    """What the centre itself reads of each tick: the sender's clock, and which other devices were met in it."""
    met: dict[str, set[int]] = {}
    for block in batch.blocks:
        if block.device:
            met.setdefault(block.device, set()).update(block.ticks)
    batch.blocks.append(_clock_block(batch, times))
    for device_no, ticks in met.items():
        ones = np.ones(len(ticks), dtype="<f8").tobytes()
        batch.blocks.append(Block(device_no, CENTRE_SOURCE, sorted(ticks), ANSWERED_SERIES, ones))


def _clock_block(batch: Batch, times: Sequence[int]) -> Block:
    """How far the sender's wall clock is ahead of stored time, seconds: one value for each tick."""
    ahead = [(tick.wall - ms * MS_NS) / 1e9 for tick, ms in zip(batch.ticks, times, strict=True)]
    return Block("", CENTRE_SOURCE, list(range(len(ahead))), CLOCK_SERIES, np.array(ahead, dtype="<f8").tobytes())


def stored_row(number: int, offer: Offer, at: Resolved) -> StoredRow:
    envelope, sender = offer.envelope, offer.sender
    return (
        number,
        sender.id,
        sender.device_no,
        envelope.epoch,
        envelope.first,
        envelope.last,
        offer.received_ns // MS_NS,
        _encode(at),
        offer.body,
    )


def arrival_of_row(row: StoredRow) -> Arrival:
    """The same arrival as at acceptance. Raises WireError when the body does not parse any more."""
    number, sender_id, device_no, epoch, _first, _last, received_ms, resolved, body = row
    envelope = unpack_envelope(body)
    batch = unpack_batch(envelope.payload)
    newest = unpack_batch(envelope.newest) if envelope.newest else None
    sender = Sender(sender_id, device_no)
    again = arrival(number, sender, epoch, received_ms, batch=batch, newest=newest, at=_resolved.decode(resolved))
    again.body_bytes = len(body)
    return again
