"""Hosts made of files: a tree with everything a kernel can say, and copies of it to damage."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.host.root import Root

FIXTURES = Path(__file__).parents[1] / "fixtures" / "host"
Statvfs = Callable[[str], os.statvfs_result]


@pytest.fixture
def everything() -> Root:
    return Root.under(FIXTURES / "everything")


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A copy of the host with everything, to be changed."""
    return Path(shutil.copytree(FIXTURES / "everything", tmp_path / "host"))


@pytest.fixture
def later() -> Callable[[Path], None]:
    """Some seconds pass on a host: its counters move."""

    def pass_time(host: Path) -> None:
        shutil.copytree(FIXTURES / "everything_later", host, dirs_exist_ok=True)

    return pass_time


@pytest.fixture
def statvfs() -> Statvfs:
    """Every file system 100 GiB, a tenth reserved for root, half used; /mnt/filer is away, / makes inodes as needed."""

    def ask(path: str) -> os.statvfs_result:
        if path.endswith("/mnt/filer"):
            raise OSError(116, "Stale file handle")
        files = (0, 0, 0) if path.endswith("/") else (1000, 250, 250)
        return os.statvfs_result((4096, 4096, 26_214_400, 13_107_200, 10_485_760, *files, 0, 255))

    return ask
