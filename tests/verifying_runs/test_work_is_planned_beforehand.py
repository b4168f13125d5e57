"""Work is entered before it begins, by who tests; what has begun is not entered, and nothing of it is ever changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from server.times import HOUSE, from_ms
from server.verification.tables import VerificationWork
from tests.fixtures_centre import PASSWORD
from tests.verifying_runs.house import House
from tests.weeks import Happened

HTML = {"Accept": "text/html", "Accept-Language": "zh"}
MINUTE_S = 60


def at(house: House, minutes: float) -> str:
    """So many minutes after the run's start, which is the host's boot."""
    return (from_ms(house.host.booted_ns // 10**6) + timedelta(minutes=minutes)).isoformat()


def planned(house: House, number: str, first: float, last: float, **body: str) -> dict[str, object]:
    told = house.act(
        body.pop("name", "li"), f"/verifications/{number}/work", 201,
        begin=at(house, first), end=at(house, last), **{"reason": "kernel update", **body},
    )  # fmt: skip
    work: list[dict[str, object]] = told["planned_work"]
    return work[-1]


def start_again(house: House, at_minute: int) -> None:
    """The host comes up in a new boot, and says that it was shut down in order."""
    house.host.boot_id = "5d1f0a52-0000-4000-8000-000000000002"
    house.host.retell = True
    house.host.happened = [
        *house.host.happened,
        Happened(at_minute * MINUTE_S, "started again; shut down in order", 5, "restart", "restarts"),
    ]


def restarting(house: House, number: str) -> dict[str, str]:
    """One that stops at minute 22 and is back at minute 25; the outcomes when its time is made up."""
    house.host.unread = [(22 * MINUTE_S, 25 * MINUTE_S)]
    house.watch(25 / 60 - 0.01)
    start_again(house, 25)
    house.watch(1.4)
    house.centre.verifications.round()
    return {result["criterion"]: result["outcome"] for result in house.look(number)["results"]}


def test_a_restart_in_planned_work_is_no_fault(house: House) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(0.2)
    entry = planned(house, number, 20, 30)

    assert restarting(house, number) == dict.fromkeys(["S1", "S2", "S10", "S12", "S14", "S15", "S22"], "PASS")
    assert (entry["reason"], entry["entered_by"]) == ("kernel update", {"name": "li", "display_name": "li"})
    signed = house.submit(number)
    assert signed["verdict"] == "pass"
    assert "verification.work_planned" in house.acts()
    record = house.by("li").get(f"/api/v1/verifications/{number}/record").json()
    assert [work["reason"] for work in record["planned_work"]] == ["kernel update"]
    paper = house.by("li").get(f"/verifications/{number}/report", headers=HTML).text
    assert "kernel update" in paper
    assert 'class="planned"' in paper


def test_the_same_restart_without_it_fails(house: House) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(0.2)
    assert restarting(house, number)["S12"] == "FAIL"


def test_cancelled_work_excuses_nothing(house: House) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(0.2)
    entry = planned(house, number, 20, 30)
    told = house.act("wang", f"/verifications/{number}/work/{entry['id']}/cancel")
    assert told["planned_work"][0]["cancelled_at"] is not None
    assert restarting(house, number)["S12"] == "FAIL"
    path = f"/verifications/{number}/work/{entry['id']}/cancel"
    assert "no planned work" in house.refused("li", path, 404)


Body = Callable[[House], dict[str, str]]


@pytest.mark.parametrize(
    ("name", "body", "status", "why"),
    [
        pytest.param("zhou", lambda h: {"begin": at(h, 20), "end": at(h, 30)}, 403, "one must hold", id="another post"),
        pytest.param("li", lambda h: {"begin": at(h, 11), "end": at(h, 30)}, 422, "not in the future", id="begun"),
        pytest.param("li", lambda h: {"begin": at(h, 12), "end": at(h, 30)}, 422, "not in the future", id="just begun"),
        pytest.param("li", lambda h: {"begin": at(h, 20), "end": at(h, 20)}, 422, "not after the start", id="no time"),
        pytest.param("li", lambda h: {"begin": at(h, 20), "end": at(h, 261)}, 422, "at most 4 h", id="too long"),
        pytest.param("li", lambda h: {"begin": at(h, 20), "end": at(h, 30), "reason": " "}, 422, "reason", id="why"),
        pytest.param("li", lambda h: {"begin": at(h, 45), "end": at(h, 70)}, 409, "overlaps", id="over another"),
        pytest.param("li", lambda h: {"begin": at(h, 99_990), "end": at(h, 100_000)}, 422, "60 d", id="far away"),
    ],
)
def test_work_that_cannot_be_is_refused(house: House, name: str, body: Body, status: int, why: str) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(0.2 + 0.01)
    planned(house, number, 40, 50)
    clause = "1.5-21" if status == 403 else ""
    told = {"reason": "power", **body(house)}
    assert why in house.refused(name, f"/verifications/{number}/work", status, clause, **told)


def test_there_are_no_more_than_the_profile_allows(house: House) -> None:
    number = house.start(window="1 h")["number"]
    for first in (20, 40):
        entry = planned(house, number, first, first + 5)
    body = {"begin": at(house, 60), "end": at(house, 65), "reason": "once more"}
    assert "2 windows" in house.refused("li", f"/verifications/{number}/work", 409, **body)
    house.act("li", f"/verifications/{number}/work/{entry['id']}/cancel")
    planned(house, number, 60, 65)


def test_what_has_begun_is_not_cancelled(house: House) -> None:
    number = house.start(window="1 h")["number"]
    entry = planned(house, number, 20, 30)
    house.watch(21 / 60)
    assert "has begun" in house.refused("li", f"/verifications/{number}/work/{entry['id']}/cancel", 409)


def test_only_into_a_running_one(house: House) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(0.2)
    house.submit(number, password=PASSWORD)
    body = {"begin": at(house, 60), "end": at(house, 65), "reason": "late"}
    assert "running" in house.refused("li", f"/verifications/{number}/work", 409, **body)


def test_the_database_takes_none_that_has_begun(house: House) -> None:
    house.start(window="1 h")
    with pytest.raises(IntegrityError, match="entered_before"), house.centre.records.writing() as session:
        session.add(VerificationWork(run_id=1, from_ms=1, to_ms=2, noted_ms=3, noted_by="li"))


def test_a_page_enters_it_in_the_houses_time(house: House) -> None:
    number = house.start(window="1 h")["number"]
    begin = datetime.fromisoformat(at(house, 20)).astimezone(HOUSE)
    form = {
        "begin": begin.strftime("%Y-%m-%dT%H:%M"),
        "end": (begin + timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M"),
        "reason": "内核更新",
    }
    page = f"/verifications/{number}"
    assert "计划维护" in house.by("li").get(page, headers=HTML).text
    answer = house.by("li").post(f"{page}/work", data=form, headers=HTML)
    assert answer.status_code in {200, 303}
    shown = house.by("li").get(page, headers=HTML).text
    assert "内核更新" in shown
    (work,) = house.look(number)["planned_work"]
    assert datetime.fromisoformat(work["begin"]) == begin
    assert f"{page}/work/{work['id']}/cancel" in shown
    assert f"{page}/work" not in house.by("zhao").get(page, headers=HTML).text
    house.by("li").post(f"{page}/work/{work['id']}/cancel", headers=HTML)
    assert "已取消" in house.by("li").get(page, headers=HTML).text
