"""docs/sources.md names every source of hardware, system and Windows with tests that prove it, and those exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.hardware.command import Programs
from agent.hardware.hypervisor import nature
from agent.hardware.sources import OF_HARDWARE, hardware_logs, hardware_sources
from agent.host.root import Root
from agent.system.sources import system_logs, system_sources
from agent.windows.sources import windows_logs, windows_sources
from readings.catalogue import load_catalogue
from readings.model import Clocks

ROW = re.compile(r"^\| ([a-z0-9_, ]+?)(?: \*\*\(H\)\*\*)? \|(.*)\|$", re.MULTILINE)


@pytest.fixture(scope="module")
def rows(root: Path) -> list[tuple[str, list[str]]]:
    """Source and the cells behind its name; one may be on Linux and on Windows, a row each."""
    found: list[tuple[str, list[str]]] = []
    for names, cells in ROW.findall((root / "docs" / "sources.md").read_text()):
        if names != "source":
            found += [(name, cells.split("|")) for name in names.split(", ")]
    return found


def test_every_source_of_hardware_and_system_has_its_row(rows: list[tuple[str, list[str]]], tmp_path: Path) -> None:
    top = Root.under(tmp_path)
    programs, found = Programs(top), nature(top)

    def clocks() -> Clocks:
        return Clocks("boot", 0, 0)

    sources = [*hardware_sources(top, programs, found), *hardware_logs(top, clocks, {}, programs, found)]
    sources += [*system_sources(top, clocks, programs), *system_logs(top, clocks, {}, programs)]
    sources += [*windows_sources(clocks, programs), *windows_logs(top, clocks, {}, programs)]
    assert {source.name for source in sources} - {name for name, _ in rows} == set()


def test_a_row_names_tests_that_exist(rows: list[tuple[str, list[str]]], root: Path) -> None:
    written = {
        name
        for file in (root / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)
    }
    for source, cells in rows:
        named = re.findall(r"`(test_\w+)`", cells[-1])
        assert named, source
        assert set(named) - written == set(), source


def test_a_row_names_readings_of_the_catalogue(rows: list[tuple[str, list[str]]]) -> None:
    catalogue = load_catalogue()
    for source, cells in rows:
        named = [word for word in re.findall(r"`([a-z0-9_*]+)`", cells[1]) if word.count("_") >= 1]
        for word in named:
            known = word in catalogue or (word.endswith("*") and any(key.startswith(word[:-1]) for key in catalogue))
            assert known, f"{source}: {word}"


def test_what_a_guest_has_no_hardware_for_is_marked(root: Path) -> None:
    marked = set(
        re.findall(r"^\| ([a-z0-9_]+) \*\*\(H\)\*\*", (root / "docs" / "sources.md").read_text(), re.MULTILINE)
    )
    assert {"edac", "hwmon", "cpu_throttle"} <= marked & OF_HARDWARE
