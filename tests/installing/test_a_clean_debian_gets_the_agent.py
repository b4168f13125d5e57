"""The package: installed in a clean Debian, enrolled over HTTPS, restarted, removed, purged."""

from __future__ import annotations

import sqlite3
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.command_line.conftest import Run, Up
from tests.installing.conftest import Host, address_of, build

WITHIN_S = 90.0
STATE = "var/lib/zhishou-agent"
PEERS = pytest.mark.peer("clean debian", "dpkg-deb", "unshare", "mount")


@pytest.mark.peer("dpkg-deb")
def test_the_same_source_gives_the_same_bytes(package: Path, repository: Path, tmp_path: Path) -> None:
    assert build(repository, tmp_path).read_bytes() == package.read_bytes()


@pytest.mark.peer("dpkg-deb")
def test_it_holds_no_piece_of_the_centre_and_no_place_of_its_building(package: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "-R", package, tmp_path / "x"], check=True)
    inside = tmp_path / "x/usr/lib/zhishou-agent"
    assert {"agent", "readings", "zhishou.py", "httpx", "msgspec"} <= {each.name for each in inside.iterdir()}
    assert not {"server", "checklists", "collector", "bin"} & {each.name for each in inside.iterdir()}
    assert list(inside.rglob("__pycache__")) == []
    assert list(inside.rglob("direct_url.json")) == []
    told = subprocess.run(
        ["grep", "-rlF", str(Path(__file__).parents[2]), tmp_path / "x"], capture_output=True, check=False
    )
    assert told.stdout == b""


@contextmanager
def service(host: Host) -> Iterator[subprocess.Popen[bytes]]:
    """What the unit starts, under a name of no supervisor: killed at the end if it still runs."""
    command = host.words("/usr/bin/zhishou-agent", "run")
    with subprocess.Popen(command, env=host.surroundings, stderr=subprocess.DEVNULL) as running:
        try:
            yield running
        finally:
            running.kill()


def until(ready: Callable[[], Any], what: str) -> Any:
    give_up = time.monotonic() + WITHIN_S
    while time.monotonic() < give_up:
        if found := ready():
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {WITHIN_S:g} s: {what}")


def waiting(host: Host) -> list[tuple[str, int]]:
    """(epoch, number) of the ticks in its spool."""
    with closing(sqlite3.connect(f"file:{host.root}/{STATE}/spool.db?mode=ro", uri=True)) as spool:
        return [(str(epoch), int(number)) for epoch, number in spool.execute("SELECT epoch, number FROM ticks")]


def positions(up: Up) -> dict[str, int]:
    """How far the centre holds each epoch durably."""
    with closing(sqlite3.connect(f"file:{up.data}/inbox.db?mode=ro", uri=True)) as inbox:
        return {str(epoch): int(last) for epoch, last in inbox.execute("SELECT epoch, position FROM position")}


@PEERS
def test_from_installing_to_purging(
    debian: Host, package: Path, centre: Callable[[], Up], run: Run, tmp_path: Path
) -> None:
    before = debian.files()
    (debian.root / "agent.deb").write_bytes(package.read_bytes())
    installed = debian.run("dpkg", "-i", "/agent.deb")
    assert installed.returncode == 0, installed.stderr
    assert "now enrol this host" in installed.stdout
    (debian.root / "agent.deb").unlink()
    (debian.root / "etc/zhishou/agent.toml").write_text("interval_s = 1\n")
    checked = debian.run("zhishou-agent", "check", "--json")
    assert '"metric": "memory_total_bytes"' in checked.stdout, checked.stderr

    up = centre()
    url = address_of(up)
    made = run("enrolment", "create", "--device", "S-001")
    enrolled = debian.run("zhishou-agent", "enrol", "--server", url, stdin=made.stdout.split()[-1])
    assert enrolled.returncode == 0, enrolled.stderr
    assert "device S-001" in enrolled.stdout

    token = run("token", "create", "test", "--scope", "read").stdout.split()[-1]
    trust = ssl.create_default_context(cafile=up.data / "tls" / "ca.crt")

    def latest() -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.get(f"{url}/api/v1/devices/S-001/latest", headers=headers, verify=trust, timeout=30)
        return "memory_total_bytes" in answer.text

    with service(debian) as running:
        until(latest, "a reading of the host at the centre")
        # The centre goes away, ticks wait on the host's disk, and the agent is killed over them.
        up.program.terminate()
        up.program.wait(60)
        until(lambda: len(waiting(debian)) >= 3, "ticks waiting in the spool")
        running.kill()
        running.wait()
    owed = waiting(debian)

    again = centre()
    with service(debian) as running:
        newest = {epoch: max(number for other, number in owed if other == epoch) for epoch, _ in owed}
        until(lambda: all(positions(again).get(epoch, 0) >= last for epoch, last in newest.items()), "what waited")
        until(lambda: len(positions(again)) == len({*newest, *positions(again)}) >= 2, "an epoch of the second start")
        running.terminate()
        assert running.wait(30) == 0
    assert {epoch for epoch, _ in waiting(debian)}.isdisjoint(newest), "nothing of it is sent again"

    removed = debian.run("dpkg", "-r", "zhishou-agent")
    assert removed.returncode == 0, removed.stderr
    left = debian.files() - before
    (debian.root / "etc/zhishou/agent.toml").unlink()
    assert {path for path in left if not path.startswith((STATE, "etc/zhishou"))} == set()
    assert f"{STATE}/credential.json" in left

    purged = debian.run("dpkg", "-P", "zhishou-agent")
    assert purged.returncode == 0, purged.stderr
    assert debian.files() - before - {"etc/zhishou"} == set()
