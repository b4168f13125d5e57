"""Cut the power anywhere in a log of writes (writelog.c) and put the folder back as the disk would hold it.

What lasts: of a file, what was written before its last fsync; of a directory, the names made, moved or removed before
its last fsync. All later is lost, or (given ``rng``) a part of it is: any subset of the writes, torn at sectors, and
the names up to any point, in order. Use::

    log = WriteLog.below(folder)             # needs gcc; folder exists and is empty, or is copied beforehand (base)
    subprocess.run(command, env=log.environment())
    records = log.read()
    for at in cut_points(records, rng, 100):
        marks = cut(records, at, folder, into)     # opened afterwards, into must hold all that the marks say
    (marks: each write of the program to <folder>/.marks, e.g. b"17\\n" when 17 was acknowledged)
"""

from __future__ import annotations

import os
import random
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).with_name("writelog.c")
MARKS = ".marks"
SECTORS = (512, 4096)
_HEAD = struct.Struct("<BQQII")


class Record(NamedTuple):
    """One line of the log; see writelog.c for the kinds."""

    kind: str
    inode: int
    offset: int
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class WriteLog:
    """The log of what programs do below ``folder``; ``library`` is the built writelog.so."""

    folder: Path
    log: Path
    library: Path

    @classmethod
    def below(cls, folder: Path) -> WriteLog:
        """Build the library beside ``folder`` (in ``<folder>.writelog/``). Raises CalledProcessError without gcc."""
        place = folder.with_name(folder.name + ".writelog")
        place.mkdir(exist_ok=True)
        library = place / "writelog.so"
        if not library.exists():
            subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
        return cls(folder.resolve(), place / "log", library)

    def environment(self) -> dict[str, str]:
        """The variables a program needs; several programs and threads may share one log."""
        return {
            **os.environ,
            "LD_PRELOAD": str(self.library),
            "WRITELOG": str(self.log),
            "WRITELOG_BELOW": str(self.folder),
        }

    def read(self) -> list[Record]:
        """All records; a last one that a kill cut short is left out."""
        log, records, at = self.log.read_bytes(), [], 0
        while at + _HEAD.size <= len(log):
            kind, inode, offset, name_length, length = _HEAD.unpack_from(log, at)
            name_at = at + _HEAD.size
            at = name_at + name_length + length
            if at > len(log):
                break
            name = log[name_at : name_at + name_length].decode()
            records.append(Record(chr(kind), inode, offset, name, log[name_at + name_length : at]))
        return records


@dataclass(slots=True)
class _File:
    lasting: bytearray = field(default_factory=bytearray)
    pending: list[Record] = field(default_factory=list)

    def sync(self) -> None:
        for record in self.pending:
            _apply(self.lasting, record)
        self.pending.clear()


@dataclass(slots=True)
class _Disk:
    files: dict[int, _File] = field(default_factory=dict)
    names: dict[str, int | None] = field(default_factory=dict)  # as the program sees them; None: a directory
    lasting: dict[str, int | None] = field(default_factory=dict)
    pending: list[tuple[str, int | str | None]] = field(default_factory=list)  # (name, inode, None or "gone")
    marks: list[bytes] = field(default_factory=list)

    def take(self, record: Record, marks: str) -> None:
        kind, inode, _, name, content = record
        if kind in "CO":
            self._open(record, made=kind == "C")
        elif kind in "WT":
            if self.names.get(marks) == inode:
                self.marks += content.splitlines()
            else:
                self.files.setdefault(inode, _File()).pending.append(record)
        elif kind == "S":
            self.files.setdefault(inode, _File()).sync()
        elif kind == "D":
            self.sync_folder(name)
        elif kind == "R":
            self._rename(name, content.decode())
        elif kind in "UX":
            self.names.pop(name, None)
            self.pending.append((name, "gone"))
        elif kind == "K":
            self.names[name] = None
            self.pending.append((name, None))

    def _open(self, record: Record, *, made: bool) -> None:
        if made:
            self.files[record.inode] = _File()
            self.pending.append((record.name, record.inode))
        elif record.inode not in self.files:
            raise ValueError(f"{record.name} was there before the log began: give a base")
        self.names[record.name] = record.inode

    def _rename(self, old: str, new: str) -> None:
        for name in [name for name in self.names if name == old or name.startswith(old + "/")]:
            inode = self.names.pop(name)
            moved = new + name.removeprefix(old)
            self.names[moved] = inode
            self.pending += [(moved, inode), (name, "gone")]

    def sync_folder(self, folder: str) -> None:
        kept: list[tuple[str, int | str | None]] = []
        for change in self.pending:
            if str(Path(change[0]).parent) == folder:
                self.change(change)
            else:
                kept.append(change)
        self.pending = kept

    def change(self, change: tuple[str, int | str | None]) -> None:
        name, inode = change
        if isinstance(inode, str):
            self.lasting.pop(name, None)
        else:
            self.lasting[name] = inode


