"""Real processes of this host: found by name or command line, missed within one pass when they are killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.host.root import Root
from agent.watched.instances import Instances
from agent.watched.processes import Processes, RunningProcess, parse
from agent.watched.things import Watch, WatchedProcess
from readings.model import Clocks, Event, Gap, Sample, SourceFailed

Host = Any  # the one of conftest, which a test folder without packages cannot import
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Runs a copy of sleep called order_gateway; it is there when this returns."""
    program = shutil.copy(shutil.which("sleep") or "", tmp_path / "order_gateway")
    started: list[subprocess.Popen[bytes]] = []

    def run(seconds: str = "600") -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([program, seconds]))
        return started[-1]

    yield run
    for child in started:
        child.kill()
        child.wait()


def test_a_killed_process_is_missed_in_the_next_pass(host: Host, start: Start) -> None:
    host.write("processes: {报盘: {program: order_gateway}}")
    child = start()
    said = host.look()
    assert said["watched_process_count", "报盘"] == 1
    assert said["watched_process_cpu_ratio", "报盘"] is Gap.LOST
    assert 2**16 < said["watched_process_memory_bytes", "报盘"] < 2**30
    assert host.events == []
    assert host.look()["watched_process_cpu_ratio", "报盘"] < 0.5
    child.kill()
    child.wait()
    said = host.look()
    assert said["watched_process_count", "报盘"] == 0
    assert said["watched_process_age_seconds", "报盘"] is Gap.NOT_OFFERED
    assert host.told("watched_process_ended") == [f"报盘: process {child.pid} ended, 0 running now"]
    again = start()
    said = host.look()
    assert said["watched_process_count", "报盘"] == 1
    assert said["watched_process_restarts_total", "报盘"] == 1
    assert said["watched_process_age_seconds", "报盘"] < 60
    assert host.told("watched_process_started") == [f"报盘: process {again.pid} started, 1 running now"]


def test_a_zombie_does_not_count(host: Host, start: Start) -> None:
    host.write("processes: {gateway: {program: order_gateway}}")
    child = start()
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and still in the table
    assert host.look()["watched_process_count", "gateway"] == 0


def test_the_command_line_tells_apart_what_has_the_same_program(host: Host, start: Start) -> None:
    host.write("processes: {seat: {cmdline: '/order_gateway 6[0-9]1$'}, any: {program: order_gateway}}")
    start("601")
    start("602")
    said = host.look()
    assert said["watched_process_count", "seat"] == 1
    assert said["watched_process_count", "any"] == 2


def test_a_user_is_part_of_what_is_meant(host: Host, start: Start) -> None:
    host.write(
        f"processes: {{own: {{program: order_gateway, user: '{os.getuid()}'}}, "
        "other: {program: order_gateway, user: '65534'}, nobody: {program: order_gateway, user: no-such-user}}"
    )
    start()
    said = host.look()
    assert said["watched_process_count", "own"] == 1
    assert said["watched_process_count", "other"] == 0
    assert said["watched_process_count", "nobody"] is Gap.UNREADABLE


def test_a_program_taken_over_in_place_is_seen_at_once(host: Host, tmp_path: Path) -> None:
    program = shutil.copy(shutil.which("sleep") or "", tmp_path / "taken_over_now")
    host.write("processes: {x: {program: taken_over_now}}")
    go = "import os, sys; sys.stdin.read(1); os.execv(sys.argv[1], [sys.argv[1], '600'])"
    with subprocess.Popen([sys.executable, "-c", go, program], stdin=subprocess.PIPE) as child:
        try:
            assert host.look()["watched_process_count", "x"] == 0
            assert child.stdin is not None
            child.stdin.write(b"x")
            child.stdin.flush()
            while b"taken" not in Path(f"/proc/{child.pid}/stat").read_bytes():
                time.sleep(0.01)
            assert host.look()["watched_process_count", "x"] == 1
        finally:
            child.kill()


# A /proc made of files


def line(pid: int, comm: str, *, state: str = "S", started: int = 500, cpu: int = 0) -> str:
    fields = [state, *["1"] * 10, str(cpu), "0", *["0"] * 6, str(started), "0", "10", *["0"] * 30]
    return f"{pid} ({comm}) {' '.join(fields)}\n"


def put(proc: Path, pid: int, comm: str, cmdline: str = "", **more: Any) -> Path:
    folder = proc / str(pid)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stat").write_text(line(pid, comm, **more))
    (folder / "cmdline").write_bytes(cmdline.replace(" ", "\0").encode() + b"\0")
    return folder


