"""Looking for words in all that programs keep: files as they are, and what is packed inside them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import zstandard

ZSTD = b"\x28\xb5\x2f\xfd"
LARGEST = 64 * 2**20


def contents(file: Path) -> Iterator[bytes]:
    """The bytes of a file, then every value of a database, every column of a segment, everything compressed in them."""
    raw = file.read_bytes()
    yield raw
    if raw.startswith(b"SQLite format 3\0"):
        for value in database(file):
            yield value
            yield from unpacked(value)
    elif raw.startswith(b"PAR1"):
        with duckdb.connect() as reading:
            yield repr(reading.execute("SELECT * FROM read_parquet(?)", [str(file)]).fetchall()).encode()
    else:
        yield from unpacked(raw)


def database(file: Path) -> Iterator[bytes]:
    """Every text and blob of every table, also of those only the WAL holds."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as opened:
        for (table,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in opened.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, str | bytes):
                        yield value.encode() if isinstance(value, str) else value


def unpacked(raw: bytes) -> Iterator[bytes]:
    """What every zstd frame in ``raw`` holds, and the frames in there."""
    at = raw.find(ZSTD)
    while at >= 0:
        try:
            plain = zstandard.ZstdDecompressor().decompressobj().decompress(raw[at:])
        except zstandard.ZstdError:
            plain = b""  # four bytes that look like a frame
        if plain:
            yield plain[:LARGEST]
            yield from unpacked(plain[:LARGEST])
        at = raw.find(ZSTD, at + 1)


def holding(folder: Path, word: bytes) -> list[str]:
    """The files under ``folder`` in which the word stands."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return [str(file.relative_to(folder)) for file in files if any(word in piece for piece in contents(file))]
