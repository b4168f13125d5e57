"""The batch as it travels: version 1, msgpack, values as little-endian float64 matrices.

An *envelope* is what is posted. Its ``payload`` (zstd of a :class:`Batch`) never changes once it was sent, so a
repeat is recognised by the hash of it; what changes from one attempt to the next (clocks, the newest tick) stands
outside. A stored example of version 1 must parse for ever: fields are only ever added at the end, with a default.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence

import msgspec
import zstandard

VERSION = 1
CONTENT_TYPE = "application/vnd.zhishou.batch"
MAX_BODY_BYTES = 4 * 2**20
MAX_PAYLOAD_BYTES = 32 * 2**20
MAX_TICKS = 10_000
MAX_EVENTS = 20_000
MAX_SERIES_PER_BLOCK = 50_000


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
    ticks: list[int]
    series: bytes
    values: bytes


class SourceGap(msgspec.Struct, array_like=True, frozen=True):
    """A source that gave nothing over ``ticks`` (indexes into ``Batch.ticks``), and why."""

    device: str
    source: str
    ticks: list[int]
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
    boots: list[str]
    ticks: list[Tick]
    blocks: list[Block] = []
    gaps: list[SourceGap] = []
    events: list[WireEvent] = []
    facts: list[WireFact] = []
    dropped: list[Dropped] = []
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


# A text that is no UTF-8 has an error of its own, outside msgspec's tree.
NOT_MSGPACK = (msgspec.DecodeError, UnicodeDecodeError)


class _OfThread(threading.local):
    """A decompressor may be used again, which saves most of its cost, but not by two threads at once."""

    def __init__(self) -> None:
        self.decompressor = zstandard.ZstdDecompressor()


_own = _OfThread()
_envelopes = msgspec.msgpack.Decoder(Envelope)
_batches = msgspec.msgpack.Decoder(Batch)
_series = msgspec.msgpack.Decoder(list[tuple[str, str]])
_encoder = msgspec.msgpack.Encoder()
_receipts = msgspec.json.Decoder(Receipt)


def pack_series(series: Sequence[tuple[str, str]]) -> bytes:
    """[(metric, part), …] as it stands in a block."""
    return _encoder.encode(list(series))


def unpack_series(packed: bytes) -> list[tuple[str, str]]:
    """Raises msgspec.DecodeError."""
    try:
        return _series.decode(packed)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from error


def payload_hash(payload: bytes) -> bytes:
    """16 bytes that tell a repeat from another batch of the same numbers."""
    return hashlib.blake2b(payload, digest_size=16).digest()


def pack_batch(batch: Batch, *, level: int = 1) -> bytes:
    """zstd of msgpack, content size recorded (so that a receiver can refuse a bomb before unpacking it)."""
    return zstandard.ZstdCompressor(level=level).compress(_encoder.encode(batch))


def pack_envelope(envelope: Envelope) -> bytes:
    return _encoder.encode(envelope)


def unpack_envelope(body: bytes) -> Envelope:
    """Raises WireError: 413 too large, 400 not msgpack, 422 wrong version or shape."""
    if len(body) > MAX_BODY_BYTES:
        raise WireError(413, "too_large", f"batch: {len(body)} bytes, at most {MAX_BODY_BYTES}")
    try:
        envelope = _envelopes.decode(body)
    except msgspec.ValidationError as error:
        version = _version_of(body)
        if version is not None and version != VERSION:
            raise WireError(
                422, "wrong_version", f"batch: wire version {version}, this centre speaks {VERSION}"
            ) from error
        raise WireError(422, "malformed", f"batch: {error}") from error
    except NOT_MSGPACK as error:
        raise WireError(400, "damaged", f"batch: not msgpack: {error}") from error
    if envelope.version != VERSION:
        raise WireError(422, "wrong_version", f"batch: wire version {envelope.version}, this centre speaks {VERSION}")
    return envelope


def unpack_batch(payload: bytes) -> Batch:
    """Raises WireError: 400 damaged zstd or msgpack, 413 unpacks too large, 422 wrong shape; checks every index."""
    try:
        size = zstandard.frame_content_size(payload)
        if size > MAX_PAYLOAD_BYTES:
            raise WireError(413, "too_large", f"batch: unpacks to {size} bytes, at most {MAX_PAYLOAD_BYTES}")
        if size < 0:
            raise WireError(400, "damaged", "batch: the zstd frame does not say its size")
        plain = _own.decompressor.decompress(payload)
        batch = _batches.decode(plain)
    except zstandard.ZstdError as error:
        raise WireError(400, "damaged", f"batch: not zstd: {error}") from error
    except msgspec.ValidationError as error:
        raise WireError(422, "malformed", f"batch: {error}") from error
    except NOT_MSGPACK as error:
        raise WireError(400, "damaged", f"batch: not msgpack: {error}") from error
    _check(batch)
    return batch


def decode_receipt(body: bytes) -> Receipt:
    """Raises msgspec.DecodeError, msgspec.ValidationError or UnicodeDecodeError."""
    return _receipts.decode(body)


def _version_of(body: bytes) -> int | None:
    try:
        fields = msgspec.msgpack.decode(body)
    except (*NOT_MSGPACK, RecursionError):
        return None
    return fields[0] if isinstance(fields, list) and fields and isinstance(fields[0], int) else None


def _malformed(detail: str) -> WireError:
    return WireError(422, "malformed", f"batch: {detail}")


def _check(batch: Batch) -> None:
    """What the types cannot say: indexes stay inside, matrices have the size their ticks and series give them."""
    ticks, boots = len(batch.ticks), len(batch.boots)
    if ticks > MAX_TICKS or len(batch.events) > MAX_EVENTS:
        raise WireError(413, "too_large", f"batch: {ticks} ticks, {len(batch.events)} events")
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
            raise WireError(413, "too_large", f"source {block.source}: {cells // len(block.ticks)} series")
    for gap in batch.gaps:
        _check_ticks(gap.ticks, ticks, gap.source)
    for event in batch.events:
        _check_ticks([event.tick], ticks, event.source)
    for fact in batch.facts:
        _check_ticks([fact.tick], ticks, fact.key)


def _check_ticks(indexes: list[int], ticks: int, what: str) -> None:
    before = -1
    for index in indexes:
        if not before < index < ticks:
            raise _malformed(f"{what}: tick index {index} after {before}, of {ticks}")
        before = index
