"""The ledger over HTTP, and what a device that was never heard says of itself."""

from __future__ import annotations

import pytest

from server.centre import Centre
from server.devices.status import agent_state
from tests.fixtures_centre import Client, HandClock, MakeToken


@pytest.fixture
def writer(client: Client, token: MakeToken) -> Client:
    return client.bear(token("write"))


def test_a_device_that_was_never_heard_is_unknown_and_not_green(writer: Client) -> None:
    made = writer.post("/api/v1/devices", json={"device_no": "S-001", "name": "行情网关"})

    assert made.status_code == 201
    [device] = writer.get("/api/v1/devices").json()["devices"]
    assert device == made.json()
    assert device["health"] == "unknown"
    assert device["health_reason"].keys() == {"zh", "en"}
    assert device["agent"] == {"state": "never"}
    assert device["last_seen"] is None
    assert writer.get("/api/v1/devices/S-001").json() == {**device, "sources": [], "findings": []}


def test_a_number_is_given_once(writer: Client) -> None:
    writer.post("/api/v1/devices", json={"device_no": "S-001"})

    again = writer.post("/api/v1/devices", json={"device_no": " S-001 "})

    assert again.status_code == 409
    assert "S-001" in again.json()["detail"]


@pytest.mark.parametrize("device_no", ["", "a/b", "-1", "a b", "..", "x" * 65, "a\n", "_x", "a?b"])
def test_what_is_no_device_number_is_refused(writer: Client, device_no: str) -> None:
    answer = writer.post("/api/v1/devices", json={"device_no": device_no})

    assert answer.status_code in {409, 422} or (device_no == "a\n" and answer.json()["device_no"] == "a")


def test_a_chinese_number_is_one(writer: Client) -> None:
    assert writer.post("/api/v1/devices", json={"device_no": "机房一-01"}).status_code == 201
    assert writer.get("/api/v1/devices/机房一-01").json()["device_no"] == "机房一-01"


def test_a_device_nobody_knows_is_not_found_under_any_question(writer: Client) -> None:
    for question in ("", "/latest", "/events", "/findings", "/agents", "/readings?metric=x", "/coverage"):
        answer = writer.get(f"/api/v1/devices/none{question}")
        if question != "/agents":
            assert answer.status_code in {404, 422}, question


def test_a_body_beyond_bounds_is_refused(writer: Client) -> None:
    answer = writer.post("/api/v1/devices", json={"device_no": "S-001", "name": "x" * 2**21})

    assert answer.status_code in {413, 422}


@pytest.mark.parametrize(
    ("seconds", "state"),
    [
        pytest.param(0, "up", id="now"),
        pytest.param(30, "up", id="two intervals"),
        pytest.param(31, "late", id="beyond"),
        pytest.param(45, "late", id="three intervals"),
        pytest.param(46, "silent", id="stale"),
    ],
)
def test_an_agent_is_late_before_it_is_silent(clock: HandClock, seconds: float, state: str) -> None:
    heard_ms = int(clock().timestamp() * 1000)
    clock.forward(seconds=seconds)

    assert agent_state(heard_ms, 15.0, clock()) == state


def test_health_says_which_store_does_not_work(client: Client, centre: Centre) -> None:
    centre.settings.free_bytes_at_least = 2**62

    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert "bytes free" in answer.json()["reasons"][0]


def test_the_description_of_the_interface_has_every_promised_path(writer: Client) -> None:
    paths = writer.get("/api/v1/openapi.json").json()["paths"]

    assert {
        "/healthz",
        "/metrics",
        "/metrics/readings",
        "/api/v1/prometheus/targets",
        "/api/v1/batches",
        "/api/v1/enrol",
        "/api/v1/devices",
        "/api/v1/devices/{device_no}",
        "/api/v1/devices/{device_no}/latest",
        "/api/v1/devices/{device_no}/readings",
        "/api/v1/devices/{device_no}/events",
        "/api/v1/devices/{device_no}/findings",
        "/api/v1/devices/{device_no}/coverage",
    } <= paths.keys()
