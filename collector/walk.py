"""What a device answered: object identifiers and their values, looked at but never guessed.

A number that is not there is a gap with the reason, so a source cannot invent a zero. A reason stands for a whole
subtree that was asked and not had (``timed_out``, ``refused``); what a complete walk does not hold is ``not_offered``.
"""

from __future__ import annotations

import math
import re
import struct
import sys
from bisect import bisect_left
from collections.abc import Collection, Mapping

from readings.model import Gap

# An integer of any kind, an opaque float, octets, an object identifier or address as text; a Gap cannot be decoded.
Value = int | float | bytes | str | Gap

LONGEST_TEXT = 1024
AFTER_POINT = "/"  # the character that follows "."
# Opaque wrapping of a float and of a double (net-snmp's NET-SNMP-TC): tag, length, IEEE 754.
OPAQUE_FLOAT, OPAQUE_DOUBLE = b"\x9f\x78\x04", b"\x9f\x79\x08"
_LINES = dict.fromkeys(map(ord, "\r\n\t"), " ")
LARGEST = sys.float_info.max
_WRITTEN = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*")


class Walk:
    """The answers of one device at one moment. ``troubles``: subtree asked and not had whole → why."""

    def __init__(self, answers: Mapping[str, Value], troubles: Mapping[str, Gap] | None = None) -> None:
        self._answers = answers
        self._sorted = sorted(answers)
        self._troubles = dict(troubles or {})

    def __len__(self) -> int:
        return len(self._answers)

    def __contains__(self, oid: str) -> bool:
        return oid in self._answers

    @property
    def troubles(self) -> Mapping[str, Gap]:
        return self._troubles

    def value(self, oid: str) -> Value | None:
        return self._answers.get(oid)

    def names(self) -> list[str]:
        return self._sorted

    def column(self, base: str) -> dict[str, Value]:
        """Index → value of everything beneath ``base``, in the order of the device's table."""
        start, names = f"{base}.", self._sorted
        first = bisect_left(names, start)
        last = bisect_left(names, f"{base}{AFTER_POINT}", first)
        indices = [name[len(start) :] for name in names[first:last]]
        try:
            indices.sort(key=int)  # most tables count their rows, and this is a walk's hottest line
        except ValueError:
            indices.sort(key=index_order)
        answers = self._answers
        return {index: answers[start + index] for index in indices}

    def has(self, base: str) -> bool:
        """Whether anything at or beneath ``base`` was answered."""
        at = bisect_left(self._sorted, f"{base}.")
        return base in self._answers or (at < len(self._sorted) and self._sorted[at].startswith(f"{base}."))

    def number(self, oid: str, times: float = 1.0, gaps: Collection[float] = ()) -> float | Gap:
        """The number at ``oid`` in units of ``times``; one of ``gaps`` is the device's way to say it has none."""
        value = self._answers.get(oid)
        if value is None:
            return self.why_missing(oid)
        number = number_of(value)
        if isinstance(number, Gap):
            return number
        if number in gaps:
            return Gap.NOT_OFFERED
        return scaled(number, times)

    def text(self, oid: str) -> str:
        """The text at ``oid``, "" where there is none."""
        value = self._answers.get(oid)
        return "" if value is None or isinstance(value, Gap) else text_of(value)

    def why_missing(self, oid: str) -> Gap:
        """Why there is nothing at ``oid``."""
        for root, gap in self._troubles.items():
            if oid == root or oid.startswith(f"{root}.") or root.startswith(f"{oid}."):
                return gap
        return Gap.NOT_OFFERED


def index_order(index: str) -> tuple[int, ...]:
    """The order of an agent's table.

    >>> sorted(["10", "9", "1.2"], key=index_order)
    ['1.2', '9', '10']
    """
    return tuple(map(int, index.split(".")))


def number_of(value: Value) -> float | Gap:
    """A value as a number. Devices also write numbers as text ("23.5") and wrap floats in Opaque.

    >>> number_of(b" 23.5 "), number_of(bytes.fromhex("9f780441bc0000")), number_of(b"n/a")
    (23.5, 23.5, <Gap.UNREADABLE: 5>)
    >>> number_of(10**400)
    <Gap.UNREADABLE: 5>
    """
    if type(value) is int and 0 <= value < 2**64:  # as nearly all are
        return float(value)
    if isinstance(value, Gap):
        return value
    if isinstance(value, int | float):
        # An INTEGER may be of any length; one no float can hold has no meaning in any MIB.
        return float(value) if -LARGEST <= value <= LARGEST else Gap.UNREADABLE
    return _number_in(value) if isinstance(value, bytes) else Gap.UNREADABLE


def _number_in(octets: bytes) -> float | Gap:
    if octets.startswith(OPAQUE_FLOAT) and len(octets) == 7:
        return number_of(struct.unpack(">f", octets[3:])[0])
    if octets.startswith(OPAQUE_DOUBLE) and len(octets) == 11:
        return number_of(struct.unpack(">d", octets[3:])[0])
    written = _WRITTEN.fullmatch(octets[:64].decode("ascii", "replace").rstrip("\0"))
    return float(written[1]) if written else Gap.UNREADABLE


def scaled(number: float, times: float) -> float:
    """Division by the inverse keeps 235 tenths at 23.5 exactly, where 235 * 0.1 would be 23.500000000000004."""
    inverse = 1 / times if times else 0.0
    return number / round(inverse) if 0 < times < 1 and math.isclose(inverse, round(inverse)) else number * times


def text_of(value: float | bytes | str) -> str:
    """Text as people read it: UTF-8, else GBK (old devices in China), else the octets in hexadecimal.

    >>> text_of("机房".encode("gbk")), text_of(bytes.fromhex("7485c4dfc002")), text_of(b"eth0\\x00")
    ('机房', '74:85:c4:df:c0:02', 'eth0')
    """
    if not isinstance(value, bytes):
        return str(value)
    octets = value[:LONGEST_TEXT].rstrip(b"\0")
    for encoding in ("utf-8", "gbk"):
        try:
            text = octets.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.isprintable() or text.translate(_LINES).isprintable():
            return " ".join(text.split())
    return value[:LONGEST_TEXT].hex(":")


def address_of(value: Value) -> str:
    """A hardware address, however printable its octets happen to be."""
    return value.hex(":") if isinstance(value, bytes) else "" if isinstance(value, Gap) else str(value)
