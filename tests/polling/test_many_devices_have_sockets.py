"""Every device has a socket of its own: the collector opens as many as the system lets it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import resource
from collector.files_at_once import many_files
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(64, hard), min({hard}, hard)))
said = many_files()
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
print(said, soft, hard)
"""


def limits(hard: int) -> list[int]:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(hard=hard)], capture_output=True, text=True, check=True, timeout=60
    )
    return list(map(int, ran.stdout.split()))


def test_as_many_files_as_the_system_lets_us_may_be_open() -> None:
    said, soft, hard = limits(500)
    assert said == soft == hard == 500


def test_no_more_than_are_needed() -> None:
    said, soft, hard = limits(2**20)
    assert said == soft == min(16_384, hard)
