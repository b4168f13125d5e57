"""Nothing lost, nothing twice: ``kill -9`` of centre and agent until it came 100 times with a batch in flight.

A real centre, two real senders (spool, uplink, HTTP). Each round waits for a request to be under way, kills the
centre, a sender or all of them at that moment, and starts them again. At the end the senders drain, and what the
ledgers say was spooled is compared with what the centre answers: every sample once, every event once, an alarm each.
"""

from __future__ import annotations

import mmap
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench.once_sender import METRIC, event_text, part_of, value_of
from bench.stand import ZHISHOU, Enrolled, enrol, free_port, wait_until_healthy
from server.records import Records

SENDERS, SERIES = 2, 1000
DRAIN_S = 300
MOST_TRIES = 10  # kills for each that has to meet a batch in flight
MOST_WAITS = 5  # for another batch, where one was answered before the random moment of its kill
ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Outcome:
    """Counted over samples; ``in_flight``: of the rounds those in which a request was under way at the kill."""

    rounds: int = 0
    spooled: int = 0
    stored: int = 0
    lost: int = 0
    doubled: int = 0
    foreign: int = 0
    events: int = 0
    events_wrong: list[str] = field(default_factory=list)
    seals: int = 0
    in_flight: int = 0


class Rig:
    """Centre and senders, each killable. ``folder`` holds everything."""

    def __init__(self, folder: Path, series: int, pace: float, seal_samples: int) -> None:
        self.folder, self.series, self.pace = folder, series, pace
        self.stored = folder / "data"
        self.stored.mkdir(mode=0o700)
        records = Records(self.stored / "records.db")
        self.agents: list[Enrolled] = enrol(records, SENDERS, time.time_ns() // 10**6)
        records.close()
        told = subprocess.run(
            [ZHISHOU, "token", "create", "bench", "--scope", "read", "--data", str(self.stored)],
            capture_output=True,
            text=True,
            check=True,
        )
        self.token = told.stdout.split()[-1]
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, "ZHISHOU_SEAL_SAMPLES": str(seal_samples)}
        self.flights: list[mmap.mmap] = []
        for number in range(SENDERS):
            state = self.state(number)
            state.mkdir()
            (state / "flight").write_bytes(b"\0")
            (state / "ledger").touch()
            self.flights.append(mmap.mmap(os.open(state / "flight", os.O_RDWR), 1))
        self.centre: subprocess.Popen[bytes] | None = None
        self.senders: list[subprocess.Popen[bytes] | None] = [None] * SENDERS

    def state(self, number: int) -> Path:
        return self.folder / f"sender-{number}"

    def start_centre(self) -> None:
        log = self.folder / "centre.log"
        with log.open("ab") as output:
            command = [ZHISHOU, "server", "run", "--data", str(self.stored), "--port", str(self.port)]
            self.centre = subprocess.Popen(command, stdout=output, stderr=output, env=self.environment)
        wait_until_healthy(f"{self.url}/healthz", self.centre, log)

    def start_sender(self, number: int, *more: str) -> subprocess.Popen[bytes]:
        self.flights[number][0] = 0
        told = ["--state", str(self.state(number)), "--server", self.url, "--series", str(self.series)]
        with (self.folder / f"sender-{number}.log").open("ab") as output:
            sender = subprocess.Popen(
                [sys.executable, "-m", "bench.once_sender", *told, "--pace", str(self.pace), *more],
                stdout=output,
                stderr=output,
                cwd=ROOT,
                env={**self.environment, "ZHISHOU_CREDENTIAL": self.agents[number].credential},
            )
        self.senders[number] = sender
        return sender

    def wait_for_flight(self, patience: float) -> None:
        """Until a sender has a request under way, at most ``patience`` seconds."""
        deadline = time.monotonic() + patience
        while not self.in_flight and time.monotonic() < deadline:
            pass  # a request is over within milliseconds: a sleep would miss it

    @property
    def in_flight(self) -> bool:
        return any(flight[0] for flight in self.flights)

    def close(self) -> None:
        for process in (self.centre, *self.senders):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()


