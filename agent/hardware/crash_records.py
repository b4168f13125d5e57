"""What a kernel that died left behind: pstore in the firmware's memory, and where systemd-pstore moves it at boot.

Each new file is an event. Files of ``mce-erst`` mean that a machine check ended the boot before.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator

from agent.host.kernel_files import gap_for
from agent.host.root import Root
from readings.model import Clocks, Event, Gap, Sample, Severity, SourceFailed

KNOWN = "seen"
MOST_FILES = 200
MOST_TOLD = 20  # a pass
FIRST_BYTES = 4096
LONGEST_TEXT = 600


class CrashRecords:
    """``mark``: a word, and short hashes of the files that were told.

    What was moved to the archive before the first look is counted, not told: the past was not ours to watch.
    """

    name = "crash_records"

    def __init__(self, root: Root, clocks: Callable[[], Clocks], mark: str = "") -> None:
        self._folders = (f"{root.sys}/fs/pstore", f"{root.var}/lib/systemd/pstore")
        self._clocks = clocks
        self._told = set(mark.split())
        self._new: set[str] = set()
        self._there: set[str] = set()

    @property
    def mark(self) -> str:
        return " ".join([KNOWN, *sorted((self._told & self._there) | self._new)])

    def commit(self) -> None:
        self._told = {KNOWN} | (self._told & self._there) | self._new
        self._new = set()

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        kept, archived = (_files(folder) for folder in self._folders)
        if kept is None and archived is None:
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._folders[0]}: this kernel keeps no crash records (pstore)")
        there = [*(kept or ()), *(archived or ())][:MOST_FILES]
        told: list[Sample | Event] = [Sample("crash_records_count", float(len(there)))]
        before_us = set() if KNOWN in self._told else set(archived or ())
        self._new, self._there = set(), set()
        for path in there:
            key = hashlib.sha256(_identity(path)).hexdigest()[:8]
            self._there.add(key)
            if key in self._told or key in self._new:
                continue
            if path not in before_us:
                if len(told) > MOST_TOLD:
                    continue
                told.append(self._event(path))
            self._new.add(key)
        return iter(told)

    def _event(self, path: str) -> Event:
        name = os.path.basename(path)  # noqa: PTH119 - a path as text
        died_of = "a machine check" if name.startswith("mce") else "a crash"
        text = f"the kernel of an earlier boot left a record of {died_of}: {path}: {_words(path)}"
        try:
            wall_ns: int | None = os.stat(path).st_mtime_ns  # noqa: PTH116 - text paths
        except OSError:
            wall_ns = None
        return Event(self.name, "crash_record", Severity.ALERT, text, None, wall_ns, name)


def _files(folder: str) -> list[str] | None:
    """None: no such folder. systemd-pstore puts what belongs together into one of its own. Raises SourceFailed."""
    found: list[str] = []
    try:
        for name in sorted(os.listdir(folder)):  # noqa: PTH208 - text paths
            path = f"{folder}/{name}"
            deeper = sorted(os.listdir(path)) if os.path.isdir(path) else None  # noqa: PTH112, PTH208 - text paths
            found += [path] if deeper is None else [f"{path}/{under}" for under in deeper]
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SourceFailed(gap_for(error), f"{error.filename}: {error.strerror} (needs root)") from error
    return found


def _identity(path: str) -> bytes:
    try:
        said = os.stat(path)  # noqa: PTH116 - text paths
    except OSError:
        return path.encode(errors="replace")
    return f"{os.path.basename(path)} {said.st_mtime_ns} {said.st_size}".encode(errors="replace")  # noqa: PTH119 - text paths


def _words(path: str) -> str:
    """The beginning of a dump as text; what is compressed or binary is only named."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - text paths
            raw = file.read(FIRST_BYTES)
    except OSError as error:
        return f"(cannot be read: {error.strerror})"
    if b"\0" in raw[:64] or not raw:
        return f"({len(raw)} bytes that are no text)"
    return " | ".join(raw.decode("utf-8", "replace").split("\n"))[:LONGEST_TEXT]
