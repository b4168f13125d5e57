"""The folder everything of one centre lies in: made private, and held by one process at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FolderRefused(Exception):  # noqa: N818 - it reads as the sentence it makes
    """The data folder cannot be used; the text says why."""


CERTIFICATE = Path("tls") / "server.pem"


def has_certificate(folder: Path) -> bool:
    """Whether the centre of this folder shows a certificate, and so speaks HTTPS (server/tls)."""
    return (folder / CERTIFICATE).exists()


def make_private(folder: Path) -> None:
    """Make the folder, readable by its owner only. Raises FolderRefused."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise FolderRefused(f"data folder {folder}: {error.strerror}") from error


@contextmanager
def held(folder: Path, role: str) -> Iterator[None]:
    """Hold ``folder`` for this role (its lock file is ``role.lock``). Raises FolderRefused when another holds it."""
    make_private(folder)
    lock = os.open(folder / f"{role}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(lock, 20, 0).decode("ascii", "replace").strip() or "another process"
            raise FolderRefused(
                f"data folder {folder}: already in use by process {holder} (zhishou {role.replace('-', ' ')})"
            ) from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(lock)
