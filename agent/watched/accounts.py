"""Local accounts of the host, from its own files: nothing is asked of a directory that may not answer."""

from __future__ import annotations

from agent.host.kernel_files import read_text
from agent.host.root import Root
from agent.watched.child import Account


def account_of(root: Root, user: str) -> Account:
    """The local user of that name or number. Raises LookupError; SourceFailed: the files cannot be read."""
    for line in read_text(f"{root.etc}/passwd").splitlines():
        words = line.split(":")
        if len(words) >= 4 and user in {words[0], words[2]} and words[2].isdecimal() and words[3].isdecimal():
            return Account(int(words[2]), int(words[3]), _groups(root, words[0]))
    raise LookupError(f"{root.etc}/passwd: no user {user!r}")


def _groups(root: Root, user: str) -> tuple[int, ...]:
    found: list[int] = []
    for line in read_text(f"{root.etc}/group").splitlines():
        words = line.split(":")
        if len(words) >= 4 and words[2].isdecimal() and user in words[3].split(","):
            found.append(int(words[2]))
    return tuple(found[:64])
