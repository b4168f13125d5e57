"""The systemd units: understood by systemd, and with few powers, each of them explained."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

MOST_EXPOSED = {"agent": 40, "collector": 20}  # tenths of systemd's exposure level, which goes from 0 to 10


@pytest.fixture(params=MOST_EXPOSED)
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def text(role: str, repository: Path) -> str:
    return (repository / f"deploy/{role}/zhishou-{role}.service").read_text()


@pytest.fixture
def unit(role: str, text: str, tmp_path: Path) -> Path:
    """The unit with a program that is there: systemd-analyze looks for it on this very machine."""
    file = tmp_path / f"zhishou-{role}.service"
    assert f"ExecStart=/usr/bin/zhishou-{role} run" in text
    file.write_text(text.replace(f"/usr/bin/zhishou-{role}", "/bin/true"))
    return file


@pytest.mark.peer("systemd-analyze")
def test_systemd_understands_every_line(unit: Path, peer: Callable[[str], str]) -> None:
    said = subprocess.run([peer("systemd-analyze"), "verify", unit], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.peer("systemd-analyze")
def test_it_has_few_powers(role: str, unit: Path, peer: Callable[[str], str]) -> None:
    said = subprocess.run(
        [peer("systemd-analyze"), "security", "--offline=true", f"--threshold={MOST_EXPOSED[role]}", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout + said.stderr


def test_every_capability_is_named_with_what_needs_it(text: str) -> None:
    [held] = re.findall(r"^CapabilityBoundingSet=(.+)$", text, re.MULTILINE)
    explained = {word for line in re.findall(r"^#   (CAP_.+)$", text, re.MULTILINE) for word in line.split()}
    assert set(held.split()) <= explained
    for bound in ("MemoryMax=", "CPUQuota=", "TasksMax=", "NoNewPrivileges=yes", "ProtectSystem=strict"):
        assert re.search(f"^{bound}", text, re.MULTILINE), bound


def test_the_agent_gives_way_and_the_collector_is_no_root(repository: Path) -> None:
    agent = (repository / "deploy/agent/zhishou-agent.service").read_text()
    collector = (repository / "deploy/collector/zhishou-collector.service").read_text()
    assert re.search("^Nice=", agent, re.MULTILINE)
    assert re.search("^User=zhishou-collector$", collector, re.MULTILINE)
    assert "CAP_NET_ADMIN" not in "".join(re.findall(r"^CapabilityBoundingSet=.*$", collector, re.MULTILINE))
