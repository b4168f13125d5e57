"""Files under named roots and nowhere else: every step of a path is opened on its own and no link leads out.

Who may write under a root may put links there. A link is followed by hand, word by word, only as far as it stays under
one of the roots; a device, a pipe or a socket is looked at and never opened.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence

MOST_LINKS = 8
MOST_WORDS = 64
MOST_NAMES = 10_000  # of one folder


class Outside(PermissionError):  # noqa: N818 - it reads as the sentence it makes
    """A link leads out of the roots, or what stands there is no plain file."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(errno.EACCES, why, path)


def look_beneath(path: str, roots: Sequence[str], prefix: str = "") -> tuple[int, os.stat_result]:
    """(descriptor that only names it, what it is) of ``path`` under one of ``roots``, links followed within them.

    ``prefix`` stands before every root (a tree made for a test). Raises OSError; Outside is one.
    """
    for _ in range(MOST_LINKS + 1):
        root = max((root for root in roots if path == root or path.startswith(f"{root}/")), key=len, default=None)
        if root is None:
            raise Outside(path, "a link leads out of file_roots")
        found = _step_down(prefix or "/", root.strip("/").split("/"), path[len(root) :].strip("/"))
        if isinstance(found, int):
            return found, os.fstat(found)
        stood_at, target, rest = found
        # As the kernel would: from the folder the link stands in, and ".." may not climb out either.
        beside = f"{root}/{stood_at}".rstrip("/")
        path = os.path.normpath("/".join((target if target.startswith("/") else f"{beside}/{target}", *rest)))
    raise OSError(errno.ELOOP, "more than so many links", path)


def _step_down(top: str, root: Sequence[str], below: str) -> int | tuple[str, str, list[str]]:
    """A descriptor, or (folder of a link beneath the root, where it leads, words behind it)."""
    words = below.split("/") if below else []
    if ".." in words:
        raise Outside(below, "'..' in it would climb")
    if len(words) > MOST_WORDS:
        raise OSError(errno.ENAMETOOLONG, "too many folders", below)
    here = os.open(top, os.O_PATH | os.O_CLOEXEC)
    try:
        for number, word in enumerate([*root, *words], -len(root)):
            there = os.open(word, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
            os.close(here)
            here = there
            if not stat.S_ISLNK(os.fstat(here).st_mode):
                continue
            if number < 0:
                # Whoever may write above a root could lead it anywhere: its own words are no links.
                raise Outside("/" + "/".join(root), f"{word} in it is a link; file_roots names where it leads")
            return "/".join(words[:number]), os.readlink("", dir_fd=here), words[number + 1 :]
        found, here = here, -1
        return found
    finally:
        if here >= 0:
            os.close(here)


def open_beneath(path: str, roots: Sequence[str], prefix: str = "") -> tuple[int, os.stat_result]:
    """(descriptor to read from, what it is). Raises OSError; Outside: it is no plain file."""
    named, said = look_beneath(path, roots, prefix)
    try:
        if not stat.S_ISREG(said.st_mode):
            raise Outside(path, "it is no plain file")
        return os.open(f"/proc/self/fd/{named}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), said
    finally:
        os.close(named)


def stat_beneath(path: str, roots: Sequence[str], prefix: str = "") -> os.stat_result:
    """What stands at ``path``. Raises OSError."""
    descriptor, said = look_beneath(path, roots, prefix)
    os.close(descriptor)
    return said


def names_beneath(folder: str, roots: Sequence[str], prefix: str = "") -> list[str]:
    """Names in a folder, sorted; none where it is not there. Raises OSError."""
    try:
        named, _ = look_beneath(folder, roots, prefix)
    except (FileNotFoundError, NotADirectoryError):
        return []
    try:
        listed = os.open(f"/proc/self/fd/{named}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    finally:
        os.close(named)
    try:
        return sorted(os.listdir(listed))[:MOST_NAMES]  # noqa: PTH208 - of a descriptor
    finally:
        os.close(listed)
