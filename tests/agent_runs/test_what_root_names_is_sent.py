"""The agent as it runs, with an /etc of its own: what happens to watched things is sent with the next tick."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.credential import Credential, keep
from readings.model import gap_of
from readings.wire import Batch, unpack_series

Centre = Any  # the one of conftest, which a test folder without packages cannot import
RUN = "from zhishou import main; raise SystemExit(main())"
ETC = ("passwd", "group", "hosts", "nsswitch.conf", "os-release", "ld.so.cache", "localtime", "alternatives")
Seen = tuple[dict[tuple[str, str], list[float]], list[str], dict[str, str]]


def seen(centre: Centre) -> Seen:
    """(values by series in the order they came, texts of events, facts) of all batches."""
    values: dict[tuple[str, str], list[float]] = {}
    batches: list[Batch] = list(centre.batches)
    for batch in batches:
        for block in batch.blocks:
            series = unpack_series(block.series)
            numbers = memoryview(block.values).cast("d")
            for place, number in enumerate(numbers):
                if gap_of(number) is None:
                    values.setdefault(series[place % len(series)], []).append(number)
    events = [event.text for batch in batches for event in batch.events]
    return values, events, {fact.key: fact.value for batch in batches for fact in batch.facts}


def in_the_next_tick(centre: Centre, since_ns: int, series: tuple[str, str]) -> float:
    """What the first pass that began after ``since_ns`` of boottime says of a series."""
    for batch in centre.batches:
        for place, tick in enumerate(batch.ticks):
            if tick.boottime < since_ns:
                continue
            for block in batch.blocks:
                names = unpack_series(block.series)
                if place in block.ticks and series in names:
                    at = block.ticks.index(place) * len(names) + names.index(series)
                    return float(memoryview(block.values).cast("d")[at])
            raise AssertionError(f"nothing of {series} in the first tick since {since_ns}")
    raise AssertionError(f"no tick since {since_ns}")


def now_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def wait_for(centre: Centre, holds: Callable[[Seen], bool]) -> Seen:
    pause = threading.Event()
    for _ in range(600):
        now = seen(centre)
        if holds(now):
            return now
        pause.wait(0.05)
    raise AssertionError(f"it never came: {seen(centre)[1]}")


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    folder.mkdir()
    for name in ETC:
        if Path("/etc", name).is_file():
            shutil.copy(Path("/etc", name), folder / name)
    (folder / "zhishou" / "allowed.d").mkdir(parents=True)
    for made in (folder, folder / "zhishou", folder / "zhishou" / "allowed.d"):
        made.chmod(0o755)
    return folder


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = shutil.copy(shutil.which("sleep") or "", tmp_path / "order_gateway")
    with subprocess.Popen([program, "600"]) as running:
        yield running
        running.kill()


@pytest.mark.peer("mount", "root")
def test_a_killed_process_a_touched_file_and_a_full_disk_are_sent_with_the_next_tick(
    centre: Centre, etc: Path, gateway: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    data, disk = tmp_path / "data", tmp_path / "disk"
    data.mkdir()
    disk.mkdir()
    (data / "init.log").write_text("")
    allowed = etc / "zhishou" / "allowed.d" / "trading.yaml"
    allowed.write_text(
        "processes: {报盘: {program: order_gateway}}\n"
        f"file_roots: [{data}]\n"
        f"files: {{系统初始化: {{path: {data}/init.log, patterns: {{成功: {{text: 初始化成功}}}}}}}}\n"
        "commands: {队列: {argv: [/bin/echo, '17'], user: nobody}}\n"
    )
    allowed.chmod(0o644)
    state = tmp_path / "state"
    keep(state, Credential(centre.url, "agent-1", "SRV-1", "zsa_secret"))
    mounted = f"mount --bind {etc} /etc && mount -t tmpfs -o size=4m tmpfs {disk}"
    started = f'{mounted} && exec {sys.executable} -c "{RUN}" agent run --interval 1 --state {state}'
    with subprocess.Popen(["unshare", "--mount", "sh", "-c", started], cwd=Path(__file__).parents[2]) as agent:
        try:
            said, _, facts = wait_for(centre, lambda now: ("watched_command_value", "队列") in now[0])
            assert said["watched_process_count", "报盘"][-1] == 1
            assert said["watched_command_value", "队列"][-1] == 17
            assert facts["packages.manager"] in {"dpkg", "rpm"}
            assert said["filesystem_used_ratio", str(disk)][-1] < 0.1
            gateway.kill()
            os.waitid(os.P_PID, gateway.pid, os.WEXITED | os.WNOWAIT)
            killed = now_ns()
            with (data / "init.log").open("a") as log:
                log.write("08:01 系统初始化成功\n")
            touched = now_ns()
            Path(f"/proc/{agent.pid}/root{disk}/trades").write_bytes(bytes(4 * 2**20))
            filled = now_ns()
            wait_for(centre, lambda now: now[0]["filesystem_used_ratio", str(disk)][-1] == 1)
            said, events, _ = wait_for(centre, lambda now: any("系统初始化/成功" in text for text in now[1]))
            said, events, _ = wait_for(centre, lambda now: any("报盘: process" in text for text in now[1]))
            assert in_the_next_tick(centre, killed, ("watched_process_count", "报盘")) == 0
            assert in_the_next_tick(centre, touched, ("watched_log_matches_total", "系统初始化/成功")) == 1
            assert in_the_next_tick(centre, filled, ("filesystem_used_ratio", str(disk))) == 1
            assert f"报盘: process {gateway.pid} ended, 0 running now" in events
        finally:
            agent.send_signal(signal.SIGTERM)
    assert agent.returncode == 0
