"""The outside of an SNMP message, read without the library: who is it said to be from, and what kind of PDU is it?

It costs a hundredth of a whole decoding, so that a storm can be counted as fast as it comes.
"""

from __future__ import annotations

from dataclasses import dataclass

INTEGER, OCTETS, SEQUENCE = 0x02, 0x04, 0x30
TRAP_V1, INFORM, TRAP_V2, RESPONSE = 0xA4, 0xA6, 0xA7, 0xA2
LONGEST_NAME = 255


class Damaged(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """The bytes are no SNMP message."""


@dataclass(frozen=True, slots=True)
class Outside:
    """``version`` 0 (v1), 1 (v2c) or 3. ``name``: community or user. ``pdu`` and ``pdu_at``: tag and where it stands
    (0 in v3, where it may be encrypted). ``engine_id``: of v3, the sender's or ours.
    """

    version: int
    name: bytes
    pdu: int = 0
    pdu_at: int = 0
    engine_id: bytes = b""


def peek(packet: bytes) -> Outside:
    """Raises Damaged."""
    try:
        return _peek(packet)
    except IndexError as error:
        raise Damaged("cut off") from error


def _peek(packet: bytes) -> Outside:
    at, end = _open(packet, 0, len(packet), SEQUENCE)
    start, after = _open(packet, at, end, INTEGER)
    version = int.from_bytes(packet[start:after], "big")
    if version in {0, 1}:
        start, at = _open(packet, after, end, OCTETS)
        if at - start > LONGEST_NAME:
            raise Damaged("a community of more than 255 bytes")
        return Outside(version, packet[start:at], packet[at], at)
    if version != 3:
        raise Damaged(f"version {version}")
    _, after = _open(packet, after, end, SEQUENCE)  # header data
    start, stop = _open(packet, after, end, OCTETS)  # security parameters
    at, inner = _open(packet, start, stop, SEQUENCE)
    engine, at = _open(packet, at, inner, OCTETS)
    engine_id = packet[engine:at]
    _, at = _open(packet, at, inner, INTEGER)  # boots
    _, at = _open(packet, at, inner, INTEGER)  # time
    start, at = _open(packet, at, inner, OCTETS)
    if at - start > LONGEST_NAME or len(engine_id) > 32:
        raise Damaged("a user or an engine id that is too long")
    return Outside(3, packet[start:at], engine_id=engine_id)


def _open(packet: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Where the content of the element at ``at`` begins, and where it ends. Raises Damaged, IndexError."""
    if packet[at] != tag:
        raise Damaged(f"tag 0x{packet[at]:02x} where 0x{tag:02x} is due")
    length = packet[at + 1]
    at += 2
    if length & 0x80:
        count = length & 0x7F
        if not 0 < count <= 4:
            raise Damaged(f"a length of {count} bytes")
        length = int.from_bytes(packet[at : at + count], "big")
        at += count
    if at + length > end:
        raise Damaged("cut off")
    return at, at + length


def acknowledged(packet: bytes, outside: Outside) -> bytes:
    """The answer to an inform of v2c: the same request id and varbinds, as a response (RFC 3416 §4.2.7)."""
    return packet[: outside.pdu_at] + bytes([RESPONSE]) + packet[outside.pdu_at + 1 :]
