"""A whole agent, with a command its own host allows, sends to a centre that orders it about in every answer."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from agent.host.root import Root
from agent.running import Passes
from agent.watched.sources import watched_sources
from tests.hostile_centre.answers import ORDERS, http, receipt

Agent = Any  # those of conftest, which a test folder without packages cannot import
Hostile = Any


def allow(tmp_path: Path, text: str) -> Root:
    etc = tmp_path / "etc"
    for folder in (etc, etc / "zhishou", etc / "zhishou" / "allowed.d"):
        folder.mkdir()
        folder.chmod(0o755)
    file = etc / "zhishou" / "allowed.d" / "own.yaml"
    file.write_text(text)
    file.chmod(0o644)
    (etc / "passwd").write_text(f"me:x:{os.getuid()}:{os.getgid()}::/:/bin/sh\n")
    (etc / "group").write_text("")
    return Root(etc=str(etc))


@pytest.mark.parametrize(
    "orders",
    [
        pytest.param(ORDERS, id="any"),
        pytest.param({"run": "canary", "commands": ["canary"], "now": True}, id="run what is allowed"),
        pytest.param({"commands": {"canary": {"argv": ["/bin/sh"], "every": "1 s"}}}, id="run it otherwise"),
        pytest.param({"files": {"log": {"path": "/etc/shadow"}}, "file_roots": ["/"]}, id="read otherwise"),
    ],
)
def test_a_command_runs_at_its_own_pace_and_no_order_changes_what_is_watched(
    orders: dict[str, Any], agent: Agent, hostile: Hostile, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    root = allow(
        tmp_path,
        f"commands: {{canary: {{argv: [/bin/sh, -c, 'echo x >> {ran}; echo 1'], user: me, every: 1 d}}}}",
    )
    hostile.words = lambda envelope: [
        http("200 OK", receipt(envelope, **orders), f"X-Orders: {json.dumps(orders)}\r\n")
    ]
    clocks = agent.uplink._clocks
    sources, logs = watched_sources(root, clocks, {}, patience_s=10.0, owner=os.getuid())
    passes = Passes(sources, logs, agent.spool, clocks)
    passes.take()
    assert ran.read_text() == "x\n"
    with agent.watching():
        for _ in range(6):
            agent.uplink.step()
            passes.take()
            agent.uplink.step()
    assert ran.read_text() == "x\n"
    assert agent.watch.done == []
    assert len(hostile.asked) >= 6
