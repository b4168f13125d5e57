"""The runner for Windows keeps its limits; what needs no Windows of it is proven with programs of this host."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.hardware.command import MOST_BYTES
from agent.windows.programs import WindowsPrograms, system_folders
from readings.model import Gap, SourceFailed

Install = Callable[[str], str]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """A program ``told.exe`` with these lines of shell."""

    def write(lines: str) -> str:
        file = tmp_path / "told.exe"
        file.write_text(f"#!/bin/sh\n{lines}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return str(file)

    return write


@pytest.fixture
def programs(tmp_path: Path) -> WindowsPrograms:
    return WindowsPrograms([str(tmp_path)], {"SystemRoot": "C:\\Windows", "SECRET": "x"})


def test_an_answer_has_its_code_and_both_streams(programs: WindowsPrograms, install: Install) -> None:
    answer = programs.run([install("echo said; echo complained >&2; exit 5"), "a"], 20)
    assert (answer.code, answer.out, answer.err) == (5, "said\n", "complained\n")


def test_gbk_is_decoded(programs: WindowsPrograms, install: Install) -> None:
    assert programs.run([install(r"printf '\276\334\276\370'")], 20).out == "拒绝"


def test_only_what_windows_needs_stands_in_its_environment(programs: WindowsPrograms, install: Install) -> None:
    said = programs.run([install('echo "$SystemRoot,$SECRET"')], 20).out
    assert said == "C:\\Windows,\n"


def test_one_that_hangs_is_killed(programs: WindowsPrograms, install: Install) -> None:
    path = install("exec /bin/sleep 600")
    with pytest.raises(SourceFailed, match=r"no answer in 0\.2 s, killed") as failed:
        programs.run([path], 0.2)
    assert failed.value.gap is Gap.TIMED_OUT


def test_one_that_closes_its_mouth_and_stays_is_killed(programs: WindowsPrograms, install: Install) -> None:
    with pytest.raises(SourceFailed, match="killed"):
        programs.run([install("exec >&- 2>&-; exec /bin/sleep 600")], 0.5)


def test_one_that_talks_too_much_is_killed(programs: WindowsPrograms, install: Install) -> None:
    with pytest.raises(SourceFailed, match=f"more than {MOST_BYTES} bytes") as failed:
        programs.run([install("exec /usr/bin/yes")], 60)
    assert failed.value.gap is Gap.UNREADABLE


def test_one_that_may_not_be_run_is_refused(programs: WindowsPrograms, tmp_path: Path) -> None:
    (tmp_path / "told.exe").write_text("")
    with pytest.raises(SourceFailed) as failed:
        programs.run([str(tmp_path / "told.exe")], 5)
    assert failed.value.gap is Gap.REFUSED


def test_one_that_is_not_there_is_not_offered(programs: WindowsPrograms, tmp_path: Path) -> None:
    assert programs.find("told.exe") is None
    with pytest.raises(SourceFailed) as failed:
        programs.run([str(tmp_path / "told.exe")], 5)
    assert failed.value.gap is Gap.NOT_OFFERED


def test_programs_are_looked_for_in_windows_own_folders_only(programs: WindowsPrograms, install: Install) -> None:
    path = install("")
    assert programs.find("other.exe", "told.exe") == path
    assert system_folders({"SystemRoot": "D:\\Windows", "PATH": "C:\\Users\\Public"}) == (
        "D:\\Windows\\System32",
        "D:\\Windows\\System32\\WindowsPowerShell\\v1.0",
    )
