"""A page shows what a device says, however absurd: one device's word never makes an error."""

from __future__ import annotations

from typing import Any

import pytest

from server.times import rfc3339
from server.web import device
from server.web.sight import Value


@pytest.mark.parametrize("uptime", [1e308, -1e308, 1e15, -1.0])
def test_an_absurd_uptime_is_shown_and_nothing_is_said_of_the_start(paper: Any, now_ms: int, uptime: float) -> None:
    ledger = paper.add("A-1")
    paper.values["A-1"] = [Value("uptime_seconds", "", uptime, None, now_ms, stale=False, unit="seconds", name={})]
    seen = device.view(paper.glance(), ledger)
    assert seen.uptime is not None
    assert seen.booted == ""


def test_the_start_is_as_long_ago_as_the_uptime_says(paper: Any, now_ms: int) -> None:
    ledger = paper.add("A-1")
    paper.values["A-1"] = [Value("uptime_seconds", "", 60.0, None, now_ms, stale=False, unit="seconds", name={})]
    assert device.view(paper.glance(), ledger).booted == rfc3339(now_ms - 60_000)
