"""Starting a round: a line for each device and item, filled at once, and filled anew while it is open."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import select

from readings.model import Gap
from server.centre import Centre
from server.devices.tables import Device
from server.duty.tables import ChecklistRun
from tests.duty_runs.conftest import NewServer, StartRound
from tests.fixtures_centre import Client, HandClock, MakeToken, Visit

OF_A_SERVER = ["heard", "cpu", "memory", "filesystems", "inodes", "clock", "kernel_errors", "alarms"]


def runs_there(centre: Centre) -> int:
    with centre.records.session() as session:
        return len(session.exec(select(ChecklistRun)).all())


def test_each_server_has_its_lines_and_what_is_there_once_comes_last(server: NewServer, start: StartRound) -> None:
    server("S-2")
    server("S-1")
    run = start().read()

    items = [f"{item}@{no}" for no in ("S-1", "S-2") for item in OF_A_SERVER]
    assert [line["item"] for line in run["items"]] == [*items, "lamps"]
    assert (run["number"], run["state"], run["template"], run["zh"]) == (
        "C-2026-0001",
        "open",
        "host_round",
        "主机巡检",
    )
    assert (run["started_by"], run["started_by_name"]) == ("li", "李")
    assert run["counts"] == {
        "open": 17,
        "confirmed": 0,
        "reviewed": 0,
        "normal": 16,
        "abnormal": 0,
        "no_data": 0,
        "not_applicable": 0,
    }
    assert run["items"][0]["device_name"] == "主机 S-1"


def test_a_line_shows_its_reading_with_time_source_limit_and_age(server: NewServer, start: StartRound) -> None:
    server("S-1")
    line = start().line("filesystems@S-1")

    assert line["verdict"] == "normal"
    filled = line["filled"]
    assert {key: filled[key] for key in ("value", "unit", "part", "metric", "source", "age_seconds")} == {
        "value": 0.6,
        "unit": "ratio",
        "part": "/var",
        "metric": "filesystem_used_ratio",
        "source": "filesystems",
        "age_seconds": 0.0,
    }
    assert filled["shown"] == {"zh": "60.0 %", "en": "60.0 %"}
    assert filled["limit"] == {"zh": "上限 80.0 %", "en": "at most 80.0 %"}
    assert filled["at"] == "2026-11-24T08:00:00.000Z"
    assert filled["fresh_seconds"] == 600
    assert line["section"] == {"id": "system", "zh": "系统", "en": "system"}


@pytest.mark.parametrize(
    ("told", "item", "verdict", "part"),
    [
        pytest.param({"said": {"cpu": {("cpu_busy_ratio", "total"): 0.81}}}, "cpu", "abnormal", "total", id="CPU"),
        pytest.param({"said": {"memory": {("memory_used_ratio", ""): 0.851}}}, "memory", "abnormal", "", id="memory"),
        pytest.param({"said": {"memory": Gap.TIMED_OUT}}, "memory", "no_data", "", id="a source that failed"),
        pytest.param(
            {"said": {"cpu": {("cpu_busy_ratio", "total"): Gap.UNREADABLE}}}, "cpu", "no_data", "total", id="a gap"
        ),
        pytest.param({"wall_ahead_s": 1.5}, "clock", "abnormal", "", id="a clock ahead"),
        pytest.param({"wall_ahead_s": -0.5}, "clock", "normal", "", id="a clock a little behind"),
        pytest.param({"errors": ("EXT4-fs error",)}, "kernel_errors", "abnormal", "", id="a kernel error"),
        pytest.param({"errors": ("EXT4-fs error",)}, "alarms", "abnormal", "", id="the alarm it opened"),
        pytest.param({"said": {"kernel_log": Gap.REFUSED}}, "kernel_errors", "no_data", "", id="a log unread"),
        pytest.param({"lost": True}, "kernel_errors", "no_data", "", id="lines overwritten unread"),
        pytest.param({"dropped": True}, "kernel_errors", "no_data", "", id="ticks dropped by the spool"),
    ],
)
def test_what_is_not_well_is_found(
    server: NewServer, start: StartRound, clock: HandClock, told: dict[str, Any], item: str, verdict: str, part: str
) -> None:
    host = server("S-1")
    clock.forward(seconds=15)
    host.tell(told.get("said"), **{key: value for key, value in told.items() if key != "said"})

    line = start().line(f"{item}@S-1")

    assert (line["verdict"], line["filled"]["part"]) == (verdict, part)
    assert verdict == "normal" or line["filled"]["reason"]["zh"]


def test_a_server_that_never_spoke_is_no_data_in_every_line(server: NewServer, start: StartRound) -> None:
    server("S-1", well=False)
    lines = start().read()["items"]
    assert {line["verdict"] for line in lines if line["device_no"]} == {"no_data"}
    assert {line["filled"]["value"] for line in lines if line["filled"]} == {None}


def test_an_error_of_yesterday_counts_no_more(
    server: NewServer, start: StartRound, li: Client, clock: HandClock
) -> None:
    host = server("S-1", well=False)
    host.tell(errors=("I/O error",))
    clock.forward(hours=23)
    host.tell()
    li.sign_in("li")
    run = start()
    assert run.line("kernel_errors@S-1")["verdict"] == "abnormal"
    clock.forward(hours=1, seconds=1)
    host.tell()
    assert run.line("kernel_errors@S-1")["verdict"] == "normal"


def test_an_open_line_follows_its_readings_and_says_a_new_version_only_when_it_says_something_else(
    server: NewServer, start: StartRound, clock: HandClock
) -> None:
    host = server("S-1")
    run = start()
    clock.forward(seconds=15)
    host.tell({"cpu": {("cpu_busy_ratio", "total"): 0.3}})
    moved = run.line("cpu@S-1")
    assert (moved["filled"]["value"], moved["filled"]["at"], moved["version"]) == (0.3, "2026-11-24T08:00:15.000Z", 1)

    clock.forward(seconds=15)
    host.tell({"cpu": {("cpu_busy_ratio", "total"): 0.95}})
    turned = run.line("cpu@S-1")
    assert (turned["verdict"], turned["version"]) == ("abnormal", 2)

    clock.forward(minutes=2)
    silent = run.line("cpu@S-1")
    assert (silent["verdict"], silent["version"], silent["filled"]["why"]) == ("no_data", 3, "silent")


def test_a_line_is_not_filled_anew_more_often_than_every_few_seconds(
    server: NewServer, start: StartRound, clock: HandClock
) -> None:
    server("S-1")
    run = start()
    first = run.line("cpu@S-1")["filled"]["filled_at"]
    clock.forward(seconds=4)
    assert run.line("cpu@S-1")["filled"]["filled_at"] == first
    clock.forward(seconds=1)
    assert run.line("cpu@S-1")["filled"]["filled_at"] != first


def test_named_servers_only(server: NewServer, start: StartRound) -> None:
    for no in ("S-1", "S-2", "机房一-03"):
        server(no)
    run = start(devices=["机房一-03", "S-2", "S-2"]).read()
    assert list(dict.fromkeys(line["device_no"] for line in run["items"])) == ["S-2", "机房一-03", ""]


@pytest.mark.parametrize(
    ("wanted", "status", "because"),
    [
        pytest.param({"template": "moon_round"}, 422, "moon_round", id="no such checklist"),
        pytest.param({"template": "host_round", "devices": ["S-9"]}, 409, "S-9", id="no such device"),
        pytest.param({"template": "host_round", "devices": ["T-1"]}, 409, "T-1", id="a test device"),
        pytest.param({"template": "host_round", "devices": ["U-1"]}, 409, "U-1", id="a device of another kind"),
        pytest.param({"template": "host_round", "devices": ["P-1"]}, 409, "P-1", id="a device nobody approved"),
        pytest.param({"template": "host_round", "devices": ["R-1"]}, 409, "R-1", id="a retired device"),
        pytest.param({"template": "host_round", "devices": []}, 409, "no device", id="none at all"),
        pytest.param({"template": "host_round", "devices": [1]}, 422, "devices", id="no text"),
        pytest.param({}, 422, "template", id="nothing said"),
    ],
)
def test_a_run_over_nothing_is_refused(
    server: NewServer, centre: Centre, li: Client, wanted: dict[str, Any], status: int, because: str
) -> None:
    server("S-1")
    with centre.records.writing() as session:
        session.add(Device(device_no="T-1", name="t", environment="test", created_ms=0))
        session.add(Device(device_no="U-1", name="u", kind="ups", created_ms=0))
        session.add(Device(device_no="P-1", name="p", state="pending", created_ms=0))
        session.add(Device(device_no="R-1", name="r", life="retired", created_ms=0))

    refused = li.post("/api/v1/runs", json=wanted)

    assert refused.status_code == status, refused.text
    assert because in refused.text
    assert runs_there(centre) == 0


def test_with_no_server_in_the_ledger_no_round_begins(li: Client, centre: Centre) -> None:
    refused = li.post("/api/v1/runs", json={"template": "host_round"})
    assert (refused.status_code, runs_there(centre)) == (409, 0)


def test_only_a_person_who_may_write_begins_a_run(
    server: NewServer, visit: Visit, token: MakeToken, signed_in: Callable[..., Client], centre: Centre
) -> None:
    server("S-1")
    callers = [visit(), visit().bear(token("admin")), signed_in("qian", scope="read")]
    answers = [caller.post("/api/v1/runs", json={"template": "host_round"}).status_code for caller in callers]
    assert answers == [401, 403, 403]
    assert runs_there(centre) == 0


def test_runs_are_listed_the_newest_first_and_found_by_id_or_number(server: NewServer, start: StartRound) -> None:
    server("S-1")
    first, second = start(), start()
    reader = first.client

    listed = reader.get("/api/v1/runs").json()["runs"]

    assert [run["number"] for run in listed] == [second.number, first.number] == ["C-2026-0002", "C-2026-0001"]
    assert listed[0]["counts"] == second.read()["counts"]
    assert "items" not in listed[0]
    assert reader.get(f"/api/v1/runs/{listed[0]['id']}").json()["number"] == second.number
    assert [run["number"] for run in reader.get("/api/v1/runs?limit=1").json()["runs"]] == [second.number]
    assert reader.get("/api/v1/runs?state=closed").json() == {"runs": []}
    assert reader.get("/api/v1/runs?template=other").json() == {"runs": []}
    assert len(reader.get("/api/v1/runs?state=open&template=host_round").json()["runs"]) == 2


@pytest.fixture
def in_shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process stands in the zone UTC+8."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CST-8")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_shanghai")
def test_a_run_belongs_to_the_day_and_year_of_the_house(
    server: NewServer, start: StartRound, clock: HandClock, li: Client
) -> None:
    clock.now = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)
    li.sign_in("li")
    server("S-1")
    run = start().read()
    assert (run["calendar_date"], run["number"]) == ("2027-01-01", "C-2027-0001")


@pytest.mark.parametrize("ref", ["C-2026-0099", "99", "9" * 30, "none", "٣"])
def test_a_run_nobody_knows_is_not_found(li: Client, ref: str) -> None:
    assert li.get(f"/api/v1/runs/{ref}").status_code == 404
    assert li.post(f"/api/v1/runs/{ref}/items/cpu/confirm", json={"version": 1}).status_code == 404
    assert li.post(f"/api/v1/runs/{ref}/items/cpu/review", json={"version": 1, "agree": True}).status_code == 404
    assert li.post(f"/api/v1/runs/{ref}/close", json={"password": "x"}).status_code == 404
    assert li.get(f"/api/v1/runs/{ref}/record").status_code == 404


def test_a_token_reads_runs_and_checklists(
    server: NewServer, start: StartRound, visit: Visit, token: MakeToken
) -> None:
    server("S-1")
    run = start()
    reader = visit().bear(token("read"))
    [template] = reader.get("/api/v1/templates").json()["templates"]
    assert template["id"] == "host_round"
    assert template["hash"] == run.by(reader).read()["hash"]
    assert [item["id"] for item in template["items"]] == [*OF_A_SERVER, "lamps"]


def test_a_later_checklist_does_not_change_a_run_that_began(
    server: NewServer, start: StartRound, centre: Centre, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = server("S-1")
    run = start()
    before = run.read()
    monkeypatch.setattr(centre, "templates", {})
    clock.forward(seconds=15)
    host.tell({"cpu": {("cpu_busy_ratio", "total"): 0.81}})

    after = run.read()

    assert (after["hash"], after["en"]) == (before["hash"], before["en"])
    assert run.line("cpu@S-1")["verdict"] == "abnormal"
    assert run.line("cpu@S-1")["filled"]["limit"]["en"] == "at most 80.0 %"
