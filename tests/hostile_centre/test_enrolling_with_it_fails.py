"""Enrolment answered by a hostile centre: no credential is taken from it, and nothing else happens."""

from __future__ import annotations

import encodings.idna  # noqa: F401 - Python loads it at its first connection, and that opens files
import json
import tracemalloc
from typing import Any

import pytest
import zstandard

from readings.delivery.enrolment import EnrolmentFailed, enrol
from readings.delivery.https import client
from tests.hostile_centre.answers import BOMB, PROBLEM, always, endless, http

Hostile = Any  # those of conftest, which a test folder without packages cannot import
Watch = Any


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(always(http("302 X", b"", "Location: http://127.0.0.1:1/\r\n")), id="elsewhere"),
        pytest.param(endless(http("201 X", sized=False), b"x" * 65536), id="without end"),
        pytest.param(endless(b"HTTP/1.1 201 X\r\n", b"X-A: b\r\n", 0.05), id="drop by drop"),
        pytest.param(always(http("201 X", zstandard.compress(BOMB), "Content-Encoding: zstd\r\n")), id="a bomb"),
        pytest.param(always(http("201 X", b"[" * 60_000)), id="deep"),
        pytest.param(always(http("403 X", b"[" * 60_000, PROBLEM)), id="a deep error"),
        pytest.param(
            always(
                http("201 X", json.dumps({"agent_id": "a", "device_no": "d", "credential": "x\r\nHost: y"}).encode())
            ),
            id="a credential that breaks the line",
        ),
        pytest.param(
            always(http("201 X", json.dumps({"agent_id": "a" * 9000, "device_no": "d", "credential": "x"}).encode())),
            id="a name without end",
        ),
    ],
)
def test_enrolling_with_it_fails_and_does_nothing_else(words: Any, hostile: Hostile, watch: Watch) -> None:
    hostile.words = words
    tracemalloc.start()
    watch.looking = True
    try:
        with client(hostile.url, None) as http_client, pytest.raises(EnrolmentFailed):
            enrol(http_client, hostile.url, "token", "host", {}, within_s=0.5)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        watch.looking = False
        tracemalloc.stop()
    assert watch.done == []
    assert peak < 16 * 2**20
