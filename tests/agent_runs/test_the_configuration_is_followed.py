"""What the centre asks for is followed when every word may be; else the running one stays, and that is told."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.configuration import Configured
from agent.errands import AGAIN_AFTER_S, Errands
from agent.settings import Settings
from readings.delivery.credential import Credential, keep
from readings.delivery.rotation import Rotation
from readings.delivery.transport import Transport
from readings.model import Severity
from readings.wire import Receipt


class Seldom:
    name = "seldom"
    pace_s = 600.0


class Agent:
    """What a configuration can reach of an agent, and a centre that answers with ``says``."""

    def __init__(self, state: Path) -> None:
        self.interval_s = 0.0
        self.told: list[str] = []
        self.seldom = Seldom()
        self.says: Any = {}
        self.asked: list[str] = []
        self.clock = 1000.0
        settings = Settings(interval_s=15.0, log_level="WARNING", state=state)
        self.configured = Configured(
            state, settings, follow=self._follow, paced={"seldom": self.seldom}, tell=self._tell
        )
        self.configured.start()
        http = httpx.Client(base_url="http://127.0.0.1", transport=httpx.MockTransport(self._answer))
        credential = Credential("http://127.0.0.1", "agent-1", "S-1", "zsa_first")
        self.transport = Transport(http, credential.credential)
        rotation = Rotation(http, state, credential, self.transport, every_s=1e9, wall_s=lambda: 0.0)
        self.errands = Errands(http, self.configured, rotation, monotonic=lambda: self.clock)

    def _follow(self, seconds: float) -> None:
        self.interval_s = seconds

    def _tell(self, kind: str, severity: Severity, text: str) -> None:
        assert severity is Severity.WARNING
        self.told.append(f"{kind}: {text}")

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path} {request.headers['authorization']}")
        if request.url.path.endswith("/credential"):
            return httpx.Response(201, stream=httpx.ByteStream(b'{"credential": "zsa_second"}'))
        if isinstance(self.says, httpx.Response):
            return self.says
        body = self.says if isinstance(self.says, bytes) else json.dumps(self.says).encode()
        return httpx.Response(200, stream=httpx.ByteStream(body))  # as off the wire: read piece by piece

    def receives(self, revision: int) -> None:
        self.errands.after(Receipt("epoch", 1, 0, 0, configuration_revision=revision))

    def state(self) -> tuple[float, int, float]:
        return self.interval_s, logging.getLogger().level, self.seldom.pace_s


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    level = logging.getLogger().level
    yield Agent(tmp_path)
    logging.getLogger().setLevel(level)


def document(revision: int = 1, *, rotate: bool = False, **settings: Any) -> dict[str, Any]:
    return {"revision": revision, "settings": settings, "rotate_credential": rotate}


def test_another_revision_is_fetched_once_and_followed(agent: Agent) -> None:
    agent.says = document(interval_s=60, log_level="DEBUG", paces={"seldom": 30})
    for _ in range(3):
        agent.receives(1)
    assert agent.state() == (60, logging.DEBUG, 30)
    assert agent.asked == ["GET /api/v1/agents/self/configuration Bearer zsa_first"]
    assert agent.told == []


def test_the_same_revision_asks_for_nothing(agent: Agent) -> None:
    agent.receives(0)
    assert agent.asked == []


def test_what_is_taken_back_is_the_hosts_own_again(agent: Agent) -> None:
    agent.says = document(1, interval_s=60, log_level="DEBUG", paces={"seldom": 30})
    agent.receives(1)
    agent.says = document(2)
    agent.receives(2)
    assert agent.state() == (15, logging.WARNING, 600)


def test_it_is_followed_from_the_start_of_the_next_process(agent: Agent, tmp_path: Path) -> None:
    agent.says = document(3, interval_s=60, paces={"seldom": 30})
    agent.receives(3)

    again = Agent(tmp_path)
    again.receives(3)

    assert again.state()[0::2] == (60, 30)
    assert again.asked == []


@pytest.mark.parametrize(
    ("says", "because"),
    [
        pytest.param(document(2, interval_s=0.1), "interval_s: 0.1 s", id="too often"),
        pytest.param(document(2, interval_s=86_400), "interval_s: 86400 s", id="too seldom"),
        pytest.param(document(2, interval_s="soon"), "`$.settings.interval_s`", id="no number"),
        pytest.param(document(2, interval_s=True), "`$.settings.interval_s`", id="a truth"),
        pytest.param(document(2, log_level="LOUD"), "`$.settings.log_level`", id="no level"),
        pytest.param(document(2, paces={"cpu": 60}), "paces.cpu: no such source", id="a source without a pace"),
        pytest.param(document(2, paces={"seldom": 1}), "paces.seldom: 1 s", id="too quick a pace"),
        pytest.param(document(2, interval_s=60, command=["reboot"]), "unknown field `command`", id="a command"),
        pytest.param(document(2, allowed={"x": ["sh"]}), "unknown field `allowed`", id="what may be run"),
        pytest.param(document(2, root="/etc"), "unknown field `root`", id="another root"),
        pytest.param(document(2, server="https://elsewhere"), "unknown field `server`", id="another centre"),
        pytest.param({**document(2), "run": "reboot"}, "unknown field `run`", id="beside the settings"),
        pytest.param({"settings": {}}, "missing required field `revision`", id="no revision"),
        pytest.param([], "array", id="a list"),
        pytest.param(b"<html>", "malformed", id="no JSON"),
        pytest.param(b'{"revision": 2, "settings": {"log_level": "\xff"}}', "utf-8", id="no text"),
        pytest.param(b" " * 200_000, "truncated", id="without end"),
    ],
)
def test_anything_else_is_refused_told_and_the_running_one_stays(says: Any, because: str, agent: Agent) -> None:
    agent.says = document(1, interval_s=60, log_level="ERROR", paces={"seldom": 30})
    agent.receives(1)
    before = agent.state()

    agent.says = says
    for _ in range(3):
        agent.receives(2)

    assert agent.state() == before == (60, logging.ERROR, 30)
    [told] = agent.told
    assert told.startswith("configuration_refused: configuration 2 of the centre is refused, 1 stays: ")
    assert because in told
    assert len(agent.asked) == 2, "a refused one is not fetched again"


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(httpx.Response(500, stream=httpx.ByteStream(b"")), id="an error"),
        pytest.param(
            httpx.Response(302, headers={"Location": "http://127.0.0.1:1/x"}, stream=httpx.ByteStream(b"")),
            id="elsewhere",
        ),
        pytest.param(httpx.Response(404, stream=httpx.ByteStream(b"")), id="an older centre"),
    ],
)
def test_no_answer_is_asked_for_again_a_minute_later(says: httpx.Response, agent: Agent) -> None:
    agent.says = says
    agent.receives(1)
    agent.receives(1)
    assert len(agent.asked) == 1
    agent.clock += AGAIN_AFTER_S
    agent.says = document(interval_s=60)
    agent.receives(1)
    assert agent.interval_s == 60
    assert all("/api/v1/agents/self/configuration" in asked for asked in agent.asked)


def test_a_rotation_that_is_wished_for_is_done_once(agent: Agent, tmp_path: Path) -> None:
    keep(tmp_path, Credential("http://127.0.0.1", "agent-1", "S-1", "zsa_first"))
    agent.says = document(1, rotate=True)
    for _ in range(3):
        agent.receives(1)
    assert [asked.split()[0] for asked in agent.asked] == ["GET", "POST"]
    assert "zsa_second" in (tmp_path / "credential.json").read_text()

    again = Agent(tmp_path)
    again.receives(1)
    assert again.asked == [], "nor by the next process"


def test_a_damaged_file_is_as_good_as_none(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "configuration.json").write_bytes(b'{"revision": 7')
    again = Agent(tmp_path)
    again.says = document(7, interval_s=60)
    again.receives(7)
    assert again.interval_s == 60
