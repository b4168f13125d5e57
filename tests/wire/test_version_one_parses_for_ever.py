"""v1.batch was written by version 1 and must say the same for ever. Never write it anew: add a v2 beside it."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import given, settings, strategies

from readings import wire
from readings.model import GAP_FLOATS, Gap, gap_of
from readings.wire import (
    Batch,
    Block,
    Clock,
    Dropped,
    Envelope,
    Exchange,
    SourceGap,
    Tick,
    WireError,
    WireEvent,
    WireFact,
    pack_batch,
    pack_envelope,
    pack_series,
    unpack_batch,
    unpack_envelope,
    unpack_series,
)

STORED = Path(__file__).with_name("v1.batch")
SERIES = pack_series([("cpu_busy_ratio", "total"), ("temperature_celsius", "机柜 1")])
VALUES = struct.pack("<4d", 0.25, 27.5, 0.5, GAP_FLOATS[Gap.TIMED_OUT])
BATCH = Batch(
    boots=["0f2e", "77aa"],
    ticks=[Tick(41, 0, 1_000_000_000, 1_700_000_000_000_000_000), Tick(42, 1, 5, 1_700_000_015_000_000_000)],
    blocks=[Block("", "cpu", [0, 1], SERIES, VALUES), Block("UPS-01", "ups_mib", [1], SERIES, VALUES[:16])],
    gaps=[SourceGap("", "sensors", [0], 4, "no /sys/class/hwmon")],
    events=[
        WireEvent("", 1, 0, "kernel", "oops", 3, "BUG: 出错", 4, None, "6,1234,99", 2),
        WireEvent("UPS-01", 1, 1, "trap", "on_battery", 4, "on battery", None, 1_700_000_014_000_000_000),
    ],
    facts=[WireFact("", 0, "serial", "CZ1234")],
    dropped=[Dropped(1, 40, "0f2e", 1, 2, 3, 4)],
    interval_s=15.0,
)
NEWEST = Batch(boots=["77aa"], ticks=[Tick(50, 0, 9, 10)], blocks=[Block("", "cpu", [0], SERIES, VALUES[:16])])
ENVELOPE = Envelope(
    version=1,
    epoch="5f0c1a2b3c4d5e6f",
    first=41,
    last=42,
    clock=Clock("77aa", 20, 30, Exchange("77aa", 100, 1_000, 1_010, 130)),
    payload=pack_batch(BATCH),
    newest=pack_batch(NEWEST),
)


def test_the_stored_example_says_what_it_always_said() -> None:
    envelope = unpack_envelope(STORED.read_bytes())
    assert (envelope.version, envelope.epoch, envelope.first, envelope.last) == (1, "5f0c1a2b3c4d5e6f", 41, 42)
    assert envelope.clock == ENVELOPE.clock
    assert unpack_batch(envelope.payload) == BATCH
    assert unpack_batch(envelope.newest) == NEWEST
    block = unpack_batch(envelope.payload).blocks[0]
    assert unpack_series(block.series) == [("cpu_busy_ratio", "total"), ("temperature_celsius", "机柜 1")]
    assert gap_of(struct.unpack("<4d", block.values)[3]) is Gap.TIMED_OUT
    assert envelope.clock.exchange is not None
    assert (envelope.clock.exchange.round_trip_ns, envelope.clock.exchange.offset_ns) == (20, 890)


def test_an_older_sender_that_leaves_out_the_last_fields_is_understood() -> None:
    short = msgspec.msgpack.encode([["boot"], [[1, 0, 2, 3]]])
    assert unpack_batch(zstandard.compress(short)).interval_s == 15.0


def test_a_field_added_at_the_end_by_a_newer_sender_is_passed_over() -> None:
    fields = msgspec.msgpack.decode(msgspec.msgpack.encode(BATCH))
    assert unpack_batch(zstandard.compress(msgspec.msgpack.encode([*fields, "of tomorrow"]))) == BATCH


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        pytest.param(b"", 400, "damaged", id="nothing"),
        pytest.param(b"\xc1", 400, "damaged", id="no msgpack"),
        pytest.param(bytes(wire.MAX_BODY_BYTES + 1), 413, "too_large", id="too long"),
        pytest.param(msgspec.msgpack.encode({"a": 1}), 422, "malformed", id="a map"),
        pytest.param(msgspec.msgpack.encode([2, "epoch", 1, 1, []]), 422, "wrong_version", id="version 2"),
        pytest.param(msgspec.msgpack.encode([9, {"all": "new"}]), 422, "wrong_version", id="of another age"),
        pytest.param(msgspec.msgpack.encode([1, "epoch"]), 422, "malformed", id="cut short"),
        pytest.param(
            pack_envelope(ENVELOPE).replace(b"5f0c", b"\xff\xff\xff\xff"), 400, "damaged", id="a text that is no UTF-8"
        ),
        pytest.param(b"\x91" * 100_000 + b"\xc0", 422, "malformed", id="nested without end"),
    ],
)
def test_a_body_that_is_no_envelope_is_refused_with_its_reason(body: bytes, status: int, reason: str) -> None:
    with pytest.raises(WireError) as refused:
        unpack_envelope(body)
    assert (refused.value.status, refused.value.reason) == (status, reason)


def changed(**fields: object) -> bytes:
    return pack_batch(msgspec.structs.replace(BATCH, **fields))


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        pytest.param(b"rubbish", 400, id="no zstd"),
        pytest.param(pack_batch(BATCH)[:-7], 400, id="cut short"),
        pytest.param(zstandard.compress(bytes(wire.MAX_PAYLOAD_BYTES + 1)), 413, id="a bomb"),
        pytest.param(zstandard.ZstdCompressor(write_content_size=False).compress(b"\x92"), 400, id="of unsaid size"),
        pytest.param(zstandard.compress(b"\xc1"), 400, id="no msgpack"),
        pytest.param(zstandard.compress(msgspec.msgpack.encode([1])), 422, id="no batch"),
        pytest.param(changed(boots=["0f2e"]), 422, id="a boot that is not named"),
        pytest.param(changed(ticks=BATCH.ticks[::-1]), 422, id="ticks backwards"),
        pytest.param(changed(ticks=[Tick(0, 0, 1, 1), BATCH.ticks[1]]), 422, id="tick 0"),
        pytest.param(changed(blocks=[Block("", "cpu", [0, 2], SERIES, VALUES)]), 422, id="a tick out of range"),
        pytest.param(changed(blocks=[Block("", "cpu", [1, 1], SERIES, VALUES)]), 422, id="a tick twice"),
        pytest.param(changed(blocks=[Block("", "cpu", [], SERIES, b"")]), 422, id="a block without ticks"),
        pytest.param(changed(blocks=[Block("", "cpu", [0, 1], SERIES, VALUES[:-3])]), 422, id="half a number"),
        pytest.param(changed(blocks=[Block("", "cpu", [0, 1], SERIES, VALUES[:-8])]), 422, id="a ragged matrix"),
        pytest.param(changed(blocks=[Block("", "c", [0], SERIES, bytes(8 * 50_001))]), 413, id="too many series"),
        pytest.param(changed(gaps=[SourceGap("", "s", [-1], 1)]), 422, id="a gap before the first tick"),
        pytest.param(changed(events=[msgspec.structs.replace(BATCH.events[0], tick=7)]), 422, id="an event of no tick"),
        pytest.param(changed(facts=[WireFact("", 2, "a", "b")]), 422, id="a fact of no tick"),
        pytest.param(changed(events=BATCH.events[:1] * 20_001), 413, id="too many events"),
        pytest.param(changed(ticks=[Tick(n, 0, n, n) for n in range(1, 10_002)]), 413, id="too many ticks"),
    ],
)
def test_a_payload_that_cannot_stand_is_refused(payload: bytes, status: int) -> None:
    with pytest.raises(WireError) as refused:
        unpack_batch(payload)
    assert refused.value.status == status


def both(body: bytes) -> None:
    """Whatever comes out is a batch or a WireError."""
    with suppress(WireError):
        envelope = unpack_envelope(body)
        unpack_batch(envelope.payload)
        unpack_batch(envelope.newest)


@given(body=strategies.binary(max_size=400))
def test_any_bytes_are_refused_in_an_orderly_way(body: bytes) -> None:
    both(body)


@settings(max_examples=300)
@given(data=strategies.data())
def test_a_changed_envelope_or_payload_is_understood_or_refused(data: strategies.DataObject) -> None:
    whole = bytearray(STORED.read_bytes())
    plain = bytearray(msgspec.msgpack.encode(BATCH))
    for content in (whole, plain):
        for _ in range(data.draw(strategies.integers(1, 4))):
            at = data.draw(strategies.integers(0, len(content) - 1))
            content[at] = data.draw(strategies.integers(0, 255))
    both(bytes(whole))
    both(pack_envelope(msgspec.structs.replace(ENVELOPE, payload=zstandard.compress(bytes(plain)))))
