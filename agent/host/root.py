"""Where the host's own files are: the running system, or a tree made for a test."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Root:
    """Folders to read from. ``files`` stands before every mount point ("" on the running system)."""

    proc: str = "/proc"
    sys: str = "/sys"
    etc: str = "/etc"
    dev: str = "/dev"
    var: str = "/var"
    files: str = ""

    @classmethod
    def under(cls, folder: Path | str) -> Root:
        """A tree with proc, sys, etc, dev and var in it; "/" is the running system."""
        top = str(folder).rstrip("/")
        return cls(f"{top}/proc", f"{top}/sys", f"{top}/etc", f"{top}/dev", f"{top}/var", files=top)

    @property
    def live(self) -> bool:
        """Whether this is the running system, so that asking the kernel (adjtimex, journalctl) speaks of it too."""
        return self.proc == "/proc"

    @property
    def windows(self) -> bool:
        """Whether this is a running Windows."""
        return self.live and sys.platform == "win32"