def kill(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None and process.poll() is None:
        process.send_signal(signal.SIGKILL)
        process.wait()


def trial(rounds: int, *, seed: int, series: int = SERIES, pace: float = 0.02, seal_samples: int = 150_000) -> Outcome:
    """Go on until ``rounds`` kills met a batch in flight; the others are made and looked at all the same.

    Raises RuntimeError when a process ends by itself, the senders do not drain or few kills meet a batch.
    """
    chance = random.Random(seed)
    outcome = Outcome()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="zhishou-once-")))
        rig = Rig(folder, series, pace, seal_samples)
        stack.callback(rig.close)
        rig.start_centre()
        for number in range(SENDERS):
            rig.start_sender(number)
        while outcome.in_flight < rounds:
            if outcome.rounds >= rounds * MOST_TRIES:
                raise RuntimeError(f"of {outcome.rounds} kills only {outcome.in_flight} met a batch in flight")
            outcome.rounds += 1
            time.sleep(chance.uniform(0.05, 0.6))
            for _ in range(MOST_WAITS):
                rig.wait_for_flight(10.0)
                time.sleep(chance.uniform(0.0, 0.004))
                if rig.in_flight:
                    break
            victims = chance.choice(("centre", "centre", "sender", "all"))
            outcome.in_flight += rig.in_flight
            if victims in {"centre", "all"}:
                kill(rig.centre)
            for number in range(SENDERS):
                if victims == "all" or (victims == "sender" and chance.random() < 0.7):
                    kill(rig.senders[number])
                    rig.start_sender(number)
            if victims in {"centre", "all"}:
                rig.start_centre()
            for number, sender in enumerate(rig.senders):
                if sender is not None and sender.poll() is not None:
                    raise RuntimeError((folder / f"sender-{number}.log").read_text()[-2000:])
        for number in range(SENDERS):
            kill(rig.senders[number])
            drained = rig.start_sender(number, "--drain")
            if drained.wait(timeout=DRAIN_S) != 0:
                raise RuntimeError((folder / f"sender-{number}.log").read_text()[-2000:])
        count(rig, outcome)
    return outcome


def count(rig: Rig, outcome: Outcome) -> None:
    with httpx.Client(base_url=rig.url, headers={"Authorization": f"Bearer {rig.token}"}, timeout=60) as api:
        for number, agent in enumerate(rig.agents):
            begun, done = ledger(rig.state(number) / "ledger")
            outcome.spooled += len(done) * rig.series
            _wait_for_appliers(api, agent.device_no, max(done))
            for column in range(rig.series):
                values = stored_values(api, agent.device_no, part_of(column))
                seen = Counter(values)
                outcome.stored += len(values)
                outcome.lost += sum(value_of(serial, column) not in seen for serial in done)
                outcome.doubled += sum(times - 1 for times in seen.values())
                outcome.foreign += len(seen.keys() - {value_of(serial, column) for serial in begun})
            count_events(rig, agent.device_no, begun, done, outcome)
    with sqlite3.connect(rig.stored / "records.db") as records:
        outcome.seals = records.execute("SELECT count(*) FROM history_segment").fetchone()[0]


def count_events(rig: Rig, device_no: str, begun: set[int], done: set[int], outcome: Outcome) -> None:
    """Asked of the records themselves: an event has one row and opened one alarm."""
    with sqlite3.connect(rig.stored / "records.db") as records:
        found = records.execute(
            "SELECT event.text, count(*), count(alarm.id) FROM event LEFT JOIN alarm ON alarm.event_id = event.id "
            "WHERE event.device_no = ? AND event.kind = 'kernel_log' GROUP BY event.text",
            (device_no,),
        ).fetchall()
    told = {text: (rows, alarms) for text, rows, alarms in found}
    outcome.events += len(told)
    certain = {event_text(serial) for serial in done if serial % 5 == 0}
    possible = {event_text(serial) for serial in begun if serial % 5 == 0}
    outcome.events_wrong += [f"{device_no}: {text}: missing" for text in sorted(certain - told.keys())]
    outcome.events_wrong += [f"{device_no}: {text}: never sent" for text in sorted(told.keys() - possible)]
    outcome.events_wrong += [
        f"{device_no}: {text}: {rows} rows, {alarms} alarms"
        for text, (rows, alarms) in told.items()
        if (rows, alarms) != (1, 1)
    ]


def stored_values(api: httpx.Client, device_no: str, part: str) -> list[float]:
    now = time.time_ns() // 10**9
    asked: dict[str, str | int] = {"metric": METRIC, "part": part, "start": now - 7200, "end": now + 7200}
    answer = api.get(f"/api/v1/devices/{device_no}/readings", params=asked)
    answer.raise_for_status()
    return [point[1] for point in answer.json()["points"] if point[1] is not None]


def ledger(file: Path) -> tuple[set[int], set[int]]:
    """(serials begun, serials done)."""
    words = [line.split() for line in file.read_text().splitlines()]
    return ({int(n) for word, n in words if word == "begin"}, {int(n) for word, n in words if word == "done"})


def _wait_for_appliers(api: httpx.Client, device_no: str, serial: int) -> None:
    """Acknowledged is on disk, not yet applied: history shows the last tick a moment later."""
    deadline = time.monotonic() + 60
    while value_of(serial, 0) not in stored_values(api, device_no, part_of(0)):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{device_no}: serial {serial} was acknowledged and does not show")
        time.sleep(0.2)


def run() -> Iterator[tuple[str, float | None, str]]:
    outcome = trial(100, seed=20261124)
    told = (
        f"{outcome.in_flight} kills with a batch in flight, {outcome.rounds} in all, "
        f"{outcome.spooled} samples spooled, {outcome.stored} stored in {outcome.seals} segments and "
        f"the head, {outcome.events} events"
    )
    yield "exactly_once.lost", outcome.lost, told
    yield "exactly_once.doubled", outcome.doubled, f"{outcome.foreign} never sent"
    yield "exactly_once.events_wrong", len(outcome.events_wrong), "; ".join(outcome.events_wrong[:3]) or told
