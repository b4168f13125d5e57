"""What a verification costs: seven days of 200 series at 15 s, 8 M samples through the real inbox, judged from history.

The centre's clock is in our hand; the host sends what its agent would have sent (tests/weeks.py).
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from server.centre import Centre, Settings
from server.people.register import create_person
from server.people.tables import Person
from server.people.tokens import create_token
from server.times import to_ms, to_ns
from tests.fixtures_centre import OURS, PASSWORD, Client, HandClock
from tests.verifying_runs.house import DEVICE_NO, House
from tests.weeks import HEALTHY, WatchedHost, counting, level

SERIES = 200
WEEK_H = 168.05
TIMES = 5


def run() -> Iterator[tuple[str, float | None, str]]:
    with TemporaryDirectory(prefix="bench-verification-") as folder, asyncio.Runner() as runner:
        clock = HandClock()
        clock.now = datetime(2026, 11, 1, tzinfo=UTC)
        centre = Centre.open(Settings(data=Path(folder) / "data"), clock)
        clients: list[Client] = []

        def visit(*_: object) -> Client:
            clients.append(Client(centre, runner, "http://centre"))
            return clients[-1]

        def person(name: str, *posts: str) -> Person:
            return create_person(
                centre.records, name=name, password=PASSWORD, posts=posts, scope="write", actor=OURS, now=clock()
            )

        try:
            yield from judged(centre, clock, visit, person)
        finally:
            for each in clients:
                runner.run(each.http.aclose())
            centre.close()


def judged(centre: Centre, clock: HandClock, visit: object, person: object) -> Iterator[tuple[str, float | None, str]]:
    assert callable(visit)
    centre.rounds.stop()
    token = create_token(centre.records, name="bench", scope="admin", actor=OURS, now=clock())[1]
    boss, agent = visit().bear(token), visit()
    boss.post("/api/v1/devices", json={"device_no": DEVICE_NO, "name": "bench"})
    invitation = boss.post("/api/v1/enrolments", json={"device_no": DEVICE_NO}).json()["token"]
    given = agent.post("/api/v1/enrol", json={"token": invitation, "hostname": "srv", "facts": {}}).json()
    agent.bear(given["credential"])
    more = {(f"bench_{n}", ""): level(n, 0.1) if n % 2 else counting(n) for n in range(SERIES - len(HEALTHY))}
    host = WatchedHost(DEVICE_NO, to_ns(clock()), interval_s=15, courses={**HEALTHY, **more})
    house = House(centre, clock, visit, person, agent, host)  # type: ignore[arg-type]  # the fixtures' own shapes
    number = house.start()["number"]
    began = time.perf_counter()
    house.watch(WEEK_H)
    taken = time.perf_counter() - began
    samples = host.number * SERIES
    run_row, now_ms = house.run(number), to_ms(clock())
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        found = centre.verifications.judge(run_row, now_ms)
        took.append(time.perf_counter() - began)
    verdict = {result.criterion: result.outcome.value for result in found.judgement.results}
    note = f"{samples:,} samples taken in in {taken:.1f} s; median of {TIMES}; {len(verdict)} criteria"
    yield "verification.judged_7_days_seconds", statistics.median(took), note
