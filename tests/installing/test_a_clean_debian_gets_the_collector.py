"""The collector's package in a clean Debian: enrolled over HTTPS as no root, asks a device, leaves nothing behind."""

from __future__ import annotations

import signal
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.command_line.conftest import Run, Up
from tests.installing.conftest import Host, address_of, build
from tests.polling.conftest import Responder, free_port, responder

__all__ = ["responder"]  # the fixture, for these tests too

WITHIN_S = 90.0
STATE = "var/lib/zhishou-collector"
# adduser's lock, the copies it makes of what it changes, and the folder other packages of ours look into too.
OF_THE_USER = (
    "run/adduser",
    "etc/passwd",
    "etc/shadow",
    "etc/group",
    "etc/gshadow",
    "etc/subuid",
    "etc/subgid",
    "etc/zhishou",
)


@pytest.mark.peer("dpkg-deb")
def test_the_same_source_gives_the_same_bytes(collectors_package: Path, repository: Path, tmp_path: Path) -> None:
    assert build(repository, tmp_path, "collector").read_bytes() == collectors_package.read_bytes()


@pytest.mark.peer("dpkg-deb")
def test_it_holds_no_piece_of_the_centre_and_no_place_of_its_building(
    collectors_package: Path, repository: Path, tmp_path: Path
) -> None:
    subprocess.run(["dpkg-deb", "-R", collectors_package, tmp_path / "x"], check=True)
    inside = tmp_path / "x/usr/lib/zhishou-collector"
    assert {"collector", "readings", "zhishou.py", "netmiko", "pysnmp"} <= {each.name for each in inside.iterdir()}
    assert not {"server", "checklists", "agent", "bin"} & {each.name for each in inside.iterdir()}
    assert list((inside / "collector/devices").glob("*.yaml"))
    told = subprocess.run(["grep", "-rlF", str(repository), tmp_path / "x"], capture_output=True, check=False)
    assert told.stdout == b""


@contextmanager
def service(host: Host, *ports: str) -> Iterator[subprocess.Popen[bytes]]:
    """What the unit starts."""
    command = host.words("/usr/bin/zhishou-collector", "run", "--listen", "127.0.0.1", *ports)
    with subprocess.Popen(command, env=host.surroundings, stderr=subprocess.DEVNULL) as running:
        try:
            yield running
        finally:
            running.kill()


def until(ready: Callable[[], Any], what: str) -> Any:
    give_up = time.monotonic() + WITHIN_S
    while not (found := ready()):
        assert time.monotonic() < give_up, what
        time.sleep(0.2)
    return found


@pytest.mark.peer("clean debian", "dpkg-deb", "unshare", "mount")
def test_from_installing_to_purging(
    debian: Host, collectors_package: Path, centre: Callable[[], Up], run: Run, responder: Responder
) -> None:
    before = debian.files()
    (debian.root / "collector.deb").write_bytes(collectors_package.read_bytes())
    installed = debian.run("dpkg", "-i", "/collector.deb")
    assert installed.returncode == 0, installed.stderr
    assert "now enrol it" in installed.stdout
    (debian.root / "collector.deb").unlink()
    checked = debian.run("zhishou-collector", "check", f"127.0.0.1:{responder.port}", "--community", "geist", "--json")
    assert '"type": "geist_environment"' in checked.stdout, checked.stderr

    assert run("secrets", "init").returncode == 0
    url = address_of(up := centre())
    invitation = run("enrolment", "create", "--device", "COL-1").stdout.split()[-1]
    enrolled = debian.run("zhishou-collector", "enrol", "--server", url, stdin=invitation)
    assert enrolled.returncode == 0, enrolled.stderr
    agent_id = enrolled.stdout.split()[2].rstrip(",")
    credential = debian.root / STATE / "credential.json"
    assert credential.stat().st_uid == (debian.root / STATE).stat().st_uid != 0

    token = run("token", "create", "test", "--scope", "admin").stdout.split()[-1]
    trust = ssl.create_default_context(cafile=up.data / "tls" / "ca.crt")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{url}/api/v1", headers=headers, verify=trust, timeout=30) as http:
        assert http.get("/devices/COL-1").json()["kind"] == "collector"
        assert http.put("/collection/shares/room", json={"active_id": agent_id}).status_code == 200
        words = ("--kind", "environment", "--share", "room", "--snmp-port", str(responder.port), "--interval", "5")
        added = run("device", "add", "T-1", "127.0.0.1", *words, stdin="geist\n")
        assert added.returncode == 0, added.stderr
        ports = ("--trap-port", str(free_port()), "--syslog-port", str(free_port()))
        with service(debian, *ports) as running:
            until(lambda: "temperature_celsius" in http.get("/devices/T-1/latest").text, "a reading of the device")
            everybody = [
                process for child in [psutil.Process(running.pid)] for process in child.children(recursive=True)
            ]
            mine = [process for process in [psutil.Process(running.pid), *everybody] if "collector" in _words(process)]
            assert mine
            assert {process.uids().effective for process in mine} == {credential.stat().st_uid}
            listeners = [process for process in everybody if "spawn_main" in _words(process)]
            assert len(listeners) == 2, "what listens runs apart, from the installed libraries"
            running.send_signal(signal.SIGTERM)
            assert running.wait(30) == 0

    assert debian.run("dpkg", "-r", "zhishou-collector").returncode == 0
    left = debian.files() - before
    assert f"{STATE}/credential.json" in left
    assert {path for path in left if not path.startswith((STATE, *OF_THE_USER))} == set()
    assert debian.run("dpkg", "-P", "zhishou-collector").returncode == 0
    assert {path for path in debian.files() - before if not path.startswith(OF_THE_USER)} == set()


def _words(process: psutil.Process) -> str:
    return " ".join(process.cmdline())
