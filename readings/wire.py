"""The batch as it travels: version 1, msgpack, values as little-endian float64 matrices.

An *envelope* is what is posted. Its ``payload`` (zstd of a :class:`Batch`) never changes once it was sent, so a
repeat is recognised by the hash of it; what changes from one attempt to the next (clocks, the newest tick) stands
outside.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence

import msgspec
import zstandard

from readings.batch import (
    CONTENT_TYPE,
    MAX_BODY_BYTES,
    MAX_EVENTS,
    MAX_PAYLOAD_BYTES,
    MAX_SERIES_PER_BLOCK,
    MAX_TICKS,
    TOO_LONG,
    VERSION,
    Batch,
    Block,
    Clock,
    Dropped,
    Envelope,
    Exchange,
    Receipt,
    SourceGap,
    Tick,
    WireError,
    WireEvent,
    WireFact,
    check,
)

__all__ = [
    "CONTENT_TYPE",
    "MAX_BODY_BYTES",
    "MAX_EVENTS",
    "MAX_PAYLOAD_BYTES",
    "MAX_SERIES_PER_BLOCK",
    "MAX_TICKS",
    "NOT_MSGPACK",
    "VERSION",
    "Batch",
    "Block",
    "Clock",
    "Dropped",
    "Envelope",
    "Exchange",
    "Receipt",
    "SourceGap",
    "Tick",
    "WireError",
    "WireEvent",
    "WireFact",
    "decode_receipt",
    "pack_batch",
    "pack_envelope",
    "pack_series",
    "payload_hash",
    "unpack_batch",
    "unpack_envelope",
    "unpack_series",
]

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
        if TOO_LONG in str(error):
            raise WireError(413, "too_large", f"batch: {error}") from error
        raise WireError(422, "malformed", f"batch: {error}") from error
    except NOT_MSGPACK as error:
        raise WireError(400, "damaged", f"batch: not msgpack: {error}") from error
    check(batch)
    return batch


def decode_receipt(body: bytes) -> Receipt:
    """Raises msgspec.DecodeError, msgspec.ValidationError or UnicodeDecodeError."""
    try:
        return _receipts.decode(body)
    except RecursionError as error:
        raise msgspec.DecodeError("nested too deeply") from error


def _version_of(body: bytes) -> int | None:
    try:
        fields = msgspec.msgpack.decode(body)
    except (*NOT_MSGPACK, RecursionError):
        return None
    return fields[0] if isinstance(fields, list) and fields and isinstance(fields[0], int) else None