@dataclass
class Clock:
    at_s: float = 100.0

    def __call__(self) -> Clocks:
        return Clocks("boot", int(self.at_s * 1e9), 0)


def counted(tmp_path: Path, thing: WatchedProcess, clock: Clock) -> Callable[[], dict[str, float | Gap]]:
    source = Processes(Root.under(tmp_path), clock, lambda: Watch((thing,)))
    return lambda: {item.metric: item.value for item in source.read() if isinstance(item, Sample)}


def test_a_line_of_odd_names_is_taken_apart() -> None:
    assert parse(line(7, "a) R (b", started=9, cpu=3).encode()) == RunningProcess(
        7, 9, 3, 10 * os.sysconf("SC_PAGE_SIZE"), "a) R (b"
    )
    assert parse(line(7, "gone", state="Z").encode()) is None


@pytest.mark.parametrize("text", [b"", b"7 (a", b"7 (a) S 1 2", b"\xff\xff"])
def test_half_a_line_is_no_process(text: bytes) -> None:
    with pytest.raises(ValueError, match="is not what this file should say"):
        parse(text)


def test_cpu_time_is_that_since_the_previous_pass(tmp_path: Path) -> None:
    clock = Clock()
    proc = tmp_path / "proc"
    put(proc, 1, "init")
    put(proc, 7, "gateway", cpu=1000)
    look = counted(tmp_path, WatchedProcess("x", "gateway"), clock)
    assert look()["watched_process_cpu_ratio"] is Gap.LOST
    put(proc, 7, "gateway", cpu=1150)
    clock.at_s += 1
    assert look()["watched_process_cpu_ratio"] == pytest.approx(1.5)
    put(proc, 7, "gateway", cpu=100)  # a counter that went back
    clock.at_s += 1
    assert look()["watched_process_cpu_ratio"] == 0.0


def test_a_number_used_again_is_another_process(tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    put(proc, 1, "init")
    put(proc, 7, "gateway", started=500)
    look = counted(tmp_path, WatchedProcess("x", "gateway"), Clock())
    assert look()["watched_process_restarts_total"] == 0
    put(proc, 7, "gateway", started=900)
    assert look()["watched_process_restarts_total"] == 1


def test_one_that_comes_back_later_is_one_restart_and_more_of_them_none(tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    put(proc, 1, "init")
    put(proc, 7, "gateway")
    look = counted(tmp_path, WatchedProcess("x", "gateway"), Clock())
    look()
    shutil.rmtree(proc / "7")
    assert look()["watched_process_restarts_total"] == 0
    put(proc, 8, "gateway")
    assert look()["watched_process_restarts_total"] == 1
    put(proc, 9, "gateway")
    assert look()["watched_process_restarts_total"] == 1


def test_hidden_processes_are_a_refusal_and_not_none(tmp_path: Path) -> None:
    put(tmp_path / "proc", 7, "gateway")  # hidepid=2: this user's own only, not even process 1
    with pytest.raises(SourceFailed, match="hidepid") as failed:
        counted(tmp_path, WatchedProcess("x", "gateway"), Clock())()
    assert failed.value.gap is Gap.REFUSED


def test_a_command_line_that_may_not_be_read_is_a_refusal_and_not_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "proc", 1, "init")
    put(tmp_path / "proc", 7, "java", "java SettlementMain")
    real = os.open

    def refuse(path: Any, *rest: Any, **more: Any) -> int:
        if str(path).endswith("/7/cmdline"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    thing = WatchedProcess("x", cmdline=__import__("re").compile("SettlementMain"))
    assert set(counted(tmp_path, thing, Clock())().values()) == {Gap.REFUSED}


def test_no_proc_is_not_offered(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed) as failed:
        counted(tmp_path, WatchedProcess("x", "gateway"), Clock())()
    assert failed.value.gap is Gap.NOT_OFFERED


def test_many_that_end_at_once_are_one_event() -> None:
    instances = Instances("x")
    list(instances.take([RunningProcess(pid, 5, 0, 0, "x") for pid in range(30)], 10**9))
    events = [item for item in instances.take([], 2 * 10**9) if isinstance(item, Event)]
    assert [event.count for event in events] == [30]
    assert events[0].text.endswith("and 20 more ended, 0 running now")
