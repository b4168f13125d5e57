"""Small files read once in a while: nothing is kept open for them, unlike what is read in every pass."""

from __future__ import annotations

import os

MOST_BYTES = 4096
LONGEST = 200  # characters of a word


def raw(path: str, most: int = MOST_BYTES) -> bytes:
    """The file's beginning. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts: list[bytes] = []
        while most > 0 and (part := os.read(descriptor, most)):
            parts.append(part)
            most -= len(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)


def word(path: str) -> str:
    """The one line of a small file in one piece, "" when there is none to be had."""
    try:
        return clean(raw(path))
    except OSError:
        return ""


def clean(said: bytes) -> str:
    """Text without what cannot be printed, blanks in one piece: firmware fills its fields with anything."""
    text = "".join(letter if letter.isprintable() else " " for letter in said.decode("utf-8", "replace"))
    return " ".join(text.split())[:LONGEST]


def link_name(path: str) -> str:
    """The last word of where a link leads, "" when it is none."""
    try:
        return os.readlink(path).rpartition("/")[2]  # noqa: PTH115 - text paths, as everywhere here
    except OSError:
        return ""
