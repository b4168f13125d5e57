"""Seven days without a centre: real spool and uplink, a real centre, and only the clock is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from bench.cut_off import DAY_S, FAILED, SERIAL, WatchedHost, read_on
from readings.delivery.answer import Answer, TransportError
from readings.delivery.spool import Spool
from readings.delivery.uplink import Uplink
from readings.wire import CONTENT_TYPE, unpack_envelope
from server.alarms.tables import Alarm
from server.centre import Centre
from server.judge.tables import FindingChange
from server.times import to_ms, to_ns
from tests.fixtures_centre import Client, HandClock, MakeToken, Visit

DEVICE_NO = "SRV-1"
WEEK_S = 7 * DAY_S
SERIES = [("filler_total", f"{column:03}") for column in range(120)]
BYTES_A_TICK = 1_500  # 60 MB a week of 123 series; bench/agent.py says how much the series of this host are
JOURNAL_BYTES = 5 * 2**20  # SQLite folds its write-ahead log into the file at 4 MB


@dataclass
class Line:
    """The way to the centre, which can be cut. ``sent``: (first, last) of every batch, in order."""

    client: Client
    cut: bool = False
    sent: list[tuple[int, int]] = field(default_factory=list)

    def post(self, body: bytes) -> Answer:
        if self.cut:
            raise TransportError("connection refused")
        envelope = unpack_envelope(body)
        if envelope.payload:
            self.sent.append((envelope.first, envelope.last))
        answer = self.client.post("/api/v1/batches", content=body, headers={"Content-Type": CONTENT_TYPE})
        return Answer(answer.status_code, answer.content)


@dataclass
class Outage:
    centre: Centre
    clock: HandClock
    reader: Client
    line: Line
    folder: Path

    def begin(self, interval_s: int, **limits: Any) -> None:
        """One tick that the centre sees, then the cut."""
        self.began = self.clock()
        self.host = WatchedHost(to_ns(self.began), interval_s, SERIES)
        self.spool = Spool(self.folder / "spool.db", interval_s=interval_s, **limits)
        self.uplink = Uplink(self.spool, self.line.post, self.host.clocks, jitter=lambda: 0.0)
        self.largest = 0
        read_on(self.host, self.spool, 1)
        self.clock.now = self.now()
        self.send_all()
        self.line.cut = True

    def last_for(self, seconds: int) -> None:
        """The host reads on, its uplink knocks every hour, and the centre makes its rounds once a day."""

        def hour() -> None:
            self.largest = max(self.largest, sum(file.stat().st_size for file in self.folder.glob("spool.db*")))
            assert self.uplink.step() >= 0
            self.clock.now = self.now()
            if self.clock.now.hour == self.began.hour:
                self.centre.rounds.once()

        read_on(self.host, self.spool, seconds // self.host.interval_s, hour)
        self.clock.now = self.now()
        self.line.cut = False

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.host.clocks().wall_ns / 1e9, self.began.tzinfo)

    def send_all(self) -> None:
        for _ in range(1_000):
            self.uplink.step()
            if self.uplink.idle:
                break
        assert self.uplink.idle, self.uplink.state
        assert self.centre.pump.drain(30)

    def stored(self, pair: tuple[str, str] = SERIAL) -> tuple[list[int], list[float]]:
        """(ms since the first tick, values) of everything the centre holds of a series."""
        found = self.centre.history.points(DEVICE_NO, [pair], 0, to_ms(self.clock()) + DAY_S * 1000)[pair]
        return [int(ms) - to_ms(self.began) for ms in found.t], [float(value) for value in found.value]

    def shown(self) -> float:
        """The serial that the page of the device shows now."""
        assert self.centre.pump.drain(30)
        readings = self.reader.get(f"/api/v1/devices/{DEVICE_NO}/latest").json()["readings"]
        return float(next(each["value"] for each in readings if each["metric"] == SERIAL[0]))

    def alarms(self) -> list[Alarm]:
        with self.centre.records.session() as session:
            return list(session.exec(select(Alarm)))

    def turns(self, rule: str) -> list[FindingChange]:
        with self.centre.records.session() as session:
            return [change for change in session.exec(select(FindingChange)) if change.rule == rule]


@pytest.fixture
def outage(centre: Centre, clock: HandClock, visit: Visit, token: MakeToken, tmp_path: Path) -> Iterator[Outage]:
    centre.rounds.stop()  # made when a test says so
    boss, sender = visit().bear(token("admin")), visit()
    boss.post("/api/v1/devices", json={"device_no": DEVICE_NO, "name": DEVICE_NO})
    invitation = boss.post("/api/v1/enrolments", json={"device_no": DEVICE_NO}).json()["token"]
    given = sender.post("/api/v1/enrol", json={"token": invitation, "hostname": "srv", "facts": {}}).json()
    (tmp_path / "sender").mkdir()
    made = Outage(centre, clock, boss, Line(sender.bear(given["credential"])), tmp_path / "sender")
    yield made
    made.spool.close()


def test_a_week_arrives_whole_in_order_and_calmly_behind_the_newest(outage: Outage) -> None:
    outage.begin(interval_s=60)
    outage.last_for(WEEK_S)
    ticks = WEEK_S // 60 + 1
    assert outage.spool.counters().waiting == ticks - 1
    assert outage.largest < ticks * BYTES_A_TICK + JOURNAL_BYTES
    assert outage.shown() == 1

    outage.uplink.step()  # the batch that was under way at the cut; the newest tick rides along
    assert outage.shown() == ticks
    assert outage.spool.counters().waiting > ticks - 1_000

    outage.send_all()
    firsts, lasts = zip(*outage.line.sent, strict=True)
    assert firsts == (1, *(last + 1 for last in lasts[:-1]))
    assert outage.shown() == ticks
    assert outage.stored() == ([at * 60_000 for at in range(ticks)], [float(at + 1) for at in range(ticks)])
    counters = outage.spool.counters()
    assert (counters.waiting, counters.dropped, counters.refused) == (0, 0, 0)

    events = outage.reader.get(f"/api/v1/devices/{DEVICE_NO}/events?limit=100").json()["events"]
    assert sorted(event["text"] for event in events) == [f"EXT4-fs error on day {day}" for day in range(7)]
    # Seven hours of a broken mirror and seven of load are known now and over: nobody is called for them.
    assert [turn.late for turn in outage.turns("md_disks_failed") if turn.verdict == "not_met"] == [True] * 7
    assert sum(outage.stored(FAILED)[1]) == 7 * 60
    outage.centre.rounds.once()
    alarms = [(alarm.rule, alarm.late, alarm.closed_ms is not None) for alarm in outage.alarms()]
    assert sorted(alarms) == [("", True, False)] * 7 + [("agent_silent", False, True)]


def test_a_small_disk_keeps_the_newest_days_and_the_centre_knows_what_is_missing(outage: Outage) -> None:
    bound = 400_000
    outage.begin(interval_s=300, max_bytes=bound)
    outage.last_for(WEEK_S)
    ticks = WEEK_S // 300 + 1
    dropped = outage.spool.counters().dropped
    assert ticks // 4 < dropped < ticks
    assert outage.largest < 2 * bound + JOURNAL_BYTES

    outage.send_all()
    # The batch under way when the line was cut may have arrived: it goes again, and the hole is behind it.
    _, (_, before), (after, _) = outage.line.sent[:3]
    assert after - before - 1 == dropped
    assert outage.stored()[1] == [float(serial) for serial in [*range(1, before + 1), *range(after, ticks + 1)]]
    at_s = outage.began.timestamp()
    hole = {"start": at_s + before * 300, "end": at_s + (after - 1) * 300}
    answer = outage.reader.get(f"/api/v1/devices/{DEVICE_NO}/coverage", params=hole).json()
    assert answer["filled"] == 0
    assert [gap["reason"] for gap in answer["gaps"]] == ["dropped"]
