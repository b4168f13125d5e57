"""Real programs: their number and exit code, as the user named, killed at the limit, never through a shell."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from agent.host.root import Root
from agent.watched.child import Account, run
from agent.watched.commands import Commands, check_roots_own, number_in
from agent.watched.things import Watch, WatchedCommand
from readings.model import Gap, SourceFailed

Host = Any  # the one of conftest, which a test folder without packages cannot import
ME = os.getuid()
Said = dict[tuple[str, str], float | Gap]


def command(host: Host, argv: list[str], **more: Any) -> Said:
    fields = {"user": f"'{ME}'", **more}
    lines = "".join(f"    {field}: {value}\n" for field, value in fields.items())
    host.write(f"commands:\n  x:\n    argv: {argv}\n{lines}")
    said: Said = host.look()
    return said


def test_its_number_is_a_reading(host: Host) -> None:
    said = command(host, ["/bin/echo", "42.5 orders wait"])
    assert said["watched_command_value", "x"] == 42.5
    assert said["watched_command_exit_code", "x"] == 0
    assert 0 < said["watched_command_duration_seconds", "x"] < 5
    assert 0 <= said["watched_command_age_seconds", "x"] < 5


def test_its_exit_code_is_a_reading(host: Host) -> None:
    said = command(host, ["/bin/sh", "-c", "exit 3"], reads="exit_code")
    assert said["watched_command_exit_code", "x"] == 3
    assert ("watched_command_value", "x") not in said


@pytest.mark.parametrize(
    ("script", "why"),
    [
        pytest.param("echo 7; exit 1", "ended with 1, so its number does not count", id="failed"),
        pytest.param("echo none", "'none\\n' does not begin with a number", id="no number"),
        pytest.param("true", "'' does not begin with a number", id="nothing"),
        pytest.param("echo 08:30", "does not begin with a number", id="a time"),
        pytest.param("echo nan", "does not begin with a number", id="not a number"),
        pytest.param("echo 1e999", "does not begin with a number", id="endless"),
        pytest.param("printf '\\377\\376'", "does not begin with a number", id="garbage"),
    ],
)
def test_what_is_no_number_is_a_gap_and_never_zero(host: Host, script: str, why: str) -> None:
    said = command(host, ["/bin/sh", "-c", script])
    assert said["watched_command_value", "x"] is Gap.UNREADABLE
    (text,) = host.told("watched_command_failed")
    assert why in text


def test_a_sleeping_command_is_killed_with_its_children_and_delays_no_pass(host: Host, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    host.patience_s = 0.0
    script = f"sleep 600 & echo $! >> {pids}; echo $$ >> {pids}; sleep 600"
    said = command(host, ["/bin/sh", "-c", script], time_limit="500 ms")
    assert said["watched_command_exit_code", "x"] is Gap.TIMED_OUT
    while not host.told("watched_command_failed"):
        time.sleep(0.02)
        assert host.look()["watched_command_exit_code", "x"] is Gap.TIMED_OUT
    assert host.told("watched_command_failed") == ["x: killed after its time limit of 0.5 s"]
    for pid in pids.read_text().split():
        assert gone(int(pid))


def gone(pid: int) -> bool:
    """Killed; whoever inherited it may still have to collect it."""
    try:
        return b") Z " in Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return True


def test_what_it_left_behind_ends_with_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    ended = run(["/bin/sh", "-c", f"sleep 600 & echo $! > {pid_file}; echo 1"], 5.0)
    assert (ended.code, ended.late) == (0, False)
    pid = int(pid_file.read_text())
    for _ in range(500):
        if gone(pid):
            break
        time.sleep(0.01)
    assert gone(pid)


def test_one_that_talks_without_end_is_stopped(host: Host) -> None:
    said = command(host, ["/bin/sh", "-c", "yes 1"])
    assert said["watched_command_value", "x"] is Gap.UNREADABLE
    assert "said more than 64 KiB" in host.told("watched_command_failed")[0]


def test_no_shell_reads_the_arguments_and_nothing_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHISHOU_SECRET", "zsa_secret")
    ended = run(["/bin/echo", "$(id)", ";", "*"], 5.0)
    assert ended.output == b"$(id) ; *\n"
    said = run(["/usr/bin/env"], 5.0).output.decode()
    assert {line.partition("=")[0] for line in said.splitlines()} <= {"PATH", "LC_ALL", "PWD"}
    descriptor = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    try:
        listed = run(["/bin/ls", "-1", "/proc/self/fd"], 5.0).output.split()
        assert len(listed) == 4  # the three, and the folder itself
    finally:
        os.close(descriptor)
    assert run(["/bin/pwd"], 5.0).output == b"/\n"


def test_one_killed_by_a_signal_says_which() -> None:
    assert run(["/bin/sh", "-c", "kill -SEGV $$"], 5.0).code == -signal.SIGSEGV


@pytest.mark.peer("root")
def test_it_runs_as_the_user_named_and_no_longer_as_root(host: Host) -> None:
    said = command(host, ["/usr/bin/id", "-u"], user="nobody")
    assert said["watched_command_value", "x"] == 65534
    ended = run(["/bin/sh", "-c", "id -G; touch /etc/zhishou-was-here"], 5.0, Account(65534, 65534))
    assert ended.output == b"65534\n"
    assert not Path("/etc/zhishou-was-here").exists()


def test_an_agent_that_is_not_root_says_which_permission_is_missing(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    said = command(host, ["/bin/echo", "1"], user="nobody")
    assert said["watched_command_value", "x"] is Gap.REFUSED
    assert "CAP_SETUID" in host.told("watched_command_failed")[0]


def test_a_user_nobody_knows_is_refused(host: Host) -> None:
    assert command(host, ["/bin/echo", "1"], user="no-such-user")["watched_command_exit_code", "x"] is Gap.REFUSED
    assert "no user 'no-such-user'" in host.told("watched_command_failed")[0]


def test_a_program_that_is_not_there_is_not_offered(host: Host) -> None:
    said = command(host, ["/usr/bin/no-such-program"])
    assert said["watched_command_exit_code", "x"] is Gap.NOT_OFFERED


@pytest.mark.peer("root")
@pytest.mark.parametrize("weak", ["program", "folder", "owner"])
def test_root_runs_no_program_that_others_could_have_written(host: Host, weak: str) -> None:
    folder = Path(f"/opt/zhishou-test-{os.getpid()}")
    folder.mkdir()
    try:
        program = folder / "program"
        program.write_text("#!/bin/sh\necho 1\n")
        program.chmod(0o755)
        check_roots_own(str(program))
        if weak == "owner":
            os.chown(program, 65534, 0)
        else:
            (program if weak == "program" else folder).chmod(0o777)
        said = command(host, [str(program)], user="root")
        assert said["watched_command_exit_code", "x"] is Gap.REFUSED
        assert "could be written by others than root" in host.told("watched_command_failed")[0]
    finally:
        (folder / "program").unlink()
        folder.rmdir()


def test_it_runs_at_its_own_pace(host: Host, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    command(host, ["/bin/sh", "-c", f"echo x >> {ran}; echo 1"], every="1 h")
    assert host.look(3)["watched_command_value", "x"] == 1
    assert ran.read_text() == "x\n"


def test_a_tree_of_files_runs_nothing() -> None:
    source = Commands(Root.under("/no-such-host"), lambda: Watch((WatchedCommand("x", ("/bin/true",), "root", True),)))
    with pytest.raises(SourceFailed) as failed:
        list(source.read())
    assert failed.value.gap is Gap.NOT_OFFERED


@pytest.mark.parametrize(
    ("said", "number"),
    [
        (b"7", 7.0),
        (b" -0.5\n", -0.5),
        (b"1e3 x", 1000.0),
        (b".5", 0.5),
        (b"+3%", 3.0),
        (b"1,000", None),
        (b"0x1f", None),
        (b"12.", 12.0),
        (b"1.2.3", None),
        (b"2026-11-24", None),
        (b"", None),
        (b"--1", None),
    ],
)
def test_a_number_stands_at_the_beginning(said: bytes, number: float | None) -> None:
    assert number_in(said) == number
