"""Another person reviews each line, agreeing or sending it back; the database itself knows two people."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from server.centre import Centre
from tests.duty_runs.conftest import NewServer, StartRound
from tests.duty_runs.house import Round, acts, kept
from tests.fixtures_centre import Client

CPU = "cpu@S-1"


def test_another_person_reviews(run: Round, wang: Client, centre: Centre) -> None:
    run.confirm(CPU)

    answer = run.by(wang).review(CPU, note="seen on the page too")

    line = answer.json()["item"]
    assert (line["state"], line["version"], line["review_note"]) == ("reviewed", 3, "seen on the page too")
    assert (line["confirmed"]["by"], line["reviewed"]["by"]) == ("li", "wang")
    [entry] = acts(centre, "run.item_reviewed")
    assert (entry.actor, entry.subject) == ("wang", f"run/{run.number}")
    assert '"item":"cpu@S-1"' in entry.new


def test_nobody_reviews_what_they_confirmed(run: Round, centre: Centre) -> None:
    run.confirm(CPU)
    before = kept(centre)
    for agree in (True, False):
        refused = run.review(CPU, agree=agree, note="fine")
        assert (refused.status_code, refused.json()["clause"]) == (403, "2.1-7")
    assert kept(centre) == before


def test_only_a_reviewing_post_reviews(run: Round, signed_in: Callable[..., Client], centre: Centre) -> None:
    run.confirm(CPU)
    clerk = run.by(signed_in("sun", "general_admin"))
    before = kept(centre)
    refused = clerk.review(CPU)
    assert (refused.status_code, refused.json()["clause"]) == (403, "2.1-7")
    assert kept(centre) == before


def test_only_what_is_confirmed_is_reviewed_and_once(run: Round, wang: Client, zhao: Client, centre: Centre) -> None:
    theirs = run.by(wang)
    assert theirs.review(CPU).status_code == 409
    run.confirm(CPU)
    assert theirs.review(CPU, version=1).status_code == 409
    assert theirs.review(CPU).status_code == 200
    before = kept(centre)

    again = run.by(zhao).review(CPU)
    assert again.status_code == 409
    assert "wang reviewed it" in again.json()["detail"]
    assert run.confirm(CPU).status_code == 409
    assert kept(centre) == before


def test_who_does_not_agree_says_why_and_the_line_is_open_again(
    run: Round, wang: Client, zhao: Client, centre: Centre
) -> None:
    run.confirm(CPU, result="abnormal", note="looked busy")
    theirs = run.by(wang)
    before = kept(centre)
    refused = theirs.review(CPU, agree=False)
    assert (refused.status_code, refused.json()["clause"]) == (422, "2.2-4")
    assert kept(centre) == before

    line = theirs.review(CPU, agree=False, note="top says 3 %").json()["item"]

    assert (line["state"], line["result"], line["note"], line["override"]) == ("open", "", "", False)
    assert (line["confirmed"], line["reviewed"], line["version"]) == (None, None, 3)
    assert line["review_note"] == "top says 3 %"
    [entry] = acts(centre, "run.item_returned")
    assert '"note":"looked busy"' in entry.old
    assert '"confirmed_by":"li"' in entry.old
    assert "top says 3 %" in entry.new
    late = run.by(zhao).confirm(CPU, 2)
    assert late.status_code == 409
    assert "wang returned it" in late.json()["detail"]
    assert run.confirm(CPU, 3).status_code == 200
    assert theirs.review(CPU).json()["item"]["state"] == "reviewed"


def test_who_returned_a_line_may_confirm_it_and_the_other_reviews(run: Round, zhao: Client) -> None:
    run.confirm(CPU)
    theirs = run.by(zhao)
    assert theirs.review(CPU, agree=False, note="not what I see").status_code == 200
    assert theirs.confirm(CPU).status_code == 200
    assert theirs.review(CPU).status_code == 403
    assert run.review(CPU).json()["item"]["reviewed"]["by"] == "li"


def test_a_chinese_device_number_stands_in_the_address(server: NewServer, start: StartRound, wang: Client) -> None:
    server("机房一-03")
    run = start()
    assert run.confirm("cpu@机房一-03").json()["item"]["state"] == "confirmed"
    assert run.by(wang).review("cpu@机房一-03").json()["item"]["state"] == "reviewed"


RAW = {
    "the same person reviews": "UPDATE checklist_item SET state='reviewed', reviewed_by='li' WHERE item='cpu@S-1'",
    "reviewed by nobody": "UPDATE checklist_item SET state='reviewed' WHERE item='cpu@S-1'",
    "reviewed without being confirmed": "UPDATE checklist_item SET reviewed_by='wang' WHERE item='memory@S-1'",
    "confirmed without a result": "UPDATE checklist_item SET result='' WHERE item='cpu@S-1'",
    "confirmed by nobody": "UPDATE checklist_item SET confirmed_by=NULL WHERE item='cpu@S-1'",
    "said otherwise without a reason": "UPDATE checklist_item SET override=1, note='' WHERE item='cpu@S-1'",
    "a line deleted": "DELETE FROM checklist_item WHERE item='cpu@S-1'",
    "a run deleted": "DELETE FROM checklist_run",
}


@pytest.mark.parametrize("sql", RAW.values(), ids=RAW.keys())
def test_the_database_itself_refuses(run: Round, centre: Centre, sql: str) -> None:
    run.confirm(CPU)
    before = kept(centre)

    def bypass(session: Session) -> None:
        session.connection().execute(text(sql))
        session.commit()

    with centre.records.session() as session, pytest.raises(DBAPIError):
        bypass(session)
    assert kept(centre) == before
