"""Recorded devices: ``.snmprec`` files (snmpsim's format, also ``.bz2``), one ``OID|tag|value`` a line.

Errors: :class:`RecordingError` alone, with the file's name. A line that cannot be read is a value that cannot be
read, never a zero; comments are passed over.
"""

from __future__ import annotations

import bz2
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from collector.walk import Value, Walk
from readings.model import Gap

MOST_LINES = 5_000_000
BLOCK = 1 << 20
INTEGER, OCTETS, NULL, OID, ADDRESS, COUNTER, GAUGE, TICKS, OPAQUE, COUNTER64 = (
    "2", "4", "5", "6", "64", "65", "66", "67", "68", "70",
)  # fmt: skip
NUMBERS = frozenset({INTEGER, COUNTER, GAUGE, TICKS, "71", COUNTER64})
# What an agent says of an object it does not have: noSuchObject, noSuchInstance, endOfMibView.
ABSENT = frozenset({NULL, "128", "129", "130"})
UNASKED_DEPTH = 8  # 1.3.6.1.4.1.2011.5: enough to name a vendor's branch


class RecordingError(Exception):
    """A recording cannot be read."""


@dataclass(slots=True)
class Recorded:
    """What a recording held beneath the wanted subtrees, and how many values each other branch has."""

    answers: dict[str, Value] = field(default_factory=dict)
    unasked: Counter[str] = field(default_factory=Counter)
    lines: int = 0

    def walk(self) -> Walk:
        return Walk(self.answers)


def branch_of(oid: str) -> str:
    """The first pieces of an object identifier: enough to name a branch.

    >>> branch_of("1.3.6.1.4.1.2011.5.25.31.1")
    '1.3.6.1.4.1.2011.5'
    """
    return ".".join(oid.split(".", UNASKED_DEPTH)[:UNASKED_DEPTH])


def read_recording(
    path: Path, wants: Callable[[str], bool] = lambda _: True, most_bytes: int | None = None
) -> Recorded:
    """Values of ``path`` for which ``wants(oid)``; the rest is counted by branch. Raises RecordingError.

    ``most_bytes`` ends the reading of a huge recording early, at the end of a line.
    """
    recorded = Recorded()
    try:
        with _opened(path) as file:
            for block in _blocks(file, most_bytes):
                _take(block, wants, recorded)
                if recorded.lines > MOST_LINES:
                    raise RecordingError(f"{path}: more than {MOST_LINES} lines")
    except (OSError, EOFError, ValueError) as error:
        raise RecordingError(f"{path}: cannot be read: {error}") from error
    if not recorded.answers and not recorded.unasked:
        raise RecordingError(f"{path}: no line is 'OID|tag|value'")
    return recorded


def _opened(path: Path) -> BinaryIO | bz2.BZ2File:
    return bz2.open(path, "rb") if path.suffix == ".bz2" else path.open("rb")


def _blocks(file: BinaryIO | bz2.BZ2File, most_bytes: int | None) -> Iterator[list[bytes]]:
    """Whole lines, a block at a time: ten times as fast as asking the file for each line."""
    rest, taken = b"", 0
    while block := file.read(BLOCK):
        taken += len(block)
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        yield lines
        if most_bytes is not None and taken >= most_bytes:
            return
    if rest:
        yield [rest]


def _take(lines: list[bytes], wants: Callable[[str], bool], recorded: Recorded) -> None:
    recorded.lines += len(lines)
    for line in lines:
        name, _, rest = line.partition(b"|")
        oid = name.decode("ascii", "replace")
        if oid[:1] == "." or oid[-1:] == "." or ".." in oid or not oid.replace(".", "").isdigit():  # none, or torn
            continue
        if not wants(oid):
            recorded.unasked[branch_of(oid)] += 1
            continue
        tag, _, written = rest.rstrip(b"\r").partition(b"|")
        value = decoded(tag.decode("ascii", "replace"), written)
        if value is not None:
            recorded.answers[oid] = value


def decoded(tag: str, written: bytes) -> Value | None:
    """The value a line holds, None for what the agent said it does not have.

    >>> decoded("4x", b"41"), decoded("70", b"18446744073709551615"), decoded("128", b""), decoded("2", b"?")
    (b'A', 18446744073709551615, None, <Gap.UNREADABLE: 5>)
    """
    kind, _, module = tag.partition(":")
    if module:  # snmpsim computes these while it plays: what it begins with is a value the device once gave
        settings = dict(pair.partition(b"=")[::2] for pair in written.split(b","))
        written = settings.get(b"value", settings.get(b"initial", b""))
    hexadecimal = kind.endswith("x")
    kind = kind.removesuffix("x")
    if kind in ABSENT:
        return None
    try:
        octets = bytes.fromhex(written.decode("ascii")) if hexadecimal else written
        return _of_kind(kind, octets, hexadecimal=hexadecimal)
    except ValueError:
        return Gap.UNREADABLE


def _of_kind(kind: str, octets: bytes, *, hexadecimal: bool) -> Value:
    if kind in NUMBERS:
        return int(octets)
    if kind in {OCTETS, OPAQUE}:
        return octets
    if kind == OID:
        return octets.decode("ascii").removeprefix(".")
    if kind == ADDRESS:
        return ".".join(map(str, octets)) if hexadecimal else octets.decode("ascii")
    return Gap.UNREADABLE
