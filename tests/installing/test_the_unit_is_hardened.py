"""The systemd unit: understood by systemd, and with few powers, each of them explained."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

MOST_EXPOSED = 40  # tenths of systemd's exposure level, which goes from 0 to 10


@pytest.fixture
def unit(repository: Path, tmp_path: Path) -> Path:
    """The unit with a program that is there: systemd-analyze looks for it on this very machine."""
    file = tmp_path / "zhishou-agent.service"
    text = (repository / "deploy/agent/zhishou-agent.service").read_text()
    assert "ExecStart=/usr/bin/zhishou-agent run\n" in text
    file.write_text(text.replace("/usr/bin/zhishou-agent", "/bin/true"))
    return file


@pytest.mark.peer("systemd-analyze")
def test_systemd_understands_every_line(unit: Path, peer: Callable[[str], str]) -> None:
    said = subprocess.run([peer("systemd-analyze"), "verify", unit], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.peer("systemd-analyze")
def test_it_has_few_powers(unit: Path, peer: Callable[[str], str]) -> None:
    said = subprocess.run(
        [peer("systemd-analyze"), "security", "--offline=true", f"--threshold={MOST_EXPOSED}", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout + said.stderr


def test_every_capability_is_named_with_what_needs_it(repository: Path) -> None:
    text = (repository / "deploy/agent/zhishou-agent.service").read_text()
    [held] = re.findall(r"^CapabilityBoundingSet=(.+)$", text, re.MULTILINE)
    explained = {word for line in re.findall(r"^#   (CAP_.+)$", text, re.MULTILINE) for word in line.split()}
    assert set(held.split()) <= explained
    for bound in ("MemoryMax=", "CPUQuota=", "TasksMax=", "Nice=", "NoNewPrivileges=yes", "ProtectSystem=strict"):
        assert re.search(f"^{bound}", text, re.MULTILINE), bound
