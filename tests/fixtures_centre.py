"""A whole centre in a folder of its own, its clock in the test's hand, and clients that knock at its door."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.app import create_app
from server.audit.chain import Actor
from server.centre import Centre, Settings
from server.people.register import create_person
from server.people.tables import Person
from server.people.tokens import create_token

PASSWORD = "correct horse battery"
OURS = Actor("command", "test")


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


class Client:
    """A browser or a program, used from ordinary test functions. Keeps cookies; ``headers`` go with every request."""

    def __init__(self, centre: Centre, runner: asyncio.Runner, base_url: str, address: str = "127.0.0.1") -> None:
        transport = httpx.ASGITransport(create_app(centre), raise_app_exceptions=False, client=(address, 50000))
        self.http = httpx.AsyncClient(transport=transport, base_url=base_url)
        self.runner = runner

    def request(self, method: str, path: str, **what: Any) -> httpx.Response:
        return self.runner.run(self.http.request(method, path, **what))

    def get(self, path: str, **what: Any) -> httpx.Response:
        return self.request("GET", path, **what)

    def post(self, path: str, **what: Any) -> httpx.Response:
        return self.request("POST", path, **what)

    def patch(self, path: str, **what: Any) -> httpx.Response:
        return self.request("PATCH", path, **what)

    def delete(self, path: str, **what: Any) -> httpx.Response:
        return self.request("DELETE", path, **what)

    def bear(self, token: str) -> Client:
        self.http.headers["Authorization"] = f"Bearer {token}"
        return self

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """When it succeeds, later requests carry the CSRF token."""
        answer = self.post("/api/v1/sign-in", json={"name": name, "password": password})
        if answer.status_code == 200:
            self.http.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return answer


Visit = Callable[..., Client]
MakePerson = Callable[..., Person]
MakeToken = Callable[..., str]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def centre(tmp_path: Path, clock: HandClock) -> Iterator[Centre]:
    opened = Centre.open(Settings(data=tmp_path / "centre"), clock)
    yield opened
    opened.close()


@pytest.fixture
def visit(centre: Centre) -> Iterator[Visit]:
    """``visit()`` is a client nobody knows yet; ``visit(address="10.0.0.9")`` comes from elsewhere."""
    with asyncio.Runner() as runner:
        opened: list[Client] = []

        def knock(base_url: str = "http://centre", address: str = "127.0.0.1") -> Client:
            opened.append(Client(centre, runner, base_url, address))
            return opened[-1]

        yield knock
        for each in opened:
            runner.run(each.http.aclose())


@pytest.fixture
def client(visit: Visit) -> Client:
    return visit()


@pytest.fixture
def person(centre: Centre, clock: HandClock) -> MakePerson:
    """``person("li", "sysadmin", scope="write")``: PASSWORD opens for everybody."""

    def make(name: str, *posts: str, scope: str = "write", **more: Any) -> Person:
        return create_person(
            centre.records, name=name, password=PASSWORD, posts=posts, scope=scope, actor=OURS, now=clock(), **more
        )

    return make


@pytest.fixture
def token(centre: Centre, clock: HandClock) -> MakeToken:
    """``token("read")`` is the text of an API token with this scope."""

    def make(scope: str = "read", name: str = "") -> str:
        return create_token(centre.records, name=name or f"{scope} token", scope=scope, actor=OURS, now=clock())[1]

    return make
