"""The shape of a batch, version 1, and what its types cannot say of it.

A stored example of version 1 must parse for ever: fields are only ever added at the end, with a default.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

VERSION = 1
CONTENT_TYPE = "application/vnd.zhishou.batch"
MAX_BODY_BYTES = 4 * 2**20
MAX_PAYLOAD_BYTES = 32 * 2**20
MAX_TICKS = 10_000
MAX_EVENTS = 20_000
MAX_SERIES_PER_BLOCK = 50_000
MAX_BOOTS = 100
MAX_BLOCKS = 20_000
MAX_GAPS = 2_000  # sources' gaps, and stretches of neighbouring ticks in all of them
MAX_FACTS = 5_000
MAX_DROPPED = 1_000
MAX_INDEXES = 1_000_000  # of ticks, in all blocks and gaps
# msgpack says the length of a list before its entries: one that is too long is refused before anything of it is made.
TOO_LONG = "of length <="

Indexes = Annotated[list[int], msgspec.Meta(max_length=MAX_TICKS)]


class WireError(ValueError):
    """The bytes are not a batch this version can take. ``status`` is the HTTP status that says so."""

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.detail = detail


class Exchange(msgspec.Struct, array_like=True, frozen=True):
    """The best recent question and answer with the centre, all times in ns.

    ``sent_boottime`` and ``answered_boottime`` are the sender's CLOCK_BOOTTIME, ``received`` and ``replied`` the
    centre's UTC clock: offset = ((received - sent) + (replied - answered)) / 2.
    """

    boot_id: str
    sent_boottime: int
    received: int
    replied: int
    answered_boottime: int

    @property
    def round_trip_ns(self) -> int:
        return (self.answered_boottime - self.sent_boottime) - (self.replied - self.received)

    @property
    def offset_ns(self) -> int:
        """UTC minus boottime of that boot."""
        return ((self.received - self.sent_boottime) + (self.replied - self.answered_boottime)) // 2


class Clock(msgspec.Struct, array_like=True, frozen=True):
    """The sender's clocks at the moment of this attempt, and its best exchange with the centre so far."""

    boot_id: str
    boottime: int
    wall: int
    exchange: Exchange | None = None


class Tick(msgspec.Struct, array_like=True, frozen=True):
    """One pass over the sources. ``number`` counts from 1 within an epoch; ``boot`` indexes ``Batch.boots``."""

    number: int
    boot: int
    boottime: int
    wall: int


class Block(msgspec.Struct, array_like=True, frozen=True):
    """What one source said of one device over some ticks.

    ``device`` is "" for the sender's own device. ``ticks`` are indexes into ``Batch.ticks``, ascending. ``series`` is
    msgpack of ``[[metric, part], …]`` (kept packed: the centre looks it up whole). ``values`` is a row-major matrix
    len(ticks) × len(series) of little-endian float64; a gap is a quiet NaN with the reason's code in its lowest byte.
    """

    device: str
    source: str
    ticks: Indexes
    series: bytes
    values: bytes


class SourceGap(msgspec.Struct, array_like=True, frozen=True):
    """A source that gave nothing over ``ticks`` (indexes into ``Batch.ticks``), and why."""

    device: str
    source: str
    ticks: Indexes
    reason: int
    detail: str = ""


class WireEvent(msgspec.Struct, array_like=True, frozen=True):
    """An event, seen at tick ``tick`` (index into ``Batch.ticks``) as the ``index``-th event of that tick."""

    device: str
    tick: int
    index: int
    source: str
    kind: str
    severity: int
    text: str
    boottime: int | None = None
    wall: int | None = None
    cursor: str = ""
    count: int = 1


class WireFact(msgspec.Struct, array_like=True, frozen=True):
    device: str
    tick: int
    key: str
    value: str


class Dropped(msgspec.Struct, array_like=True, frozen=True):
    """Ticks the spool had to give up: numbers first…last of this epoch, read from ``since`` to ``until`` (wall, ns)."""

    first: int
    last: int
    boot_id: str
    since_boottime: int
    until_boottime: int
    since_wall: int
    until_wall: int


