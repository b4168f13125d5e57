"""What the rules of two people rest on when somebody gets past the routes: the database itself."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from tests.fixtures_centre import PASSWORD
from tests.verifying_runs.house import House

SIGN = "UPDATE verification_run SET state = 'signed', signed_ms = 1, signed_by = '{by}', opinion = '{opinion}'"


def submitted(house: House, *, window: str = "10 min") -> str:
    number: str = house.start(window=window)["number"]
    house.act("sun", f"/verifications/{number}/observations", 201, alarm=False, note="all green")
    house.watch(0.25)
    house.submit(number, "wang")
    return number


def refuses(house: House, statement: str, why: str) -> None:
    before = house.standing()
    with pytest.raises(IntegrityError, match=why), house.centre.records.writing() as session:
        session.connection().exec_driver_sql(statement)
    assert house.standing() == before


@pytest.mark.parametrize(
    ("by", "opinion", "why"),
    [
        pytest.param("li", "fail", "signer_not_starter", id="the starter"),
        pytest.param("wang", "fail", "signer_not_submitter", id="the submitter"),
        pytest.param("sun", "fail", "who observed does not sign", id="an observer"),
        pytest.param("zhao", "pass", "ck_verification_pass", id="a trial as a pass"),
        pytest.param("zhao", "", "signed_whole", id="without an opinion"),
    ],
)
def test_a_signature_that_may_not_be_is_refused(house: House, by: str, opinion: str, why: str) -> None:
    submitted(house)

    refuses(house, SIGN.format(by=by, opinion=opinion), why)


def test_an_opinion_has_its_signer(house: House) -> None:
    submitted(house)

    refuses(house, "UPDATE verification_run SET opinion = 'fail'", "opinion_signed")


def test_what_did_not_come_to_a_pass_is_not_signed_as_one(house: House) -> None:
    submitted(house, window="168 h")

    refuses(house, SIGN.format(by="zhao", opinion="pass"), "ck_verification_pass")


def test_a_signed_one_is_never_changed_and_none_is_ever_deleted(house: House) -> None:
    number = submitted(house)
    refuses(house, "DELETE FROM verification_run", "never deleted")
    house.act("zhao", f"/verifications/{number}/opinion", opinion="fail", text="no", password=PASSWORD)

    refuses(house, "UPDATE verification_run SET opinion_text = 'yes'", "never changed")
    refuses(house, "UPDATE verification_run SET state = 'running'", "never changed")


@pytest.mark.parametrize(
    ("table", "moment"),
    [
        ("verification_finding", "at_ms"),
        ("verification_observation", "at_ms"),
        ("verification_pace", "from_ms"),
        ("verification_setback", "after_ms"),
        ("evidence_record", "at_ms"),
    ],
)
def test_what_a_verification_rests_on_is_only_added(house: House, table: str, moment: str) -> None:
    house.host.courses = {**house.host.courses, ("context_switches_total", ""): lambda at: -at}
    submitted(house)

    refuses(house, f"DELETE FROM {table}", "append-only")
    refuses(house, f"UPDATE {table} SET {moment} = 0", "append-only")


def test_what_is_over_is_not_observed(house: House) -> None:
    submitted(house)

    refuses(
        house,
        "INSERT INTO verification_observation (run_id, at_ms, observer, alarm, note) VALUES (1, 1, 'li', 0, '')",
        "running verification",
    )


def test_a_device_has_one_open_verification(house: House) -> None:
    submitted(house)

    refuses(
        house,
        "INSERT INTO verification_run SELECT id + 1, 'V-2026-0002', device_no, profile, profile_version, profile_hash,"
        " profile_json, window_s, trial, purpose, 'running', started_ms, started_by, NULL, 'inconclusive', 0, NULL,"
        " NULL, NULL, NULL, '', '', NULL, NULL FROM verification_run",
        "device_no",
    )
