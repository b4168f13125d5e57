"""Scopes, posts, CSRF, and the line between programs and people."""

from __future__ import annotations

import pytest

from server.people.posts import POSTS, PostRefused, check_posts
from tests.fixtures_centre import Client, MakePerson, MakeToken, Visit

NEW_TOKEN = {"name": "x", "scope": "read"}


def test_without_a_credential_everything_but_health_is_refused_with_a_problem(client: Client) -> None:
    assert client.get("/healthz").status_code == 200
    for path in ("/api/v1/devices", "/api/v1/openapi.json", "/api/v1/people", "/api/v1/me"):
        answer = client.get(path)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_reading_token_reads_and_does_not_write(client: Client, token: MakeToken) -> None:
    client.bear(token("read"))

    assert client.get("/api/v1/devices").status_code == 200
    refused = client.post("/api/v1/devices", json={"device_no": "S-1"})
    assert refused.status_code == 403
    assert "write" in refused.json()["detail"]


def test_a_writing_token_does_not_administer(client: Client, token: MakeToken) -> None:
    client.bear(token("write"))

    assert client.post("/api/v1/devices", json={"device_no": "S-1"}).status_code == 201
    assert client.post("/api/v1/tokens", json=NEW_TOKEN).status_code == 403


def test_no_token_acts_as_a_person(client: Client, token: MakeToken) -> None:
    client.bear(token("admin"))

    for method, path in (("GET", "/api/v1/me"), ("POST", "/api/v1/me/password"), ("POST", "/api/v1/sign-out")):
        answer = client.request(method, path, json={"old": "x", "new": "y"} if method == "POST" else None)
        assert answer.status_code == 403, path
        assert "token" in answer.json()["detail"]


def test_a_revoked_token_is_nobody(visit: Visit, token: MakeToken) -> None:
    prometheus, boss = visit().bear(token("read", "prometheus")), visit().bear(token("admin"))
    assert prometheus.get("/api/v1/devices").status_code == 200

    assert boss.delete("/api/v1/tokens/prometheus").status_code == 204

    assert prometheus.get("/api/v1/devices").status_code == 401


def test_a_wrong_token_is_refused_even_with_a_good_cookie(client: Client, person: MakePerson) -> None:
    person("li")
    client.sign_in("li")

    assert client.get("/api/v1/devices", headers={"Authorization": "Bearer zst_nonsense"}).status_code == 401
    assert client.get("/api/v1/devices", headers={"Authorization": "Basic bGk6eA=="}).status_code == 401


def test_a_change_by_cookie_needs_the_csrf_token(client: Client, person: MakePerson) -> None:
    person("boss", scope="admin")
    csrf = client.sign_in("boss").json()["csrf"]
    del client.http.headers["X-CSRF-Token"]

    assert client.post("/api/v1/tokens", json=NEW_TOKEN).status_code == 403
    assert client.post("/api/v1/tokens", json=NEW_TOKEN, headers={"X-CSRF-Token": b"\xe9"}).status_code == 403
    assert client.post("/sign-out", data={"csrf": "wrong"}).status_code == 403
    assert client.post("/sign-out", data={"csrf": csrf}).status_code == 303


def test_a_new_persons_password_is_never_repeated_in_an_error(client: Client, token: MakeToken) -> None:
    client.bear(token("admin"))

    short = client.post("/api/v1/people", json={"name": "li", "password": "s3cr3t!"})
    shapeless = client.post("/api/v1/people", json={"password": "s3cr3t!"})

    assert short.status_code == shapeless.status_code == 422
    assert "s3cr3t!" not in short.text + shapeless.text


@pytest.mark.parametrize("other", ["netadmin", "sysadmin", "appadmin", "dba"])
def test_who_checks_security_does_not_operate(client: Client, token: MakeToken, other: str) -> None:
    client.bear(token("admin"))

    refused = client.post(
        "/api/v1/people",
        json={"name": "li", "password": "correct horse battery", "posts": ["security_admin", other]},
    )

    assert refused.status_code == 422
    assert "1.1-4" in refused.json()["detail"]
    assert other in refused.json()["detail"]


def test_the_conflict_is_refused_when_it_comes_step_by_step(
    client: Client, token: MakeToken, person: MakePerson
) -> None:
    person("li", "dba")
    client.bear(token("admin"))

    assert client.patch("/api/v1/people/li", json={"posts": ["dba", "security_admin"]}).status_code == 422
    assert client.get("/api/v1/people").json()["people"][0]["posts"] == ["dba"]


def test_auxiliary_posts_may_be_held_beside_security() -> None:
    assert check_posts(["general_admin", "security_admin", "room_admin", "room_admin"]) == [
        "room_admin",
        "security_admin",
        "general_admin",
    ]


def test_a_post_that_is_not_in_the_list_is_named() -> None:
    with pytest.raises(PostRefused, match="captain"):
        check_posts(["captain"])
    assert len(POSTS) == 12


def test_errors_are_problems_whatever_goes_wrong(client: Client, token: MakeToken) -> None:
    client.bear(token("admin"))

    for status, answer in (
        (404, client.get("/api/v1/nothing/here")),
        (405, client.delete("/api/v1/devices")),
        (422, client.post("/api/v1/devices", content=b"{", headers={"Content-Type": "application/json"})),
        (404, client.get("/api/v1/devices/none")),
    ):
        problem = answer.json()
        assert answer.status_code == problem["status"] == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "detail", "instance"} <= problem.keys()
