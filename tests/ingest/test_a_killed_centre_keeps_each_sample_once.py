"""kill -9 of a real receiving process under load: whatever was acknowledged is there, and everything just once."""

from __future__ import annotations

import http.client
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from bench.batches import Agent, series_of

ROOT = Path(__file__).parents[2]
KILLS = 4
SENDERS = 6
SAMPLES_A_SEAL = 4000


@contextmanager
def centre(folder: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "bench.ingest_centre", str(folder), str(SAMPLES_A_SEAL)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout is not None
    try:
        yield int(child.stdout.readline()), child
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


class Sending(threading.Thread):
    """One agent that sends its next batch only when the one before was acknowledged; the same bytes until then."""

    def __init__(self, agent: Agent) -> None:
        super().__init__()
        self.agent = agent
        self.port: int | None = None
        self.done = threading.Event()
        self.acknowledged = 0
        self.repeats = 0
        self.wrong: list[tuple[int, bytes]] = []

    def run(self) -> None:
        body: bytes | None = self.agent.body(2)
        connection: http.client.HTTPConnection | None = None
        while not (self.done.is_set() and body is None):
            if body is None:
                body = self.agent.body(2)
            try:
                if connection is None:
                    assert self.port is not None
                    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("POST", "/api/v1/batches", body, {"Authorization": f"Bearer {self.agent.device_no}"})
                answer = connection.getresponse()
                told = answer.read()
            except (OSError, http.client.HTTPException):
                if connection is not None:
                    connection.close()
                connection = None
                time.sleep(0.01)
                continue
            if answer.status != 200:
                self.wrong.append((answer.status, told))
                return
            self.acknowledged += 1
            self.repeats += json.loads(told)["duplicate"]
            body = None
        if connection is not None:
            connection.close()


def test_killed_at_any_moment_the_centre_keeps_each_sample_once(tmp_path: Path) -> None:
    now = time.time_ns()
    senders = [
        Sending(Agent(f"D-{n}", series_of(20), seed=n, booted_ns=now, ticks_behind=10**6)) for n in range(SENDERS)
    ]
    dice = random.Random(7)
    for life in range(KILLS + 1):
        with centre(tmp_path) as (port, child):
            for sender in senders:
                sender.port = port
                if life == 0:
                    sender.start()
            if life < KILLS:
                time.sleep(dice.uniform(0.1, 0.6))
                child.send_signal(signal.SIGKILL)
                child.wait()
                continue
            for sender in senders:
                sender.done.set()
            for sender in senders:
                sender.join(60)
            asking = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            asking.request("GET", "/sealed")
            asking.getresponse().read()
            asking.close()
    assert [sender.wrong for sender in senders] == [[]] * SENDERS
    batches = sum(sender.acknowledged for sender in senders)
    assert batches > SENDERS * KILLS
    with duckdb.connect() as counting:
        files = str(tmp_path / "history" / "*.parquet")
        ((rows, distinct),) = counting.execute(
            f"select count(*), count(distinct (series, t)) from '{files}'"
        ).fetchall()
    assert rows == distinct == batches * 2 * (20 + 1)
