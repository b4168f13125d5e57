"""Locks, extras, vendored files and the names of places: a fresh clone anywhere works the same."""

from __future__ import annotations

import re
import tomllib
import zipfile
from pathlib import Path

import pytest

PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)( ;.*)? \\$")
# Put together here, so that this file does not hold what it looks for.
REGISTRY_HOSTS = [
    ".".join(host) for host in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"))
]
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".lock", ".in", ".sh", ".html", ".css", ".po", ".cfg", ""}


def pins(lock: Path) -> dict[str, str]:
    """Name → version of every requirement of a lock."""
    return {found[1]: found[2] for line in lock.read_text().splitlines() if (found := PIN.match(line))}


def wanted(root: Path, extra: str) -> set[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    lines: list[str] = project["optional-dependencies"][extra]
    return {re.split(r"[\[<>=~!; ]", line, maxsplit=1)[0].lower() for line in lines}


@pytest.mark.parametrize("name", ["agent", "run", "dev"])
def test_a_lock_pins_all_with_hashes_and_says_nothing_of_where_from(root: Path, name: str) -> None:
    lock = root / "requirements" / f"{name}.lock"
    requirements = [line for line in lock.read_text().splitlines() if line and line[0] not in "# "]
    assert requirements
    assert [line for line in requirements if not PIN.match(line)] == []
    blocks = re.split(r"\n(?=[a-z0-9])", lock.read_text())[1:]
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in lock.read_text()
    assert not re.search(r"--(extra-)?index-url|--find-links|--trusted-host", lock.read_text())


def test_the_locks_agree_with_each_other_and_hold_what_the_project_asks_for(root: Path) -> None:
    agent, run, dev = (pins(root / "requirements" / f"{name}.lock") for name in ("agent", "run", "dev"))
    assert agent.items() <= run.items() <= dev.items()
    assert wanted(root, "agent") <= agent.keys()
    assert wanted(root, "agent") | wanted(root, "server") | {"hatchling", "editables"} <= run.keys()
    assert wanted(root, "dev") <= dev.keys()


def test_an_agent_needs_five_libraries_and_nothing_more(root: Path) -> None:
    assert wanted(root, "agent") == {"httpx", "msgspec", "psutil", "pyyaml", "zstandard"}


def test_vendored_assets_come_with_their_licence(root: Path) -> None:
    vendor = root / "server" / "web" / "static" / "vendor"
    folders = [folder for folder in vendor.iterdir() if folder.is_dir()]
    assert folders
    assert [folder.name for folder in folders if not any(folder.glob("LICENSE*"))] == []
    assert [file.name for file in vendor.iterdir() if file.is_file()] == []


def test_no_file_names_a_registry_or_a_place_on_the_machine_it_was_written_on(root: Path, tracked: list[Path]) -> None:
    places = [*REGISTRY_HOSTS, f"{root}/"]
    found = [
        f"{file.relative_to(root)}: {place}"
        for file in tracked
        if file.suffix in TEXT and "vendor" not in file.parts
        for place in places
        if place in file.read_text(errors="replace")
    ]
    assert found == []


def test_the_wheel_carries_every_file_of_the_packages(root: Path, tracked: list[Path], wheel: Path) -> None:
    rooms = {"readings", "agent", "collector", "checklists", "server"}
    needed = {str(file.relative_to(root)) for file in tracked if file.relative_to(root).parts[0] in rooms}
    with zipfile.ZipFile(wheel) as archive:
        carried = set(archive.namelist())
    assert (needed | {"zhishou.py", "evidence_check.py"}) - carried == set()
    assert not any(name.startswith(("tests/", "bench/")) for name in carried)
