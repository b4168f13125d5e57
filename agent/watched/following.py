"""New lines of a file from where the last pass left off: over rotation, truncation and a change of its name.

The place is (path, inode, offset). What is read here is only looked at; it moves on when the pass has told its lines.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.watched.beneath import names_beneath, open_beneath, stat_beneath

MOST_BYTES = 4 * 2**20  # a pass and file; the rest waits for the next one
LONGEST_LINE = 2000  # bytes that are looked at
LONGEST_PART = 64 * 1024  # a line without an end is let go after this


@dataclass(frozen=True, slots=True)
class Place:
    path: str
    inode: int
    offset: int


@dataclass(frozen=True, slots=True)
class New:
    """Whole lines since the last place, in pieces. ``lost``: what may be missing, in sentences."""

    place: Place
    chunks: tuple[bytes, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    chunks: list[bytes] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    room: int = MOST_BYTES


def new_lines(path: str, roots: Sequence[str], prefix: str, place: Place | None, *, fresh: bool) -> New:
    """What was added to ``path``. Without a place a ``fresh`` file begins at its start, one found there at its end.

    Raises OSError.
    """
    reading = _Reading()
    descriptor, said = open_beneath(path, roots, prefix)
    try:
        offset = 0 if fresh else said.st_size
        if place is not None and (place.path, place.inode) != (path, said.st_ino):
            left = _finish(place, roots, prefix, reading)
            if left is not None:
                return New(left, tuple(reading.chunks), tuple(reading.lost))
            offset = 0
        elif place is not None:
            offset = place.offset
            if said.st_size < offset:
                reading.lost.append(f"{path} was cut from {offset} to {said.st_size} bytes: lines may be missing")
                offset = 0
        offset += _take(descriptor, offset, reading)
        return New(Place(path, said.st_ino, offset), tuple(reading.chunks), tuple(reading.lost))
    finally:
        os.close(descriptor)


def _finish(place: Place, roots: Sequence[str], prefix: str, reading: _Reading) -> Place | None:
    """Read the file that was followed to its end, wherever it was moved beside; its place when there is still more."""
    descriptor = _moved(place, roots, prefix)
    if descriptor is None:
        reading.lost.append(f"{place.path}, read up to byte {place.offset}, is gone: its last lines may be missing")
        return None
    try:
        offset = place.offset
        while taken := _take(descriptor, offset, reading, last=True):
            offset += taken
        ended = offset >= os.fstat(descriptor).st_size
        return None if ended else Place(place.path, place.inode, offset)
    finally:
        os.close(descriptor)


def _moved(place: Place, roots: Sequence[str], prefix: str) -> int | None:
    folder, _, own = place.path.rpartition("/")
    for name in [own, *names_beneath(folder, roots, prefix)]:
        try:
            beside = stat_beneath(f"{folder}/{name}", roots, prefix)
            if beside.st_ino != place.inode or not stat.S_ISREG(beside.st_mode):
                continue
            descriptor, said = open_beneath(f"{folder}/{name}", roots, prefix)
        except OSError:
            continue  # gone meanwhile, or a link that leads out
        if said.st_ino == place.inode and said.st_size >= place.offset:
            return descriptor
        os.close(descriptor)
    return None


def _take(descriptor: int, offset: int, reading: _Reading, *, last: bool = False) -> int:
    """Take the whole lines after ``offset``; how many bytes they were. ``last``: one without an end counts too."""
    chunk = os.pread(descriptor, reading.room, offset) if reading.room > 0 else b""
    whole = chunk.rfind(b"\n") + 1
    if not whole and (len(chunk) > LONGEST_PART or (last and chunk)):
        whole = len(chunk)
    reading.room -= whole
    if whole:
        reading.chunks.append(chunk[:whole])
    return whole
