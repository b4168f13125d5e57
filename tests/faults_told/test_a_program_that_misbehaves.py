"""Real scripts that hang, babble, crash or cannot be run: each ends as a gap with its reason, nothing is left."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.hardware.command import MOST_BYTES, Programs
from agent.hardware.hypervisor import Nature
from agent.hardware.smart import Smart
from agent.host.root import Root
from readings.model import Gap, SourceFailed

Write = Callable[[str], str]


@pytest.fixture
def script(tmp_path: Path) -> Write:
    """``script("echo hello")`` is the path of a shell script that does so."""

    def write(text: str) -> str:
        file = tmp_path / "vendor-tool"
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
        return str(file)

    return write


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(Root(), [str(tmp_path)])


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie waits for whoever started it, which is init now: it runs no more.
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def failure(programs: Programs, path: str, seconds: float = 20.0) -> SourceFailed:
    with pytest.raises(SourceFailed) as failed:
        programs.run([path], seconds)
    return failed.value


def test_what_a_program_says_and_how_it_ends_is_taken_as_it_is(programs: Programs, script: Write) -> None:
    answer = programs.run([script("echo out; echo oops >&2; exit 4")], 20)
    assert (answer.code, answer.out, answer.err) == (4, "out\n", "oops\n")
    assert answer.last_words() == "oops"


def test_a_hung_program_is_killed_with_all_it_started(programs: Programs, script: Write, tmp_path: Path) -> None:
    path = script(f"sleep 600 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/parent; sleep 600")
    failed = failure(programs, path, 1.0)
    assert failed.gap is Gap.TIMED_OUT
    assert failed.detail == f"{path}: no answer in 1 s, killed"
    pids = [int((tmp_path / name).read_text()) for name in ("child", "parent")]
    until = time.monotonic() + 20
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    assert [alive(pid) for pid in pids] == [False, False]


def test_a_program_that_left_a_child_holding_its_output_is_not_waited_for(programs: Programs, script: Write) -> None:
    assert failure(programs, script("sleep 600 & exit 0"), 0.5).gap is Gap.TIMED_OUT


def test_one_that_cannot_be_killed_is_not_started_again_beside_itself(
    programs: Programs, script: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = script(f"echo started >> {tmp_path}/starts; exec sleep 600")
    left: list[subprocess.Popen[bytes]] = []

    def fails(started: subprocess.Popen[bytes]) -> bool:
        left.append(started)
        return False

    monkeypatch.setattr("agent.hardware.command._end", fails)
    try:
        failure(programs, path, 0.5)
        failed = failure(programs, path, 0.5)
    finally:
        left[0].kill()
        left[0].wait()
    assert failed.gap is Gap.TIMED_OUT
    assert "still hangs in the kernel" in failed.detail
    assert (tmp_path / "starts").read_text() == "started\n"
    script("echo well again")
    assert programs.run([path], 20).out == "well again\n"


def test_passes_go_on_while_smartctl_hangs_and_then_it_is_a_gap(
    programs: Programs, script: Write, tmp_path: Path, physical: Nature, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(script(f"echo $$ > {tmp_path}/pid; exec sleep 600")).rename(tmp_path / "smartctl")
    monkeypatch.setattr("agent.hardware.smart.SCAN_S", 1.0)
    smart = Smart(programs, physical)

    def pass_() -> str:
        with pytest.raises(SourceFailed) as failed:
            list(smart.read())
        assert failed.value.gap is Gap.TIMED_OUT
        return failed.value.detail

    assert pass_() == "smart: asked 0 s ago, no answer yet"
    for thread in threading.enumerate():
        if thread.name == smart.name:
            thread.join(20)
    assert pass_().endswith("--scan: no answer in 1 s, killed")
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_babbling_program_is_cut_off(programs: Programs, script: Write) -> None:
    failed = failure(programs, script("while :; do echo 0123456789012345678901234567890123456789; done"))
    assert failed.gap is Gap.UNREADABLE
    assert f"more than {MOST_BYTES} bytes" in failed.detail


@pytest.mark.parametrize(
    ("text", "said"),
    [(r"printf '\377\376 degrees\n'", "�� degrees\n"), ("", "")],
    ids=["not UTF-8", "nothing"],
)
def test_odd_bytes_are_text_with_marks(text: str, said: str, programs: Programs, script: Write) -> None:
    assert programs.run([script(text)], 20).out == said


def test_a_program_that_is_not_there_is_not_offered(programs: Programs, tmp_path: Path) -> None:
    assert failure(programs, str(tmp_path / "no-such-tool")).gap is Gap.NOT_OFFERED
    assert programs.find("no-such-tool") is None


def test_a_program_that_may_not_be_run_is_refused_and_says_for_whom(programs: Programs, script: Write) -> None:
    path = script("exit 0")
    Path(path).chmod(0o644)
    failed = failure(programs, path)
    assert failed.gap is Gap.REFUSED
    assert f"user {os.geteuid()} may not run it" in failed.detail


def test_a_program_that_is_no_program_is_unreadable(programs: Programs, tmp_path: Path) -> None:
    file = tmp_path / "garbage"
    file.write_bytes(b"\x7fELF no more")
    file.chmod(0o755)
    assert failure(programs, str(file)).gap is Gap.UNREADABLE


def test_a_program_that_a_signal_ended_is_unreadable(programs: Programs, script: Write) -> None:
    failed = failure(programs, script("kill -SEGV $$"))
    assert failed.gap is Gap.UNREADABLE
    assert "ended by signal 11" in failed.detail


def test_it_runs_without_input_in_plain_english_and_utc(programs: Programs, script: Write) -> None:
    said = programs.run([script("cat; echo $LC_ALL $TZ $SECRET; pwd")], 20)
    assert said.out == "C UTC\n/\n"


def test_the_first_of_several_names_that_is_there_is_taken(programs: Programs, script: Write) -> None:
    path = script("exit 0")
    assert programs.find("storcli64", "vendor-tool") == path


def test_a_tree_made_for_a_test_has_no_programs(tmp_path: Path) -> None:
    assert Programs(Root.under(tmp_path), [str(Path(sys.executable).parent)]).find("python3") is None
