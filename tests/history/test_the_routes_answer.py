"""latest, readings and coverage over HTTP, in the shapes that were promised."""

from __future__ import annotations

from typing import Any

import pytest

from bench.batches import Agent
from server.centre import Centre
from server.times import rfc3339, to_ns
from tests.fixtures_centre import Client, HandClock, MakeToken, Visit

SERIES = [("cpu_busy_ratio", "total"), ("cpu_busy_ratio", "0"), ("invented", "")]


@pytest.fixture
def reader(visit: Visit, token: MakeToken, centre: Centre, clock: HandClock) -> Client:
    """Somebody who may read; S-1 has sent 41 ticks up to now, a quarter of a minute apart."""
    boss, agent = visit().bear(token("admin")), visit()
    invitation = boss.post("/api/v1/enrolments", json={"device_no": "S-1", "device_name": "a"}).json()["token"]
    given = agent.post("/api/v1/enrol", json={"token": invitation, "hostname": "a", "facts": {}}).json()
    host = Agent("S-1", SERIES, booted_ns=to_ns(clock()) - 41 * 15 * 10**9, ticks_behind=41)
    agent.bear(given["credential"])
    for ticks in (20, 21):
        assert agent.post("/api/v1/batches", content=host.body(ticks)).status_code == 200
    assert centre.pump.drain(20)
    return visit().bear(token("read"))


def ask(reader: Client, what: str, status: int = 200, **query: str) -> Any:
    answer = reader.get(f"/api/v1/devices/S-1/{what}", params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_the_latest_names_every_reading_in_both_languages(reader: Client, clock: HandClock) -> None:
    told = ask(reader, "latest")
    assert told["device_no"] == "S-1"
    assert told["at"] == "2026-11-24T08:00:00.000Z"
    found = {(reading["metric"], reading["part"]): reading for reading in told["readings"]}
    busy = found["cpu_busy_ratio", "total"]
    assert busy.keys() == {"metric", "part", "value", "at", "unit", "name", "stale"}
    assert (busy["unit"], busy["name"]["zh"], busy["stale"]) == ("ratio", "CPU 使用率", False)
    assert found["invented", ""]["name"] == {"zh": "invented", "en": "invented"}
    assert found["clock_offset_seconds", ""]["value"] == 0.0
    clock.forward(minutes=5)
    assert all(reading["stale"] for reading in ask(reader, "latest")["readings"])


def test_readings_come_raw_or_in_steps(reader: Client, clock: HandClock) -> None:
    clock.forward(seconds=1)
    raw = ask(reader, "readings", metric="cpu_busy_ratio", part="total")
    assert (raw["step_seconds"], raw["unit"], len(raw["points"])) == (None, "ratio", 41)
    assert all(len(point) == 3 and point[2] is None for point in raw["points"])
    steps = ask(reader, "readings", metric="cpu_busy_ratio", part="total", step="5m", start="2026-11-24T07:50:00Z")
    assert steps["step_seconds"] == 300.0
    assert sum(point[4] for point in steps["points"] if point[1] is not None) == 41
    _t, low, mean, high, count = steps["points"][0]
    assert low <= mean <= high
    assert count == 20


def test_without_a_part_all_parts_come(reader: Client) -> None:
    told = ask(reader, "readings", metric="cpu_busy_ratio", step="60")
    assert [series["part"] for series in told["series"]] == ["0", "total"]


def test_coverage_counts_minutes(reader: Client, clock: HandClock) -> None:
    told = ask(reader, "coverage", start="2026-11-24T07:40:00Z", end=rfc3339(to_ns(clock()) // 10**6))
    assert (told["slots"], told["filled"], told["slot_seconds"], told["ratio"]) == (20, 10, 60, 0.5)
    assert told["gaps"] == [
        {"start": told["start"], "end": "2026-11-24T07:50:00.000Z", "reason": "not_offered", "source": ""}
    ]


WRONG = {
    "a metric nobody read": ({"metric": "cpu_bsy"}, 404),
    "a part nobody read": ({"metric": "cpu_busy_ratio", "part": "99"}, 404),
    "a step that is none": ({"metric": "cpu_busy_ratio", "step": "soon"}, 422),
    "a step of nothing": ({"metric": "cpu_busy_ratio", "step": "0"}, 422),
    "a start that is none": ({"metric": "cpu_busy_ratio", "start": "yesterday"}, 422),
    "a span that goes back": ({"metric": "cpu_busy_ratio", "start": "200", "end": "100"}, 422),
    "a time beyond all calendars": ({"metric": "cpu_busy_ratio", "end": "1e300"}, 422),
    "not a number": ({"metric": "cpu_busy_ratio", "end": "nan"}, 422),
    "too many steps": ({"metric": "cpu_busy_ratio", "part": "0", "step": "1", "start": "1790000000"}, 422),
}


@pytest.mark.parametrize(("query", "status"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_question_is_told_what_is_wrong(reader: Client, query: dict[str, str], status: int) -> None:
    assert ask(reader, "readings", status, **query)["detail"]


def test_nobody_reads_without_a_credential(reader: Client, client: Client) -> None:
    for what in ("latest", "readings?metric=load1", "coverage"):
        assert client.get(f"/api/v1/devices/S-1/{what}").status_code == 401
    assert reader.get("/api/v1/devices/S-2/latest").status_code == 404
