"""What an agent does where ``sys.platform`` is win32: psutil, the System log, services, and nothing of Linux."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from agent.all_sources import all_sources
from agent.check import one_pass, print_table, rows
from agent.clocks import clocks_of
from agent.host.portable import Portable, Unrolled, portable_sources
from agent.host.root import Root
from agent.windows import programs as of_windows
from checklists.verification.coverage import LOGS
from checklists.verification.kernel_errors import KERNEL
from readings.catalogue import load_catalogue
from readings.delivery.runner import Runner
from readings.model import Clocks, Gap, Sample
from server.verification.gathering import BOOT_FACT

Windows = Any  # the one of conftest, which a test folder without packages cannot import


@pytest.fixture
def win32(monkeypatch: pytest.MonkeyPatch, windows: Windows) -> Windows:
    """This host takes itself for a Windows whose programs are the recorded ones."""
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(of_windows, "WindowsPrograms", lambda: windows)
    return windows


def test_the_sources_are_those_of_windows(win32: Windows, clocks: Callable[[], Clocks]) -> None:
    seen = all_sources(Root(), clocks, {})
    assert [source.name for source in seen.sources] == [
        *("cpu", "load", "memory", "uptime", "filesystems", "disks", "network"),
        *("services", "identity"),
    ]
    assert [log.name for log in seen.logs] == ["kernel_log", "restarts"]


def test_a_tree_made_for_a_test_is_read_as_linux_even_there(
    win32: Windows, clocks: Callable[[], Clocks], tmp_path: Path
) -> None:
    seen = all_sources(Root.under(tmp_path), clocks, {})
    assert "services" not in {source.name for source in seen.sources}


def test_logs_go_on_from_their_marks(win32: Windows, clocks: Callable[[], Clocks]) -> None:
    marks = {"kernel_log": "4117 1795507500000000000", "restarts": "windows-1"}
    assert [log.mark for log in all_sources(Root(), clocks, marks).logs] == list(marks.values())


def test_the_verification_finds_what_it_judges(win32: Windows, clocks: Callable[[], Clocks]) -> None:
    seen = all_sources(Root(), clocks, {}, wait_s=20)
    taken = Runner([*seen.sources, *seen.logs], clocks).tick()
    said = {(row.metric, row.part): row.value for row in rows(taken)}
    assert said["source_success", LOGS[0]] == 1
    assert {event.kind for _, event in taken.events if event.source == LOGS[0]} >= {KERNEL, "log_cleared"}
    assert [fact.value for _, fact in taken.facts if fact.key == BOOT_FACT] == [clocks().boot_id]
    assert isinstance(said["context_switches_total", ""], float)
    assert isinstance(said["memory_used_ratio", ""], float)
    assert said["service_running", "行情转发"] == 0


def test_check_shows_each_source_and_why_one_has_nothing(win32: Windows, record: Callable[..., str]) -> None:
    win32.missing = {"powershell.exe"}
    win32.log.append(record(4118, "since this host started", at="2999-01-01T00:00:00.0000000Z"))
    out = io.StringIO()
    print_table(one_pass(Root(), pause=lambda: None), load_catalogue(), "en", out)
    shown = out.getvalue()
    assert "powershell: there is no such program" in shown
    assert "kernel_log error: driver 1: since this host started" in shown
    assert "\ncpu\n" in shown


def test_the_boot_id_comes_from_the_system_log(win32: Windows) -> None:
    assert clocks_of(Root())().boot_id.startswith("windows-")
    assert any("EventID=12" in word for argv in win32.asked for word in argv)


def read(name: str, sources: Iterable[Portable]) -> dict[tuple[str, str], float | Gap]:
    return {(item.metric, item.part): item.value for item in next(s for s in sources if s.name == name).read()}


def test_windows_offers_no_load_and_other_systems_do() -> None:
    there, elsewhere = read("load", portable_sources(windows=True)), read("load", portable_sources(windows=False))
    for metric in ("load1", "load5", "load15", "load_per_core"):
        assert there[metric, ""] is Gap.NOT_OFFERED
        assert isinstance(elsewhere[metric, ""], float)
    assert there["processes_count", ""] != 0


def test_every_reading_that_psutil_gives_is_in_the_catalogue() -> None:
    catalogue = load_catalogue()
    for source in portable_sources(windows=True):
        samples = [item for item in source.read() if isinstance(item, Sample)]
        assert samples, source.name
        assert {item.metric for item in samples} - set(catalogue) == set()


def test_a_counter_of_32_bits_goes_on_when_it_rolls_over() -> None:
    counter = Unrolled()
    assert [counter.count(now) for now in (10, 2**32 - 1, 5, 6)] == [10, 2**32 - 1, 2**32 + 5, 2**32 + 6]


def test_a_counter_that_steps_back_a_little_is_told_as_it_is() -> None:
    counter = Unrolled()
    assert [counter.count(now) for now in (1000, 900)] == [1000, 900]


ALONE = """
import sys
sys.platform = "win32"
from agent.windows import programs
programs.WindowsPrograms = lambda: Nothing()
class Nothing:
    def find(self, *names):
        return None
from zhishou import main
sys.exit(main(["agent", "check", "--json", "--state", sys.argv[2]]))
"""
WITHOUT = (Path(__file__).parents[1] / "agent_runs" / "test_without_linux.py").read_text(encoding="utf-8")


def test_check_runs_where_no_module_of_linux_is(tmp_path: Path) -> None:
    """psutil is there (it has a Windows of its own) and was imported before Linux was taken away."""
    begin = "import psutil\n" + WITHOUT.split('BEGIN = """')[1].split('"""')[0].replace(', "psutil"', "")
    root = str(Path(__file__).parents[2])
    words = [sys.executable, "-I", "-c", begin + ALONE, root, str(tmp_path)]
    said = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert said.returncode == 0, said.stderr
    found = {(row["metric"], row["part"]): row.get("value", row.get("gap")) for row in json.loads(said.stdout)}
    assert found["source_success", "memory"] == 1
    assert found["source_success", "kernel_log"] == "not_offered"
    assert found["source_success", "services"] == "not_offered"
    assert found["load1", ""] == "not_offered"
