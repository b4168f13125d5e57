"""The desk and the page of a verification offer an act to exactly those whom it would not be refused."""

from __future__ import annotations

import re

import pytest

from tests.fixtures_centre import MakePerson
from tests.verifying_runs.house import House

NEED = re.compile(r'<li class="need">.*?<a class="btn( do)?" href="/verifications/[^"]+"[^>]*>([^<]+)</a>')
FORM = re.compile(r'action="/verifications/V-[^/"]+/([a-z]+)"')
HTML = {"Accept": "text/html", "Accept-Language": "zh"}


def on_the_desk(house: House, name: str) -> list[tuple[str, bool]]:
    """(act, whether it waits for this person)."""
    shown = house.by(name).get("/", headers=HTML)
    assert shown.status_code == 200
    return [(act, bool(mine)) for mine, act in NEED.findall(shown.text)]


def on_the_page(house: House, name: str, number: str) -> set[str]:
    shown = house.by(name).get(f"/verifications/{number}", headers=HTML)
    assert shown.status_code == 200
    return set(FORM.findall(shown.text))


@pytest.mark.parametrize(
    ("name", "mine", "acts"),
    [
        ("li", True, {"observations", "work", "submit", "withdraw"}),
        ("wang", True, {"observations", "work", "submit", "withdraw"}),
        ("zhao", False, set()),
        ("zhou", False, set()),
        ("wu", False, {"withdraw"}),
    ],
)
def test_a_running_one_is_submitted_by_who_tests(house: House, name: str, mine: bool, acts: set[str]) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(1.1)
    house.centre.verifications.round()

    assert on_the_desk(house, name) == [("提交", mine)]
    assert on_the_page(house, name, number) == acts


@pytest.mark.parametrize("part", ["started", "submitted", "observed", "none"])
def test_a_submitted_one_is_signed_by_who_had_no_part_in_it(house: House, person: MakePerson, part: str) -> None:
    """``chen`` tested, and is made security admin afterwards: the post alone is not enough."""
    house.by("li")
    person("chen", "room_admin")
    number = house.start("chen" if part == "started" else "li", window="1 h")["number"]
    house.watch(0.2)
    if part == "observed":
        house.act("chen", f"/verifications/{number}/observations", 201, alarm=False)
    house.submit(number, "chen" if part == "submitted" else "li")
    with house.centre.records.writing() as session:
        session.connection().exec_driver_sql(
            "UPDATE person SET posts = '[\"security_admin\", \"room_admin\"]' WHERE name = 'chen'"
        )

    signs = part == "none"
    assert on_the_desk(house, "chen") == [("审核", signs)]
    assert ("opinion" in on_the_page(house, "chen", number)) is signs
    assert on_the_desk(house, "zhao") == [("审核", True)]
    assert on_the_desk(house, "li") == [("审核", False)]


def test_who_may_only_read_is_offered_nothing(house: House, person: MakePerson) -> None:
    number = house.start(window="1 h")["number"]
    house.watch(0.2)
    house.submit(number)
    person("han", "security_admin", scope="read")

    assert on_the_desk(house, "han") == [("审核", False)]
    assert on_the_page(house, "han", number) == set()
