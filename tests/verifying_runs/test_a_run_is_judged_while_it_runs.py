"""Judging goes on by itself: a row where an outcome turns, a FAIL for ever, one run's trouble not another's."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from sqlmodel import select

from server.centre import Centre, Settings
from server.times import from_ms
from server.verification.tables import VerificationFinding
from server.verification.watching import Verifications
from tests.fixtures_centre import MakeToken, Visit
from tests.verifying_runs.house import DEVICE_NO, House
from tests.weeks import Happened


def turns(centre: Centre) -> list[tuple[str, str]]:
    with centre.records.session() as session:
        rows = session.exec(select(VerificationFinding).order_by(VerificationFinding.id)).all()  # type: ignore[arg-type]  # a column, to SQLAlchemy
    return [(row.criterion, row.outcome) for row in rows]


def test_a_row_is_written_only_where_an_outcome_turns(house: House) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(0.5)
    house.centre.verifications.round()
    first = turns(house.centre)
    assert ("S1", "INCONCLUSIVE") in first

    house.watch(0.75)
    house.centre.verifications.round()
    assert turns(house.centre) == first

    house.watch(1.1)
    house.centre.verifications.round()
    assert turns(house.centre) == [*first, ("S1", "PASS")]
    assert house.look(number)["verdict"] == "pass"
    assert house.run(number).verdict == "pass"


def test_a_run_is_judged_again_only_after_a_while(house: House) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(0.5)
    house.centre.verifications.round()
    judged = house.look(number)["judged_at"]

    house.clock.forward(seconds=59)
    house.centre.verifications.round()
    assert house.look(number)["judged_at"] == judged
    house.clock.forward(seconds=1)
    house.centre.verifications.round()
    assert house.look(number)["judged_at"] > judged


def test_runs_take_turns(house: House, visit: Visit, token: MakeToken) -> None:
    boss = visit().bear(token("admin"))
    numbers = [house.start(window="1 h")["number"]]
    for device_no in ("SRV-2", "SRV-3"):
        boss.post("/api/v1/devices", json={"device_no": device_no})
        numbers.append(house.act("li", f"/devices/{device_no}/verifications", 201, window="1 h")["number"])
    house.clock.forward(minutes=5)

    judged = []
    for _ in range(3):
        house.centre.verifications.round()
        judged.append([number for number in numbers if house.run(number).judged_ms is not None])
    assert [len(each) for each in judged] == [1, 2, 3]


def test_a_run_nobody_has_judged_yet_is_judged_when_somebody_looks(house: House) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(0.5)
    house.centre.verifications.newest.clear()

    shown = house.look(number)

    assert {result["criterion"] for result in shown["results"]} == {"S1", "S2", "S10", "S12", "S14", "S15", "S22"}
    assert 0.45 < shown["effective_hours"] <= 0.5
    assert shown["coverage"]["sample"] > 0.9
    assert shown["needed_hours"] == 1
    assert turns(house.centre) == []


def test_one_runs_trouble_is_told_and_is_not_anothers(
    house: House, visit: Visit, token: MakeToken, caplog: pytest.LogCaptureFixture
) -> None:
    visit().bear(token("admin")).post("/api/v1/devices", json={"device_no": "SRV-2"})
    broken = house.start(window="1 h")["number"]
    whole = house.act("li", "/devices/SRV-2/verifications", 201, window="1 h")["number"]
    with house.centre.records.writing() as session:
        session.connection().exec_driver_sql(
            f"UPDATE verification_run SET profile_json = replace(profile_json, '168 h', '?') WHERE number = '{broken}'"
        )
    house.clock.forward(minutes=5)

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            house.centre.verifications.round()
            house.clock.forward(minutes=2)

    assert [record for record in caplog.records if broken in record.getMessage()] != []
    assert house.run(broken).judged_ms is None
    assert house.run(whole).judged_ms is not None
    assert "window" in house.centre.verifications.troubles[house.run(broken).id or 0]
    assert house.centre.rounds.healthy() is None
    shown = house.look(broken)
    assert shown["judged_at"] == shown["started_at"]
    assert "window" in shown["trouble"]
    house.centre.verifications.newest.clear()
    shown = house.look(broken)
    assert (shown["results"], shown["coverage"], shown["judged_at"]) == ([], None, None)
    assert "window" in shown["trouble"]


def test_a_fail_found_once_stands_after_a_restart_and_without_its_evidence(house: House) -> None:
    house.host.happened = [Happened(600, "EXT4-fs error (device sda1): bad block bitmap checksum")]
    number = house.start(window="1 h")["number"]
    house.watch(0.5)
    house.centre.verifications.round()
    assert ("S10", "FAIL") in turns(house.centre)
    found = turns(house.centre)
    with house.centre.records.writing() as session:
        session.connection().exec_driver_sql("DELETE FROM event")

    centre = house.centre
    again = Verifications(centre.records, centre.history, centre.live, lambda: round(house.clock().timestamp() * 1000))
    again.round()

    assert turns(centre) == found
    run = house.run(number)
    judged = again.newest_of(run)
    assert judged is not None
    judgement = judged.judgement
    assert judgement.of("S10").outcome == "FAIL"
    assert "bad block bitmap" in str(judgement.of("S10").evidence)
    assert run.verdict == "fail"


def test_a_centre_that_was_closed_goes_on_judging(house: House) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(0.5)
    house.centre.verifications.round()
    before = turns(house.centre)
    house.centre.history.seal()

    reopened = Centre.open(Settings(data=house.centre.settings.data), house.clock, start=False)
    try:
        reopened.verifications.round()
        assert turns(reopened) == before
        judged = reopened.verifications.newest_of(house.run(number))
        assert judged is not None
        assert judged.judgement.effective_ms == 30 * 60_000
    finally:
        reopened.close()


def test_what_arrives_after_the_last_whole_minute_counts_later(house: House) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(0.1)
    run = house.run(number)
    now = from_ms(run.started_ms) + timedelta(minutes=6, seconds=59)

    judged = house.centre.verifications.judge(run, round(now.timestamp() * 1000))

    assert (judged.start_ms, judged.end_ms) == (run.started_ms, run.started_ms + 6 * 60_000)


def test_the_metrics_say_how_far_each_verification_is(house: House, visit: Visit, token: MakeToken) -> None:
    house.start(window="1 h")
    house.watch(0.5)
    house.centre.verifications.round()

    text = visit().bear(token("read")).get("/metrics").text

    effective = house.run("V-2026-0001").effective_s / 3600
    assert f'zhishou_verification_effective_hours{{device="{DEVICE_NO}"}} {effective!r}\n' in text
    counted = {
        outcome: f'zhishou_verification_criteria{{device="{DEVICE_NO}",outcome="{outcome}"}} {number}\n' in text
        for outcome, number in (("FAIL", 0), ("NOT_APPLICABLE", 0), ("INCONCLUSIVE", 1), ("PASS", 6))
    }
    assert set(counted.values()) == {True}, text
