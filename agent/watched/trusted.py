"""Reading what only root can have written: the folder and every file in it, or the reason why not."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

MOST_BYTES = 64 * 1024
WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH

Signature = tuple[int, ...]


class Untrusted(Exception):  # noqa: N818 - it reads as the sentence it makes
    """Somebody other than the owner could have written this."""


@contextmanager
def folder_of(top: str, words: tuple[str, ...], owner: int) -> Iterator[int]:
    """A descriptor of ``top``/words…, each of them a real folder of ``owner``'s. Raises OSError, Untrusted."""
    descriptor = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        path = top
        for word in words:
            path = f"{path}/{word}"
            below = _open_folder(word, descriptor, path)
            os.close(descriptor)
            descriptor = below
            _check(path, os.fstat(descriptor), owner)
        yield descriptor
    finally:
        os.close(descriptor)


def _open_folder(word: str, above: int, path: str) -> int:
    if stat.S_ISLNK(os.stat(word, dir_fd=above, follow_symlinks=False).st_mode):
        raise Untrusted(f"{path} is a link; the folder itself is wanted")
    return os.open(word, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)


def signature_of(name: str, folder: int) -> Signature:
    """Differs as soon as anything about the file did. Raises OSError."""
    said = os.stat(name, dir_fd=folder, follow_symlinks=False)
    return (said.st_dev, said.st_ino, said.st_mtime_ns, said.st_ctime_ns, said.st_size, said.st_uid, said.st_mode)


def read_trusted(name: str, folder: int, owner: int) -> bytes:
    """The whole file. Raises OSError, Untrusted: another owner, writable by others, no plain file, too long."""
    if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        raise Untrusted(f"{name} is no plain file")
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        said = os.fstat(descriptor)
        if not stat.S_ISREG(said.st_mode):
            raise Untrusted(f"{name} is no plain file")
        _check(name, said, owner)
        if said.st_size > MOST_BYTES:
            raise Untrusted(f"{name} has {said.st_size} bytes; at most {MOST_BYTES} are read")
        return os.read(descriptor, MOST_BYTES)
    finally:
        os.close(descriptor)


def _check(path: str, said: os.stat_result, owner: int) -> None:
    if said.st_uid != owner:
        raise Untrusted(f"{path} belongs to user {said.st_uid}, not to user {owner}; only what root wrote counts")
    if said.st_mode & WRITABLE_BY_OTHERS:
        mode = stat.S_IMODE(said.st_mode)
        raise Untrusted(f"{path} can be written by others (mode {mode:o}); only what root wrote counts")
