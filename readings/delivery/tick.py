"""A tick at rest in the spool, and many of them merged into one batch.

At rest a tick is two pieces: its *layout* (device, source and packed series of each block), which stays the same from
tick to tick and is stored once, and its *body* (zstd of values, gaps, events and facts). Neither names an epoch or a
number, so a tick can be given new ones without touching it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

import msgspec
import zstandard

from readings.delivery.runner import TakenTick
from readings.model import Event
from readings.wire import NOT_MSGPACK, Batch, Block, SourceGap, Tick, WireEvent, WireFact

MOST_RAW_BYTES = 64 * 2**20

Layout = tuple[tuple[str, str, bytes], ...]


class DamagedTick(Exception):  # noqa: N818 - it reads as the sentence it makes
    """The bytes of a stored tick are not what was written."""


class _Body(msgspec.Struct, array_like=True, frozen=True):
    values: list[bytes]
    gaps: list[tuple[str, str, int, str]]
    events: list[WireEvent]
    facts: list[WireFact]


class StoredTick(msgspec.Struct, frozen=True):
    """One row of the spool. ``seq`` is its place among all rows; ``raw`` the bytes of its body before zstd."""

    seq: int
    epoch: str
    number: int
    boot_id: str
    boottime: int
    wall: int
    events: int
    raw: int
    layout: Layout
    body: bytes

    @property
    def size(self) -> int:
        return len(self.body) + 96


_encoder = msgspec.msgpack.Encoder()
_bodies = msgspec.msgpack.Decoder(_Body)
_layouts = msgspec.msgpack.Decoder(Layout)
# The checksum finds a flipped bit that SQLite would hand over unseen.
_zstd_parameters = zstandard.ZstdCompressionParameters.from_level(1, write_checksum=True, write_content_size=True)
# A body is a few kilobytes: a table of 8 KB finds what one of 64 KB does and does not push all else out of the cache.
_packer = zstandard.ZstdCompressor(
    compression_params=zstandard.ZstdCompressionParameters.from_level(
        1, hash_log=11, write_checksum=True, write_content_size=True
    )
)
_packing = threading.Lock()  # it serves one thread at a time


def layout_of(taken: TakenTick) -> Layout:
    return tuple((device, source, series) for device, source, series, _ in taken.blocks)


def pack_layout(layout: Layout) -> bytes:
    return zstandard.ZstdCompressor(compression_params=_zstd_parameters).compress(_encoder.encode(layout))


def unpack_layout(packed: bytes) -> Layout:
    """Raises DamagedTick."""
    try:
        return _layouts.decode(zstandard.ZstdDecompressor().decompress(packed, max_output_size=MOST_RAW_BYTES))
    except (zstandard.ZstdError, *NOT_MSGPACK) as error:
        raise DamagedTick(f"layout: {error}") from error


def pack_body(taken: TakenTick) -> tuple[int, bytes]:
    """(bytes before zstd, zstd of the body)."""
    body = _Body(
        values=[values for _, _, _, values in taken.blocks],
        gaps=[(device, source, int(gap), detail) for device, source, gap, detail in taken.gaps],
        events=[wire_event(device, index, event) for index, (device, event) in enumerate(taken.events)],
        facts=[WireFact(device, 0, fact.key, fact.value) for device, fact in taken.facts],
    )
    raw = _encoder.encode(body)
    with _packing:
        return len(raw), _packer.compress(raw)


def wire_event(device: str, index: int, event: Event) -> WireEvent:
    return WireEvent(
        device=device,
        tick=0,
        index=index,
        source=event.source,
        kind=event.kind,
        severity=int(event.severity),
        text=event.text,
        boottime=event.boottime_ns,
        wall=event.wall_ns,
        cursor=event.cursor,
        count=event.count,
    )


def _unpack_body(row: StoredTick) -> _Body:
    try:
        body = _bodies.decode(zstandard.ZstdDecompressor().decompress(row.body, max_output_size=MOST_RAW_BYTES))
    except (zstandard.ZstdError, *NOT_MSGPACK) as error:
        raise DamagedTick(f"tick {row.number} of {row.epoch}: {error}") from error
    if len(body.values) != len(row.layout):
        raise DamagedTick(f"tick {row.number} of {row.epoch}: {len(body.values)} blocks, {len(row.layout)} told")
    return body


def merge(rows: Iterable[StoredTick], *, interval_s: float) -> tuple[Batch, list[tuple[StoredTick, DamagedTick]]]:
    """One batch of ``rows`` (ascending, of one epoch), and the damaged rows that are not in it.

    Blocks of the same device, source and series become one matrix, in the order in which they first came.
    """
    boots: dict[str, int] = {}
    ticks: list[Tick] = []
    blocks: dict[tuple[str, str, bytes], tuple[list[int], list[bytes]]] = {}
    gaps: dict[tuple[str, str, int, str], list[int]] = {}
    events: list[WireEvent] = []
    facts: list[WireFact] = []
    damaged: list[tuple[StoredTick, DamagedTick]] = []
    for row in rows:
        try:
            body = _unpack_body(row)
        except DamagedTick as damage:
            damaged.append((row, damage))
            continue
        index = len(ticks)
        boot = boots.setdefault(row.boot_id, len(boots))
        ticks.append(Tick(row.number, boot, row.boottime, row.wall))
        for key, values in zip(row.layout, body.values, strict=True):
            at, matrix = blocks.setdefault(key, ([], []))
            at.append(index)
            matrix.append(values)
        for gap in body.gaps:
            gaps.setdefault(gap, []).append(index)
        events += [msgspec.structs.replace(event, tick=index) for event in body.events]
        facts += [msgspec.structs.replace(fact, tick=index) for fact in body.facts]
    batch = Batch(
        boots=list(boots),
        ticks=ticks,
        blocks=[
            Block(device, source, at, series, b"".join(values))
            for (device, source, series), (at, values) in blocks.items()
        ],
        gaps=[SourceGap(device, source, at, reason, detail) for (device, source, reason, detail), at in gaps.items()],
        events=events,
        facts=facts,
        interval_s=interval_s,
    )
    return batch, damaged