class Batch(msgspec.Struct, array_like=True, frozen=True):
    boots: Annotated[list[str], msgspec.Meta(max_length=MAX_BOOTS)]
    ticks: Annotated[list[Tick], msgspec.Meta(max_length=MAX_TICKS)]
    blocks: Annotated[list[Block], msgspec.Meta(max_length=MAX_BLOCKS)] = []
    gaps: Annotated[list[SourceGap], msgspec.Meta(max_length=MAX_GAPS)] = []
    events: Annotated[list[WireEvent], msgspec.Meta(max_length=MAX_EVENTS)] = []
    facts: Annotated[list[WireFact], msgspec.Meta(max_length=MAX_FACTS)] = []
    dropped: Annotated[list[Dropped], msgspec.Meta(max_length=MAX_DROPPED)] = []
    interval_s: float = 15.0


class Envelope(msgspec.Struct, array_like=True, frozen=True):
    """What is posted. ``payload`` empty: a hello, which only asks for the position and exchanges clocks.

    ``first``…``last`` are the numbers of the payload's ticks. ``newest`` is zstd of a one-tick Batch that is shown
    at once and stored later, in its turn, so that a backlog never hides the present.
    """

    version: int
    epoch: str
    first: int
    last: int
    clock: Clock
    payload: bytes = b""
    newest: bytes = b""


class Receipt(msgspec.Struct, frozen=True):
    """The centre's answer (JSON). ``position`` is the last tick number it holds durably in this epoch (0: none)."""

    epoch: str
    position: int
    received: int
    replied: int
    duplicate: bool = False
    configuration_revision: int = 0
    audit_head: str = ""


def _malformed(detail: str) -> WireError:
    return WireError(422, "malformed", f"batch: {detail}")


def _too_large(detail: str) -> WireError:
    return WireError(413, "too_large", detail)


def check(batch: Batch) -> None:
    """Raises WireError where indexes leave their list or a matrix has not the size its ticks and series give it."""
    ticks, boots = len(batch.ticks), len(batch.boots)
    if ticks > MAX_TICKS or len(batch.events) > MAX_EVENTS:
        raise _too_large(f"batch: {ticks} ticks, {len(batch.events)} events")
    indexes = sum(len(block.ticks) for block in batch.blocks) + sum(len(gap.ticks) for gap in batch.gaps)
    if indexes > MAX_INDEXES:
        raise _too_large(f"batch: {indexes} indexes of ticks, at most {MAX_INDEXES}")
    before = 0
    for tick in batch.ticks:
        if not 0 <= tick.boot < boots:
            raise _malformed(f"tick {tick.number}: boot {tick.boot} of {boots}")
        if tick.number <= before:
            raise _malformed(f"tick {tick.number} does not follow {before}")
        before = tick.number
    for block in batch.blocks:
        _check_ticks(block.ticks, ticks, block.source)
        cells, odd = divmod(len(block.values), 8)
        if odd or not block.ticks or cells % len(block.ticks):
            raise _malformed(f"source {block.source}: {len(block.values)} bytes for {len(block.ticks)} ticks")
        if cells // len(block.ticks) > MAX_SERIES_PER_BLOCK:
            raise _too_large(f"source {block.source}: {cells // len(block.ticks)} series")
    stretches = sum(_check_ticks(gap.ticks, ticks, gap.source) for gap in batch.gaps)
    if stretches > MAX_GAPS:
        raise _too_large(f"batch: {stretches} stretches without a source, at most {MAX_GAPS}")
    for event in batch.events:
        _check_ticks([event.tick], ticks, event.source)
    for fact in batch.facts:
        _check_ticks([fact.tick], ticks, fact.key)


def _check_ticks(indexes: Sequence[int], ticks: int, what: str) -> int:
    """How many stretches of neighbouring ticks they are."""
    before, stretches = -2, 0
    for index in indexes:
        if not 0 <= index < ticks or index <= before:
            raise _malformed(f"{what}: tick index {index} after {before}, of {ticks}")
        stretches += index != before + 1
        before = index
    return stretches
