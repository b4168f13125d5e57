"""A person says what the reading says, or otherwise with a reason; nobody confirms what they have not seen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from server.audit.chain import Actor, verify
from server.centre import Centre
from server.duty.acts import Word, confirm
from server.people.acting import ActRefused
from server.people.register import find_person
from server.people.tables import Person
from tests.duty_runs.conftest import NewServer, StartRound
from tests.duty_runs.house import Round, Server, acts, kept
from tests.fixtures_centre import Client, HandClock, MakeToken, Visit

CPU = "cpu@S-1"
BUSY = {"cpu": {("cpu_busy_ratio", "total"): 0.95}}


def test_confirming_says_what_the_reading_says(run: Round, centre: Centre) -> None:
    answer = run.confirm(CPU)

    assert answer.status_code == 200, answer.text
    line = answer.json()["item"]
    assert (line["state"], line["result"], line["override"], line["version"]) == ("confirmed", "normal", False, 2)
    assert line["confirmed"] == {"by": "li", "display_name": "李", "at": "2026-11-24T08:00:00.000Z"}
    assert line["reviewed"] is None
    assert answer.json()["counts"]["confirmed"] == 1
    [entry] = acts(centre, "run.item_confirmed")
    assert (entry.actor, entry.subject) == ("li", f"run/{run.number}")
    assert '"item":"cpu@S-1"' in entry.new
    assert '"result":"normal"' in entry.new
    assert '"value":0.2' in entry.old
    with centre.records.session() as session:
        assert verify(session).holds


def test_the_reading_stands_as_it_was_confirmed(run: Round, host: Server, clock: HandClock) -> None:
    shown = run.confirm(CPU).json()["item"]["filled"]
    clock.forward(minutes=1)
    host.tell(BUSY)
    line = run.line(CPU)
    assert (line["filled"], line["verdict"], line["version"]) == (shown, "normal", 2)


def test_who_says_otherwise_than_the_reading_gives_a_reason_and_both_stay(run: Round, centre: Centre) -> None:
    before = kept(centre)
    refused = run.confirm(CPU, result="abnormal", note="  ")
    assert (refused.status_code, refused.json()["clause"]) == (422, "2.2-4")
    assert kept(centre) == before

    line = run.confirm(CPU, result="abnormal", value="98 %", note="top shows it busy").json()["item"]

    assert (line["verdict"], line["filled"]["value"]) == ("normal", 0.2)
    assert (line["result"], line["value"], line["override"]) == ("abnormal", "98 %", True)
    assert line["note"] == "top shows it busy"


def test_no_data_is_explained_or_filled_by_hand(server: NewServer, start: StartRound, centre: Centre) -> None:
    server("S-1", well=False)
    run = start()
    before = kept(centre)
    assert run.confirm(CPU).status_code == 422
    assert run.confirm(CPU, result="normal", value="12 %").status_code == 422
    assert kept(centre) == before

    explained = run.confirm(CPU, note="agent not installed yet").json()["item"]
    assert (explained["result"], explained["override"]) == ("no_data", False)
    by_hand = run.confirm("memory@S-1", result="normal", value="41 %", note="read at the console").json()["item"]
    assert (by_hand["verdict"], by_hand["result"], by_hand["override"]) == ("no_data", "normal", True)
    away = run.confirm("clock@S-1", result="not_applicable", note="stands in the store").json()["item"]
    assert (away["result"], away["override"]) == ("not_applicable", True)


def test_what_is_looked_at_by_hand_says_what_was_seen(run: Round, centre: Centre) -> None:
    before = kept(centre)
    assert run.confirm("lamps", note="racks 1-4").status_code == 422, "no word of the result"
    assert run.confirm("lamps", result="normal").status_code == 422, "no word of what was seen"
    assert kept(centre) == before

    line = run.confirm("lamps", result="normal", note="racks 1-4, all green").json()["item"]
    assert (line["result"], line["verdict"], line["override"], line["filled"]) == ("normal", "", False, None)


def test_only_the_post_that_is_named_confirms(run: Round, wang: Client, centre: Centre) -> None:
    before = kept(centre)
    refused = run.by(wang).confirm(CPU)
    assert (refused.status_code, refused.json()["clause"]) == (403, "1.3-4")
    assert "系统管理岗" in refused.json()["detail"]
    assert kept(centre) == before


def test_no_token_and_no_reader_acts(
    run: Round, visit: Visit, token: MakeToken, signed_in: Callable[..., Client], centre: Centre
) -> None:
    strangers = [visit(), visit().bear(token("admin")), signed_in("qian", "sysadmin", "dba", scope="read")]
    line = run.line(CPU)["version"]
    before = kept(centre)
    for stranger, status in zip(strangers, (401, 403, 403), strict=True):
        theirs = run.by(stranger)
        assert theirs.confirm(CPU, line).status_code == status
        assert theirs.review(CPU, line).status_code == status
        assert theirs.close().status_code == status
    assert kept(centre) == before


def test_nobody_confirms_what_they_have_not_seen(run: Round, host: Server, clock: HandClock) -> None:
    seen = run.line(CPU)["version"]
    clock.forward(seconds=15)
    host.tell(BUSY)
    run.read()  # somebody else looked: the line says something else now

    refused = run.confirm(CPU, seen)

    assert refused.status_code == 409
    assert "abnormal now" in refused.json()["detail"]
    assert run.line(CPU)["state"] == "open"


def test_what_was_shown_long_ago_is_not_confirmed_as_of_now(run: Round, clock: HandClock, centre: Centre) -> None:
    seen = run.line(CPU)["version"]
    clock.forward(minutes=10, seconds=1)
    before = kept(centre)

    refused = run.confirm(CPU, seen)

    assert (refused.status_code, refused.json()["clause"]) == (409, "2.2-4")
    assert "look again" in refused.json()["detail"]
    assert kept(centre) == before
    assert run.line(CPU)["verdict"] == "no_data"


def test_the_second_of_two_people_is_told_who_was_first(run: Round, zhao: Client, centre: Centre) -> None:
    seen = run.line(CPU)["version"]
    assert run.confirm(CPU, seen).status_code == 200
    before = kept(centre)

    for version in (seen, seen + 1):
        refused = run.by(zhao).confirm(CPU, version)
        assert refused.status_code == 409
        assert "li confirmed it at 2026-11-24T08:00:00.000Z" in refused.json()["detail"]
    assert kept(centre) == before


def test_of_many_who_confirm_at_once_one_wins(run: Round, zhao: Client, centre: Centre, clock: HandClock) -> None:
    people = [find_person(centre.records, name) for name in ("li", "zhao")] * 4
    together = threading.Barrier(len(people))
    won: list[str] = []
    told: list[str] = []

    def act(who: Person | None, now: datetime) -> None:
        assert who is not None
        together.wait()
        try:
            word, actor = Word(1), Actor("person", who.name)
            confirm(centre.records, run.number, CPU, word, person=who, actor=actor, now=now)
        except ActRefused as refused:
            told.append(str(refused))
        else:
            won.append(who.name)

    threads = [threading.Thread(target=act, args=(who, clock())) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    assert len(told) == len(people) - 1
    assert all(f"{won[0]} confirmed it" in line for line in told)
    assert run.line(CPU)["confirmed"]["by"] == won[0]
    assert len(acts(centre, "run.item_confirmed")) == 1


@pytest.mark.parametrize("item", ["cpu", "lamps@S-1", "cpu@S-2", "none", "cpu%40S-1"])
def test_a_line_nobody_knows_is_not_found(run: Round, item: str) -> None:
    assert run.confirm(item, 1).status_code == 404
    assert run.review(item, 1).status_code == 404


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({}, id="no version"),
        pytest.param({"version": 0}, id="no version there is"),
        pytest.param({"version": 1, "result": "fine"}, id="no word of ours"),
        pytest.param({"version": 1, "value": "9" * 201}, id="a long value"),
        pytest.param({"version": 1, "note": "9" * 2001}, id="a long note"),
    ],
)
def test_what_is_not_said_rightly_is_refused(run: Round, centre: Centre, said: dict[str, Any]) -> None:
    before = kept(centre)
    answer = run.client.post(f"/api/v1/runs/{run.number}/items/{CPU}/confirm", json=said)
    assert answer.status_code == 422
    assert kept(centre) == before
