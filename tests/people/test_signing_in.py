"""Who gets in, how long it lasts, and what a stranger learns."""

from __future__ import annotations

import pytest

from server.centre import Centre
from server.people.tables import PersonSession
from tests.fixtures_centre import PASSWORD, Client, HandClock, MakePerson, Visit


def test_the_right_password_opens_a_session_whose_cookie_no_script_can_read(client: Client, person: MakePerson) -> None:
    person("li")

    answer = client.sign_in("Li ")

    cookie = answer.headers["set-cookie"]
    assert answer.json()["person"]["name"] == "li"
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert client.get("/api/v1/me").json()["person"]["name"] == "li"


def test_over_https_the_cookie_never_leaves_https(visit: Visit, person: MakePerson) -> None:
    person("li")

    assert "Secure" in visit("https://centre").sign_in("li").headers["set-cookie"]


def test_only_the_hash_of_the_cookie_is_kept(client: Client, person: MakePerson, centre: Centre) -> None:
    person("li")
    client.sign_in("li")
    cookie = client.http.cookies["zhishou_session"]

    with centre.records.session() as session:
        assert session.get(PersonSession, cookie) is None
    for file in centre.settings.data.glob("records.db*"):
        assert cookie.encode() not in file.read_bytes()
        assert PASSWORD.encode() not in file.read_bytes()


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(client: Client, person: MakePerson) -> None:
    person("li")

    wrong, unknown = client.sign_in("li", "not this one"), client.sign_in("nobody", "not this one")

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


def test_a_sixth_try_waits_and_the_right_password_waits_with_it(
    client: Client, person: MakePerson, clock: HandClock
) -> None:
    person("li")
    for _ in range(5):
        assert client.sign_in("li", "not this one").status_code == 401

    refused = client.sign_in("li")

    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) == 1
    clock.forward(seconds=1)
    assert client.sign_in("li").status_code == 200


def test_a_name_nobody_has_is_made_to_wait_just_the_same(client: Client) -> None:
    answers = [client.sign_in("nobody", "not this one").status_code for _ in range(6)]

    assert answers == [401] * 5 + [429]


def test_somebody_guessing_elsewhere_does_not_keep_a_person_out(visit: Visit, person: MakePerson) -> None:
    person("li")
    stranger = visit(address="10.9.9.9")
    for _ in range(8):
        stranger.sign_in("li", "not this one")

    assert visit(address="10.0.0.1").sign_in("li").status_code == 200


def test_whoever_tries_many_names_from_one_address_waits_for_all_of_them(visit: Visit, person: MakePerson) -> None:
    person("li")
    stranger = visit(address="10.9.9.9")
    answers = [stranger.sign_in(f"name{number}", "not this one").status_code for number in range(51)]

    assert answers[:50] == [401] * 50
    assert answers[50] == stranger.sign_in("li").status_code == 429


@pytest.mark.parametrize(
    "later", [pytest.param({"hours": 12}, id="idle for 12 h"), pytest.param({"hours": 25}, id="a day old")]
)
def test_a_session_ends(client: Client, person: MakePerson, clock: HandClock, later: dict[str, float]) -> None:
    person("li")
    client.sign_in("li")

    clock.forward(**later)

    assert client.get("/api/v1/me").status_code == 401


def test_signing_out_ends_the_session_on_this_side_too(client: Client, person: MakePerson) -> None:
    person("li")
    client.sign_in("li")
    cookie = client.http.cookies["zhishou_session"]

    assert client.post("/api/v1/sign-out").status_code == 204

    client.http.cookies.set("zhishou_session", cookie)
    assert client.get("/api/v1/me").status_code == 401


def test_a_new_password_ends_all_other_sessions(visit: Visit, person: MakePerson) -> None:
    person("li")
    here, elsewhere = visit(), visit()
    here.sign_in("li")
    elsewhere.sign_in("li")

    changed = here.post("/api/v1/me/password", json={"old": PASSWORD, "new": "another horse entirely"})

    assert changed.status_code == 204
    assert here.get("/api/v1/me").status_code == 200
    assert elsewhere.get("/api/v1/me").status_code == 401
    assert elsewhere.sign_in("li", "another horse entirely").status_code == 200


def test_a_disabled_person_is_out_at_once(visit: Visit, person: MakePerson) -> None:
    person("boss", scope="admin")
    person("li")
    boss, li = visit(), visit()
    boss.sign_in("boss")
    li.sign_in("li")

    assert boss.patch("/api/v1/people/li", json={"disabled": True}).status_code == 200

    assert li.get("/api/v1/me").status_code == 401
    assert li.sign_in("li").status_code == 401


def test_a_form_from_another_site_does_not_sign_anybody_in(client: Client, person: MakePerson) -> None:
    person("li")

    answer = client.post(
        "/api/v1/sign-in", json={"name": "li", "password": PASSWORD}, headers={"Origin": "http://elsewhere"}
    )

    assert answer.status_code == 403
