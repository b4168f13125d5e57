"""A small disk that really is full: refused, said, and taken back as soon as there is room, without a restart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("centre_on_a_small_disk.py")


@pytest.mark.peer("mount")
def test_a_full_disk_refuses_and_recovers_without_a_restart(tmp_path: Path) -> None:
    script = (
        'mount -t tmpfs -o size=6m tmpfs "$1" && mkdir "$1/data" && head -c 2500000 /dev/zero > "$1/ballast" && '
        'PYTHONPATH="$4" exec "$2" "$3" "$1/data" "$1/ballast"'
    )
    words = [str(tmp_path), sys.executable, str(PROGRAM), str(ROOT)]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
