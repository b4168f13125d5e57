"""Every refusal of a verification: by which clause, and that nothing was changed by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checklists.rule_fields import RuleError
from checklists.verification.profile import Profile
from server.centre import Settings
from server.serve import StartRefusedError, open_centre
from server.verification.tables import VerificationObservation, VerificationRun
from server.verification.watching import Judged
from tests.fixtures_centre import PASSWORD, MakePerson, MakeToken, Visit
from tests.verifying_runs.house import DEVICE_NO, House

START = f"/devices/{DEVICE_NO}/verifications"
ACTS: dict[str, dict[str, Any]] = {
    "observations": {"alarm": False, "note": ""},
    "submit": {"password": PASSWORD},
    "opinion": {"opinion": "fail", "text": "no", "password": PASSWORD},
    "withdraw": {"reason": "another disk"},
}


def trial(house: House, *, submitted: bool = False, by: str = "li") -> str:
    number: str = house.start(by, window="10 min")["number"]
    house.watch(0.25)
    if submitted:
        house.submit(number)
    return number


@pytest.mark.parametrize("scope", ["read", "write", "admin"])
def test_no_token_acts_in_a_verification(house: House, visit: Visit, token: MakeToken, scope: str) -> None:
    number = trial(house)
    program = visit().bear(token(scope))
    before = house.standing()

    for path, body in [(START, {}), *((f"/verifications/{number}/{act}", body) for act, body in ACTS.items())]:
        answer = program.post(f"/api/v1{path}", json=body)
        assert answer.status_code == 403, path
        assert "token" in answer.json()["detail"]
    assert house.standing()[1:] == before[1:]
    assert "verification.observed" not in house.acts()


def test_a_person_who_may_only_read_acts_in_none(house: House, person: MakePerson) -> None:
    number = trial(house)
    person("qian", "sysadmin", "room_admin", scope="read")

    for act, body in ACTS.items():
        assert "write" in house.refused("qian", f"/verifications/{number}/{act}", 403, **body)


@pytest.mark.parametrize("name", ["zhao", "zhou", "wu"])
def test_only_who_installs_or_keeps_the_room_starts_one(house: House, name: str) -> None:
    assert "sysadmin" in house.refused(name, START, 403, "1.5-21")
    assert house.life == "issued"


@pytest.mark.parametrize(
    ("body", "status", "clause", "said"),
    [
        pytest.param({"window": "1 min"}, 422, "1.5-17", "2 min", id="too short"),
        pytest.param({"window": "61 d"}, 422, "1.5-17", "60 d", id="too long"),
        pytest.param({"window": "a week"}, 422, "1.5-17", "quantity", id="no duration"),
        pytest.param({"window": "90 %"}, 422, "1.5-17", "90 %", id="another unit"),
        pytest.param({"profile": "toaster"}, 422, "1.5-16", "toaster", id="no such profile"),
    ],
)
def test_a_start_that_makes_no_sense_is_refused(
    house: House, body: dict[str, str], status: int, clause: str, said: str
) -> None:
    assert said in house.refused("li", START, status, clause, **body)


def test_a_device_has_one_open_verification(house: House) -> None:
    number = trial(house)

    assert number in house.refused("wang", START, 409, "1.5-16")
    house.submit(number)
    assert number in house.refused("wang", START, 409, "1.5-16")


def test_a_device_of_another_kind_or_none_is_not_verified(house: House, visit: Visit, token: MakeToken) -> None:
    boss = visit().bear(token("admin"))
    boss.post("/api/v1/devices", json={"device_no": "UPS-1", "kind": "toaster"})

    assert "toaster" in house.refused("li", "/devices/UPS-1/verifications", 422, "1.5-16")
    assert house.by("li").post("/api/v1/devices/none/verifications", json={}).status_code == 404


def test_a_pending_device_is_not_verified(house: House, visit: Visit, token: MakeToken) -> None:
    boss = visit().bear(token("admin"))
    invitation = boss.post("/api/v1/enrolments", json={}).json()["token"]
    enrolled = visit().post("/api/v1/enrol", json={"token": invitation, "hostname": "new", "facts": {}}).json()

    assert "pending" in house.refused("li", f"/devices/{enrolled['device_no']}/verifications", 409, "1.5-23")


def test_an_alarm_at_the_rack_needs_its_note(house: House) -> None:
    number = trial(house)
    path = f"/verifications/{number}/observations"

    house.refused("wang", path, 422, "1.5-19", alarm=True, note=" ")
    house.refused("zhao", path, 403, "1.5-19", alarm=False, note="all green")
    seen = house.act("wang", path, 201, alarm=True, note="amber lamp on PSU 2")["observations"]
    assert [(one["observer"]["name"], one["alarm"], one["note"]) for one in seen] == [
        ("wang", True, "amber lamp on PSU 2")
    ]


def test_only_a_running_one_is_observed_or_submitted(house: House) -> None:
    number = trial(house, submitted=True)

    assert "submitted" in house.refused("wang", f"/verifications/{number}/observations", 409, alarm=False, note="")
    assert "submitted" in house.refused("li", f"/verifications/{number}/submit", 409, password=PASSWORD)


def test_only_a_submitted_one_gets_an_opinion(house: House) -> None:
    number = trial(house)

    assert "running" in house.refused("zhao", f"/verifications/{number}/opinion", 409, **ACTS["opinion"])


def test_who_does_not_run_the_test_does_not_submit_it(house: House) -> None:
    number = trial(house)

    house.refused("zhou", f"/verifications/{number}/submit", 403, "1.5-20", password=PASSWORD)
    house.refused("zhao", f"/verifications/{number}/submit", 403, "1.5-20", password=PASSWORD)


@pytest.mark.parametrize(
    ("act", "name"), [pytest.param("submit", "li", id="submit"), pytest.param("opinion", "zhao", id="opinion")]
)
def test_a_wrong_password_signs_nothing_and_counts_as_one_at_the_door(house: House, act: str, name: str) -> None:
    number = trial(house, submitted=act == "opinion")
    body = {**ACTS[act], "password": "not this one"}

    for _ in range(5):
        assert "password" in house.refused(name, f"/verifications/{number}/{act}", 403, **body)
    assert "too many" in house.refused(name, f"/verifications/{number}/{act}", 429, **body)


@pytest.mark.parametrize("name", ["li", "wang", "zhou", "wu"])
def test_only_the_security_admin_gives_the_opinion(house: House, name: str) -> None:
    number = trial(house, submitted=True)

    assert "security_admin" in house.refused(name, f"/verifications/{number}/opinion", 403, "1.5-20", **ACTS["opinion"])


def test_nobody_gives_the_opinion_on_what_they_started(house: House) -> None:
    number = trial(house, submitted=True, by="sun")

    assert "started" in house.refused("sun", f"/verifications/{number}/opinion", 403, "1.5-20", **ACTS["opinion"])


def test_nobody_gives_the_opinion_on_what_they_submitted(house: House) -> None:
    number = trial(house)
    house.submit(number, "sun")

    assert "submitted" in house.refused("sun", f"/verifications/{number}/opinion", 403, "1.5-20", **ACTS["opinion"])


def test_nobody_gives_the_opinion_on_what_they_saw(house: House) -> None:
    number = trial(house)
    house.act("sun", f"/verifications/{number}/observations", 201, alarm=False, note="all green")
    house.submit(number)

    assert "seen" in house.refused("sun", f"/verifications/{number}/opinion", 403, "1.5-20", **ACTS["opinion"])


def test_who_operates_as_well_gives_no_opinion_however_they_came_by_both_posts(house: House) -> None:
    """Nobody can be given both; somebody wrote them into the database."""
    number = trial(house, submitted=True)
    house.by("zhao")
    with house.centre.records.writing() as session:
        session.connection().exec_driver_sql(
            """UPDATE person SET posts = '["security_admin", "dba"]' WHERE name = 'zhao'"""
        )

    assert "dba" in house.refused("zhao", f"/verifications/{number}/opinion", 403, "1.1-4", **ACTS["opinion"])


@pytest.mark.parametrize("opinion", ["fail", "extend"])
def test_an_opinion_that_is_no_pass_needs_words(house: House, opinion: str) -> None:
    number = trial(house, submitted=True)
    body = {"opinion": opinion, "text": "  ", "password": PASSWORD}

    house.refused("zhao", f"/verifications/{number}/opinion", 422, "1.5-20", **body)


def test_a_trial_is_never_signed_as_a_pass(house: House) -> None:
    number = trial(house, submitted=True)
    body = {"opinion": "pass", "password": PASSWORD}

    assert "trial" in house.refused("zhao", f"/verifications/{number}/opinion", 409, "1.5-17", **body)


def test_an_inconclusive_one_is_not_signed_as_a_pass(house: House) -> None:
    number = house.start()["number"]
    house.watch(1)
    assert house.submit(number)["verdict"] == "inconclusive"
    body = {"opinion": "pass", "password": PASSWORD}

    assert "inconclusive" in house.refused("zhao", f"/verifications/{number}/opinion", 409, "1.5-18", **body)


def test_an_opinion_on_another_record_is_refused(house: House) -> None:
    number = trial(house, submitted=True)
    body = {**ACTS["opinion"], "record_sha256": "0" * 64}

    assert "0" * 64 in house.refused("zhao", f"/verifications/{number}/opinion", 409, "1.5-20", **body)


def test_one_is_withdrawn_with_a_reason_by_who_answers_for_it(house: House) -> None:
    number = trial(house)
    path = f"/verifications/{number}/withdraw"

    house.refused("li", path, 422, "1.5-20", reason=" ")
    house.refused("zhou", path, 403, "1.5-20", reason="no reason of mine")
    withdrawn = house.act("wu", path, reason="the machine is needed elsewhere")
    assert (withdrawn["state"], house.life) == ("withdrawn", "issued")
    assert withdrawn["acts"][-1]["what"]["reason"] == "the machine is needed elsewhere"
    assert "withdrawn" in house.refused("wu", path, 409, reason="again")
    assert house.start("wang")["number"] == "V-2026-0002"


def test_a_verification_nobody_has_is_not_found(house: House) -> None:
    for key in ("V-2026-0001", "1", "9" * 40, "²", "none"):
        assert house.by("li").get(f"/api/v1/verifications/{key}").status_code == 404
        assert house.by("li").post(f"/api/v1/verifications/{key}/withdraw", json={"reason": "x"}).status_code == 404


def test_what_was_seen_while_the_record_was_made_is_looked_at_first(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = trial(house)
    house.by("wang")
    judge = house.centre.verifications.judge
    seen: list[str] = []

    def judging_takes_a_while(run: VerificationRun, now_ms: int) -> Judged:
        judged = judge(run, now_ms)
        with house.centre.records.writing() as session:
            session.add(VerificationObservation(run_id=run.id or 0, at_ms=now_ms, observer="wang", alarm=1, note="!"))
        seen.append("wang")
        return judged

    monkeypatch.setattr(house.centre.verifications, "judge", judging_takes_a_while)
    assert "observation" in house.refused("li", f"/verifications/{number}/submit", 409, password=PASSWORD)
    assert seen == ["wang"]


def test_nothing_is_submitted_over_readings_that_are_still_on_their_way(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = trial(house)
    monkeypatch.setattr(house.centre.pump, "drain", lambda _seconds: False)

    assert "on their way" in house.refused("li", f"/verifications/{number}/submit", 409, password=PASSWORD)


def test_one_that_ran_for_too_long_is_withdrawn_not_submitted(house: House) -> None:
    number = trial(house)
    house.clock.forward(days=61)

    assert "60 d" in house.refused("li", f"/verifications/{number}/submit", 409, "1.5-17", password=PASSWORD)


def test_a_wrong_profile_stops_the_start_with_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(_catalogue: object) -> dict[str, Profile]:
        raise RuleError("server.yaml: window: '90 %' is not a duration")

    monkeypatch.setattr("server.centre.load_profiles", wrong)
    with pytest.raises(StartRefusedError, match=r"server\.yaml: window"):
        open_centre(Settings(data=tmp_path))
