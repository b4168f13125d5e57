"""Beside centre and agent a collector: whoever adds a device has its readings, and nothing else is to be done."""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.command_line.conftest import WITHIN_S, Run, Start, Up, left_running
from tests.polling.conftest import Responder, free_port, responder

__all__ = ["responder"]  # the fixture, for these tests too

PASSWORD = "correct horse battery"


def wait(until: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + WITHIN_S
    while not (found := until()):
        assert time.monotonic() < end, what
        time.sleep(0.1)
    return found


@dataclass
class House:
    """A running ``zhishou up``, and its administrator signed in."""

    up: Up
    http: httpx.Client

    def get(self, path: str) -> Any:
        answer = self.http.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, path: str, **words: Any) -> None:
        answer = self.http.put(f"/api/v1{path}", json=words)
        assert answer.status_code == 200, answer.text

    def add_sensor(self, responder: Responder) -> None:
        """A temperature sensor by SNMP, as a user would over the API."""
        added = self.http.post("/api/v1/devices", json={"device_no": "T-1", "kind": "environment"})
        assert added.status_code == 201, added.text
        self.put("/devices/T-1/secrets/snmp", community="geist")
        ways = {"snmp": {"port": responder.port}, "syslog": {}}
        self.put("/devices/T-1/collection", share="local", address="127.0.0.1", interval_s=5, protocols=ways)

    def hearing(self) -> float | None:
        """Whether the collector says that it hears traps; None before."""
        [collector] = [each for each in self.get("/devices")["devices"] if each["kind"] == "collector"]
        latest = self.get(f"/devices/{collector['device_no']}/latest")["readings"]
        return next((each["value"] for each in latest if each["metric"] == "listener_hearing"), None)

    def read_at(self, device_no: str) -> str:
        """When its temperature was read last; "" before."""
        series = self.get(f"/devices/{device_no}/latest")["readings"]
        read = [each for each in series if each["metric"] == "temperature_celsius" and each["value"] is not None]
        return max((each["at"] for each in read), default="")


@pytest.fixture
def house(start: Start) -> Iterator[Callable[..., House]]:
    clients: list[httpx.Client] = []

    def begin(*words: str) -> House:
        up = start(*words, env={"ZHISHOU_ADMIN_PASSWORD": PASSWORD})
        client = httpx.Client(base_url=up.url, timeout=30, trust_env=False)
        clients.append(client)
        signed_in = client.post("/api/v1/sign-in", json={"name": "admin", "password": PASSWORD})
        assert signed_in.status_code == 200
        client.headers["X-CSRF-Token"] = signed_in.json()["csrf"]
        return House(up, client)

    yield begin
    for client in clients:
        client.close()


def test_a_device_that_is_added_is_read_heard_and_on_its_page(
    house: Callable[..., House], responder: Responder
) -> None:
    syslog = free_port()
    here = house("--syslog-port", str(syslog))
    here.add_sensor(responder)

    before = wait(lambda: here.read_at("T-1"), "a temperature of the sensor")
    page = here.http.get("/devices/T-1")
    assert page.status_code == 200
    assert "℃" in page.text

    def told() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"<186>Nov 25 08:00:00 sensor door open", ("127.0.0.1", syslog))
        return any("door open" in event["text"] for event in here.get("/devices/T-1/events")["events"])

    wait(told, "its syslog line as an event")

    [collector] = [each for each in here.get("/devices")["devices"] if each["kind"] == "collector"]
    wait(lambda: here.get(f"/devices/{collector['device_no']}")["health"] == "normal", "the collector's own health")
    assert "采集器" in here.http.get(f"/devices/{collector['device_no']}").text

    child = here.up.child("collector run")
    behind_it = child.children(recursive=True)
    assert behind_it, "what listens does so in a process of its own"
    child.kill()
    here.up.wait_for(r"collector ended \(signal 9\); starting it again in 1 s")
    wait(lambda: here.read_at("T-1") > before, "a temperature read after that")
    assert left_running(behind_it) == []

    everybody = psutil.Process(here.up.program.pid).children(recursive=True)
    assert here.up.stop() == 0
    assert left_running(everybody) == []
    assert "geist" not in "\n".join(here.up.lines), "the community is no line of a log"


def test_a_port_that_is_taken_is_said_and_the_house_goes_on(
    house: Callable[..., House], responder: Responder, run: Run, tmp_path: Path
) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        here = house("--trap-port", str(port))
        said = rf"cannot listen: .*127\.0\.0\.1 port {port}: Address already in use"
        here.up.wait_for(rf"collector +\| .*traps: nothing is heard: {said}")
        wait(lambda: here.hearing() == 0, "that the collector is deaf, as a reading")
    wait(lambda: here.hearing() == 1, "that it hears again when the port is free")

    # And by commands alone: what a scan finds is looked over, numbered, added, and read.
    scan = ("collector", "scan", "127.0.0.1/32", "--port", str(responder.port), "--json")
    [found] = json.loads(run(*scan, ZHISHOU_SNMP_COMMUNITY="geist").stdout)
    file = tmp_path / "found.json"
    file.write_text(json.dumps([{**found, "device_no": "T-1"}]))
    added = run("device", "import", str(file), "--interval", "5", stdin="geist\n")
    assert added.stdout.startswith("T-1: new in the ledger (environment); asked at 127.0.0.1, share local by snmp")
    assert wait(lambda: here.read_at("T-1"), "a temperature of the sensor")
    assert here.get("/devices/T-1")["card"]["serial"] == found["serial"]
    assert run("device", "import", str(file), stdin="geist\n").stdout.startswith(found["address"])


@pytest.mark.parametrize("words", [("--trap-port", "70000"), ("--syslog-port", "x")], ids=["too large", "no number"])
def test_what_is_no_port_is_refused_before_anything_starts(run: Run, words: tuple[str, str]) -> None:
    refused = run("up", "--port", "0", *words)
    assert refused.returncode == 2
    assert "is no port: 0 to 65535" in refused.stderr


def test_the_same_folder_goes_on_and_a_lost_collector_is_put_in_its_place_again(
    house: Callable[..., House], responder: Responder, run: Run
) -> None:
    run("token", "create", "older", "--scope", "read")  # a folder of a version that knew no collector
    first = house()
    key = first.up.data.with_name("data.secrets-key")
    sealing = key.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    first.add_sensor(responder)
    [share] = first.get("/collection/shares")["shares"]
    assert first.up.stop() == 0

    again = house()
    assert again.get("/collection/shares")["shares"][0]["active_id"] == share["active_id"]
    assert key.read_bytes() == sealing
    wait(lambda: again.read_at("T-1"), "the secret is still there to ask with")
    assert again.up.stop() == 0

    shutil.rmtree(again.up.data / "collector")
    key.rename(key.with_name("aside"))
    anew = house()
    anew.up.wait_for(r"data\.secrets-key: gone, and the secrets of devices are sealed with it: put it back")
    assert not key.exists(), "a new one would hide that the old one is missing"
    [now] = anew.get("/collection/shares")["shares"]
    assert now["active_id"] != share["active_id"]
    kinds = [each["kind"] for each in anew.get("/devices")["devices"]]
    assert sorted(kinds) == ["collector", "environment", "server"]
    before = anew.read_at("T-1")
    key.with_name("aside").rename(key)
    wait(lambda: anew.read_at("T-1") > before, "with the key back it is asked again")
