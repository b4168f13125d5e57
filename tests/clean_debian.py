"""A Debian with Python and nothing else, from the mirror this machine's apt uses: made once, kept packed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SUITE = "bookworm"  # whose Python is 3.11, which the agent's package is for
MINUTES = 10
KEPT = Path(tempfile.gettempdir()) / f"zhishou-tests-{os.getuid() if hasattr(os, 'getuid') else 0}"


def packed_root() -> str | None:
    """The packed root's path; None where it cannot be made: no root, no debootstrap, no mirror. Tried once."""
    debootstrap = shutil.which("debootstrap", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if sys.platform != "linux" or os.geteuid() != 0 or debootstrap is None:
        return None
    KEPT.mkdir(mode=0o700, exist_ok=True)
    if KEPT.stat().st_uid != os.getuid():
        return None
    packed = KEPT / f"debian-{SUITE}.tar"
    if packed.exists():
        return str(packed)
    for mirror in mirrors():
        with tempfile.TemporaryDirectory(dir=KEPT) as folder:
            made = subprocess.run(
                [debootstrap, "--variant=minbase", "--include=python3", SUITE, f"{folder}/root", mirror],
                capture_output=True,
                check=False,
                timeout=MINUTES * 60,
            )
            if made.returncode == 0:
                new = Path(folder) / "packed.tar"
                subprocess.run(["tar", "-C", f"{folder}/root", "--numeric-owner", "-cf", new, "."], check=True)
                new.replace(packed)
                return str(packed)
    return None


def mirrors() -> list[str]:
    """Where apt has Debian itself from, as its own configuration says."""
    asked = ["apt-get", "indextargets", "--format", "$(LABEL) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)
    lines = [line.split(" ") for line in said.stdout.splitlines()]
    return list(dict.fromkeys(words[2] for words in lines if len(words) == 3 and words[:2] == ["Debian", "main"]))