def cut(
    records: Sequence[Record],
    at: int,
    folder: Path,
    into: Path,
    *,
    rng: random.Random | None = None,
    base: Path | None = None,
) -> list[bytes]:
    """Put into the new folder ``into`` what the disk holds when the power goes after ``records[:at]``.

    ``rng``: keep a random part of what was not yet synced instead of nothing. ``base``: a copy of ``folder`` as it was
    when the log began (all of it on disk). Returns the marks that were written before the cut.
    """
    disk = _Disk()
    if base is not None:
        _begin_with(disk, records, folder, base)
    marks = str(folder / MARKS)
    for record in records[:at]:
        disk.take(record, marks)
    if rng is not None:
        for change in disk.pending[: rng.randint(0, len(disk.pending))]:
            disk.change(change)
        for file in disk.files.values():
            _keep_some(file, rng)
    into.mkdir(parents=True)
    for name, inode in disk.lasting.items():
        if name == marks or not name.startswith(f"{folder}/"):
            continue
        target = into / Path(name).relative_to(folder)
        if inode is None:
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(disk.files[inode].lasting)
    return disk.marks


def cut_points(records: Sequence[Record], rng: random.Random, count: int) -> list[int]:
    """``count`` places to cut, all of them where there are fewer records."""
    return sorted(rng.sample(range(len(records) + 1), min(count, len(records) + 1)))


def _begin_with(disk: _Disk, records: Sequence[Record], folder: Path, base: Path) -> None:
    """What was there before the log began, by the inodes under which the log first names it."""
    inodes = {record.name: record.inode for record in reversed(records) if record.kind == "O"}
    for number, file in enumerate(sorted(base.rglob("*"))):
        name = str(folder / file.relative_to(base))
        inode = None if file.is_dir() else inodes.get(name, -1 - number)
        disk.names[name] = disk.lasting[name] = inode
        if inode is not None:
            disk.files[inode] = _File(bytearray(file.read_bytes()))


def _keep_some(file: _File, rng: random.Random) -> None:
    share = rng.choice((0.0, 0.5, 0.9, 1.0))
    for record in file.pending:
        if rng.random() >= share:
            continue
        if record.kind == "W" and rng.random() < 0.3:
            sector = rng.choice(SECTORS)
            whole = [slice(start, start + sector) for start in range(0, len(record.content), sector)]
            for piece in whole:
                if rng.random() < 0.5:
                    offset = record.offset + piece.start
                    _apply(file.lasting, record._replace(offset=offset, content=record.content[piece]))
        else:
            _apply(file.lasting, record)


def _apply(content: bytearray, record: Record) -> None:
    if record.kind == "T":
        if len(content) > record.offset:
            del content[record.offset :]
        else:
            content.extend(bytes(record.offset - len(content)))
        return
    end = record.offset + len(record.content)
    if end > len(content):
        content.extend(bytes(end - len(content)))
    content[record.offset : end] = record.content
