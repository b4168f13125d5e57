"""Where a spool file stands: held by one process, and cleared for a new one when it is damaged."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from importlib import import_module
from pathlib import Path

log = logging.getLogger(__name__)

KEPT_DAMAGED = 2


class SpoolInUse(Exception):  # noqa: N818 - it reads as the sentence it makes
    """Another process has this spool open."""


def move_aside(path: Path) -> Path:
    """Rename a damaged spool file (and its WAL) so that a new one can begin; only the newest few are kept."""
    earlier = sorted(
        path.parent.glob(f"{path.name}.damaged-*[0-9]"), key=lambda file: int(file.name.rpartition("-")[2])
    )
    number = int(earlier[-1].name.rpartition("-")[2]) + 1 if earlier else 1
    aside = path.with_name(f"{path.name}.damaged-{number}")
    path.rename(aside)
    for ending in ("-wal", "-shm"):
        beside = path.with_name(path.name + ending)
        with suppress(FileNotFoundError):
            beside.rename(f"{aside}{ending}")
    for old in earlier[: max(0, len(earlier) + 1 - KEPT_DAMAGED)]:
        for file in (old, Path(f"{old}-wal"), Path(f"{old}-shm")):
            file.unlink(missing_ok=True)
    return aside


def lock(path: Path) -> int | None:
    """Hold ``path``.lock for this process; None where the folder cannot be written. Raises SpoolInUse."""
    try:
        held = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        log.warning("%s.lock: not taken: %s", path, error)
        return None
    try:
        _hold(held)
    except (BlockingIOError, PermissionError) as error:
        os.close(held)
        raise SpoolInUse(f"{path}: another process has this spool open") from error
    return held


def _hold(descriptor: int) -> None:
    """Until it is closed. Raises BlockingIOError (on Windows PermissionError) when another process does."""
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        msvcrt = import_module("msvcrt")
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
