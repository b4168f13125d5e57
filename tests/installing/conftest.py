"""The packages, built once; a clean Debian to put it into; a centre that speaks HTTPS."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command_line.conftest import PROGRAM, Run, Up, environment, run

__all__ = ["run"]  # the fixture, for these tests too


def build(root: Path, out: Path, role: str = "agent") -> Path:
    built = subprocess.run(
        [root / "scripts" / "package", out, role],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1795500000"},
    )
    if built.returncode != 0 and "No matching distribution" in built.stderr and os.environ.get("CI") != "true":
        pytest.skip("no package index can be reached from here")
    assert built.returncode == 0, built.stderr
    return Path(built.stdout.strip())


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def package(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(repository, tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def collectors_package(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(repository, tmp_path_factory.mktemp("package"), "collector")


@dataclass
class Host:
    """A clean Debian under ``root``. Its programs see this machine's loopback, and a /proc and /sys of their own."""

    root: Path

    def words(self, *command: str) -> list[str]:
        mounts = 'mount -t proc proc "$0/proc"; mount --rbind /sys "$0/sys"; exec chroot "$0" "$@"'
        return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", mounts, str(self.root), *command]

    @property
    def surroundings(self) -> dict[str, str]:
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.words(*command),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=self.surroundings,
        )

    def files(self) -> set[str]:
        """Every path but dpkg's and Python's own records of them."""
        own = ("var/lib/dpkg", "var/log", "var/cache")
        found = {str(path.relative_to(self.root)) for path in self.root.rglob("*") if not path.is_symlink()}
        return {path for path in found if not path.startswith(own)}


@pytest.fixture
def debian(peer: Callable[[str], str], tmp_path: Path) -> Iterator[Host]:
    root = tmp_path / "debian"
    root.mkdir()
    subprocess.run(["tar", "-C", root, "--numeric-owner", "-xf", peer("clean debian")], check=True)
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    yield Host(root)
    # Nothing is mounted here: every command had mounts of its own. pytest removes the folder.
    assert str(root) not in Path("/proc/mounts").read_text()


def address_of(up: Up) -> str:
    """https://127.0.0.1:port of a server, from its own words."""
    found = re.search(r"https://127\.0\.0\.1:\d+", up.wait_for("listening"))
    assert found is not None
    return found[0]


@pytest.fixture
def centre(run: Run, tmp_path: Path) -> Iterator[Callable[[], Up]]:
    """``centre()`` starts ``zhishou server run``, over HTTPS, on the port it had before."""
    assert run("server", "init").returncode == 0
    started: list[Up] = []
    port = "0"

    def start() -> Up:
        nonlocal port
        program = subprocess.Popen(
            [*PROGRAM, "server", "run", "--data", str(tmp_path / "data"), "--port", port],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment(),
            text=True,
            cwd=tmp_path,
        )
        started.append(Up(program, tmp_path / "data"))
        port = address_of(started[-1]).rpartition(":")[2]
        return started[-1]

    yield start
    for each in started:
        if each.program.poll() is None:
            each.program.send_signal(signal.SIGTERM)
            each.program.wait(60)
