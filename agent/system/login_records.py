"""/var/log/wtmp: when this host was started and when it was shut down in order (utmp(5), 384 bytes a record)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

RECORD = struct.Struct("<hxxi32s4s32s256shhiii16s20x")  # the same on every 64-bit Linux that keeps 32-bit times here
RUN_LEVEL, BOOT = 1, 2
MOST_BYTES = 4 * 2**20  # the end of the file


@dataclass(frozen=True, slots=True)
class Mark:
    """``boot`` True: the kernel started; False: an orderly shutdown began. Seconds of the wall clock."""

    boot: bool
    at_s: int


def marks(path: str) -> list[Mark]:
    """In the order they were written. Raises OSError."""
    with open(path, "rb") as file:  # noqa: PTH123 - text paths, as everywhere here
        size = file.seek(0, 2)
        whole = size - size % RECORD.size
        file.seek(max(0, whole - MOST_BYTES // RECORD.size * RECORD.size))
        raw = file.read(MOST_BYTES)
    raw = raw[: len(raw) - len(raw) % RECORD.size]
    found: list[Mark] = []
    for fields in RECORD.iter_unpack(raw):
        kind, user, at = fields[0], fields[4].split(b"\0")[0], fields[9]
        if kind == BOOT:
            found.append(Mark(True, at))
        elif kind == RUN_LEVEL and user == b"shutdown":
            found.append(Mark(False, at))
    return found
