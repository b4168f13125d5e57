"""A real agent beside a real centre that is killed: it reads on, and what it kept arrives whole, in order, calmly."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.stand import free_port
from server.web.answers import ANSWERS

ZHISHOU = [sys.executable, "-P", "-m", "zhishou"]
WITHIN_S = 60.0
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith("ZHISHOU_")}
MIRROR = """Personalities : [raid1]
md0 : active raid1 sdb1[1] sda1[0]
      1046528 blocks [2/2] [UU]

unused devices: <none>
"""
BROKEN = MIRROR.replace("sdb1[1] ", "sdb1[1](F) ").replace("[2/2] [UU]", "[2/1] [U_]")


def wait(true: Callable[[], Any]) -> Any:
    """What ``true`` says once it says something."""
    give_up = time.monotonic() + WITHIN_S
    while not (said := true()):
        assert time.monotonic() < give_up, true
        time.sleep(0.05)
    return said


class House:
    """A centre and an agent of a made-up host in ``folder``, each a process of its own."""

    def __init__(self, folder: Path, end: ExitStack) -> None:
        self.folder, self._end = folder, end
        self.data, self.state, self.root = folder / "data", folder / "agent", folder / "host"
        (self.root / "proc").mkdir(parents=True)
        self.disks(MIRROR)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def disks(self, text: str) -> None:
        fresh = self.root / "proc" / "mdstat.new"
        fresh.write_text(text)
        fresh.replace(self.root / "proc" / "mdstat")

    def run(self, *words: str, told: str = "") -> str:
        ran = subprocess.run(
            [*ZHISHOU, *words], input=told, capture_output=True, text=True, check=True, env=CLEAN, timeout=WITHIN_S
        )
        return ran.stdout.split()[-1] if ran.stdout.split() else ""

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        environment = {**CLEAN, "ZHISHOU_AGENT_ROOT": str(self.root), "ZHISHOU_SEAL_SECONDS": "5"}
        with (self.folder / f"{words[0]}.log").open("ab") as log:
            program = subprocess.Popen([*ZHISHOU, *words], stdout=log, stderr=log, env=environment)
        self._end.callback(program.wait, WITHIN_S)
        self._end.callback(program.kill)
        return program

    def start_centre(self) -> subprocess.Popen[bytes]:
        return self.start("server", "run", "--data", str(self.data), "--port", str(self.port))

    def start_agent(self) -> subprocess.Popen[bytes]:
        return self.start("agent", "run", "--state", str(self.state), "--interval", "1")

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def ask(self, path: str, token: str) -> Any:
        return httpx.get(f"{self.url}/api/v1{path}", headers={"Authorization": f"Bearer {token}"}, timeout=30).json()

    def waiting(self) -> int:
        with closing(sqlite3.connect(f"file:{self.state / 'spool.db'}?mode=ro", uri=True)) as spool:
            count: int = spool.execute("select count(*) from ticks").fetchone()[0]
            return count


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with ExitStack() as end:
        yield House(tmp_path, end)


def test_what_was_read_meanwhile_arrives_in_order_and_raises_no_storm(house: House) -> None:
    centre = house.start_centre()
    wait(house.answers)
    token = house.run("token", "create", "test", "--scope", "read", "--data", str(house.data))
    invitation = house.run("enrolment", "create", "--device", "srv-1", "--data", str(house.data))
    house.run("agent", "enrol", "--server", house.url, "--state", str(house.state), told=invitation)
    house.start_agent()

    def verdict() -> str | None:
        found = house.ask("/devices/srv-1/findings", token)["findings"]
        return next((each["verdict"] for each in found if each["rule"] == "md_disks_failed"), None)

    wait(lambda: verdict() == "met")
    centre.kill()
    centre.wait()
    house.disks(BROKEN)  # a fault at once, had anybody been there to judge it
    before = wait(house.waiting)
    wait(lambda: house.waiting() >= before + 4)
    house.disks(MIRROR)
    kept = house.waiting()
    wait(lambda: house.waiting() >= kept + 4)

    back_ms = time.time() * 1000  # noqa: TID251 - a test of real programs
    house.start_centre()
    wait(house.answers)
    wait(lambda: house.waiting() <= 1)

    points = wait(
        lambda: [
            point
            for point in house.ask("/devices/srv-1/readings?metric=md_disks_failed_count&part=md0", token)["points"]
            if point[1] is not None
        ]
    )
    times = [at for at, _, _ in points]
    assert times == sorted(set(times))
    assert times[-1] > back_ms - 5_000
    assert max(later - earlier for earlier, later in pairwise(times)) < 3_000
    values = [value for _, value, _ in points]
    assert values.count(1.0) >= 3
    assert values[-1] == 0.0
    assert wait(verdict) == "met"
    assert [each for each in house.ask("/alarms", token)["alarms"] if each["rule"] == "md_disks_failed"] == []
    with closing(sqlite3.connect(house.data / "records.db")) as records:
        opened = records.execute("select count(*) from alarm where rule = 'md_disks_failed'").fetchone()
        turned = records.execute(
            "select verdict, late from finding_change where rule = 'md_disks_failed' order by at_ms, id"
        ).fetchall()
    assert opened == (0,)
    assert ("not_met", 1) in turned
    for asked in ("", "/latest", "/readings", "/events", "/findings", "/coverage"):
        query = "?metric=source_success" if asked == "/readings" else ""
        answer = house.ask(f"/devices/srv-1{asked}{query}", token)
        ANSWERS["get", f"/api/v1/devices/{{device_no}}{asked}"].model_validate(answer)


def test_a_spool_that_is_put_back_neither_loses_nor_doubles(house: House) -> None:
    """The file as a backup of the host would copy it: taken while the agent was stopped, restored over a newer one."""
    house.start_centre()
    wait(house.answers)
    token = house.run("token", "create", "test", "--scope", "read", "--data", str(house.data))
    invitation = house.run("enrolment", "create", "--device", "srv-1", "--data", str(house.data))
    house.run("agent", "enrol", "--server", house.url, "--state", str(house.state), told=invitation)
    files = ("spool.db", "spool.db-wal", "spool.db-shm")

    def times() -> list[int]:
        answer = house.ask("/devices/srv-1/readings?metric=md_disks_failed_count&part=md0", token)
        return [at for at, value, _ in answer.get("points", []) if value is not None]

    def life(seconds_of_ticks: int) -> None:
        agent, here = house.start_agent(), len(times())
        wait(lambda: len(times()) >= here + seconds_of_ticks)
        agent.kill()
        agent.wait()

    life(3)
    copy = {name: (house.state / name).read_bytes() for name in files if (house.state / name).exists()}
    life(5)
    before = times()
    for name in files:
        (house.state / name).unlink(missing_ok=True)
    for name, content in copy.items():
        (house.state / name).write_bytes(content)
    life(3)

    after = times()
    assert after == sorted(set(after))
    assert after[: len(before)] == before
    assert len(after) >= len(before) + 3
