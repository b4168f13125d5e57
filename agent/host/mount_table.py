"""/proc/self/mountinfo: what a mount is of, where /proc/mounts only says how this process may use it.

A hardened service (ProtectSystem=strict) sees every file system read-only, and folders of it mounted once more. Whether
a file system takes writes its superblock says; a folder of one that is mounted itself is no file system of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mounted:
    """``top`` is the folder of the file system that was mounted ("/": all of it); ``readonly`` is the superblock's."""

    point: str
    device: str
    top: str
    readonly: bool


def mounted(text: str) -> dict[str, Mounted]:
    """By mount point (escaped as the kernel writes it), the one mounted last. What does not parse is left out.

    >>> mounted("26 1 8:1 / / ro,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\\n")["/"].readonly
    False
    """
    found: dict[str, Mounted] = {}
    for line in text.splitlines():
        own, dash, rest = line.partition(" - ")
        words, of = own.split(" "), rest.split(" ")
        if dash and len(words) >= 6 and len(of) >= 3:
            found[words[4]] = Mounted(words[4], words[2], words[3], "ro" in of[2].split(","))
    return found


def repeated(all_mounted: Iterable[Mounted]) -> set[str]:
    """The mount points that show a folder of a file system which is mounted further up as well."""
    tops: dict[str, set[str]] = {}
    listed = list(all_mounted)
    for each in listed:
        tops.setdefault(each.device, set()).add(each.top)
    return {each.point for each in listed if _above(each.top) & tops[each.device]}


def _above(folder: str) -> set[str]:
    """
    >>> sorted(_above("/srv/data"))
    ['/', '/srv']
    """
    parts = folder.strip("/").split("/")
    return {"/" + "/".join(parts[:count]) for count in range(len(parts))} if folder != "/" else set()
