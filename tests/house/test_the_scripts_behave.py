"""The scripts a newcomer's machine runs: they touch nothing they may not, and say what they could not do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml


def program(folder: Path, name: str, body: str) -> None:
    """A stand-in for a program, found first on PATH."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of stand-ins: a Debian where nothing is installed and apt-get fails, writing down that it was called."""
    program(tmp_path, "dpkg-query", "exit 1")
    program(tmp_path, "apt-get", f'echo "$@" >> {tmp_path}/apt-get.calls; exit 100')
    return tmp_path


def packages(root: Path, machine: Path) -> subprocess.CompletedProcess[str]:
    path = f"{machine}{os.pathsep}{os.environ['PATH']}"
    script = root / "scripts" / "debian-packages"
    return subprocess.run([script], env={"PATH": path}, capture_output=True, text=True, check=False, timeout=30)


def test_debian_packages_asks_nothing_when_all_is_there(root: Path, machine: Path) -> None:
    program(machine, "dpkg-query", "echo -n installed")
    done = packages(root, machine)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (machine / "apt-get.calls").exists()


def test_debian_packages_names_what_it_may_not_install(root: Path, machine: Path) -> None:
    program(machine, "id", "echo 1000")
    program(machine, "sudo", "exit 1")
    done = packages(root, machine)
    assert done.returncode == 0
    assert "prometheus" in done.stderr
    assert "chromium" in done.stderr
    assert not (machine / "apt-get.calls").exists()


def test_debian_packages_names_what_it_could_not_install(root: Path, machine: Path) -> None:
    program(machine, "id", "echo 1000")
    program(machine, "sudo", '[ "$1" = -n ] && shift; [ "$1" = true ] || [ "$1" = env ] || exit 0; exec "$@"')
    done = packages(root, machine)
    assert done.returncode == 0
    assert "could not install: chromium" in done.stderr
    calls = (machine / "apt-get.calls").read_text()
    assert "--no-install-recommends" in calls
    assert "update" in calls


def test_file_checks_find_nothing_to_say_about_this_repository(root: Path, tracked: list[Path]) -> None:
    configuration = yaml.safe_load((root / ".pre-commit-config.yaml").read_text())
    excluded = next(hook["exclude"] for hook in configuration["repos"][0]["hooks"] if hook["id"] == "file-checks")
    ours = [file for file in tracked if not re.match(excluded, str(file.relative_to(root)))]
    texts = [file for file in ours if b"\0" not in file.read_bytes()[:8000]]
    done = subprocess.run(
        [sys.executable, root / "scripts" / "file-checks", *texts], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "content", "because"),
    [
        pytest.param("a.md", "no end", "no newline at the end", id="no newline"),
        pytest.param("a.md", "blank \n", "line 1: trailing blanks", id="trailing blanks"),
        pytest.param("a.py", "<<<<<<< ours\n", "conflict marks", id="conflict"),
        pytest.param("a.toml", "key = \n", "does not parse", id="broken TOML"),
        pytest.param("a.yaml", "key: [\n", "does not parse", id="broken YAML"),
    ],
)
def test_file_checks_name_what_is_wrong(root: Path, tmp_path: Path, name: str, content: str, because: str) -> None:
    file = tmp_path / name
    file.write_text(content)
    done = subprocess.run(
        [sys.executable, root / "scripts" / "file-checks", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert because in done.stderr


def test_pre_commit_fetches_nothing(root: Path) -> None:
    configuration = yaml.safe_load((root / ".pre-commit-config.yaml").read_text())
    assert {repository["repo"] for repository in configuration["repos"]} == {"local"}
    assert {hook["language"] for repository in configuration["repos"] for hook in repository["hooks"]} == {"system"}
