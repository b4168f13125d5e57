"""A real centre, ``zhishou collector run`` beside it and agents that play recordings: readings arrive under the right
device, and when the agents are gone nothing of them is taken for well.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.stand import free_port
from tests.collecting.programs import CLEAN, PYTHON, WITHIN_S, wait
from tests.polling.conftest import Responder, cut
from tests.polling.conftest import free_port as free_datagram_port

ZHISHOU = [*PYTHON, "zhishou"]
USER = {
    "user": "watcher",
    "auth": "SHA",
    "auth_key": "authpass12",
    "privacy": "AES",
    "privacy_key": "privpass12",
}


CHARGED = ("ups_battery_charge_ratio", "")


@dataclass
class Machines:
    """What the centre says of the devices, and the responder that plays them."""

    http: httpx.Client
    responder: Responder

    def latest(self, device_no: str) -> dict[tuple[str, str], dict[str, Any]]:
        told = self.http.get(f"/api/v1/devices/{device_no}/latest").json()["readings"]
        return {(one["metric"], one["part"]): one for one in told}

    def health(self, device_no: str) -> str:
        return str(self.http.get(f"/api/v1/devices/{device_no}").json()["health"])


@pytest.fixture
def agents(tmp_path: Path) -> Iterator[Responder]:
    """A UPS for the community "eaton", a temperature sensor for the community "geist" and for the user of v3."""
    folder = tmp_path / "agents"
    folder.mkdir()
    (folder / "eaton.snmprec").write_text(cut("eaton-93e-80", r"1\.3\.6\.1\.(2\.1\.(1|2|33)|4\.1\.534)\."), "latin-1")
    for name in ("geist", "self"):
        (folder / f"{name}.snmprec").write_text(cut("geist-temperature-sensor", r"1\.3\.6\.1\."))
    running = Responder(folder, free_datagram_port())
    running.start()
    yield running
    running.stop()


@pytest.fixture
def machines(tmp_path: Path, agents: Responder) -> Iterator[Machines]:
    data, state = tmp_path / "data", tmp_path / "collector"
    port = free_port()
    url = f"http://127.0.0.1:{port}"

    def said(*words: str, given: str = "") -> str:
        ran = subprocess.run(
            [*ZHISHOU, *words], input=given, capture_output=True, text=True, check=True, env=CLEAN, timeout=WITHIN_S
        )
        return ran.stdout

    with ExitStack() as end:

        def start(name: str, *words: str) -> None:
            log = end.enter_context((tmp_path / f"{name}.log").open("wb"))
            program = subprocess.Popen([*ZHISHOU, *words], stdout=log, stderr=log, env=CLEAN)
            end.callback(program.wait, WITHIN_S)
            end.callback(program.terminate)

        def answers() -> bool:
            try:
                return httpx.get(f"{url}/healthz", timeout=5).status_code == 200
            except httpx.TransportError:
                return False

        said("secrets", "init", "--data", str(data))
        start("centre", "server", "run", "--data", str(data), "--port", str(port))
        wait(answers)
        token = said("token", "create", "test", "--scope", "admin", "--data", str(data)).split()[-1]
        invitation = said("enrolment", "create", "--device", "COL-1", "--data", str(data)).split()[-1]
        enrolled = said("collector", "enrol", "--server", url, "--state", str(state), given=f"{invitation}\n")
        agent_id = enrolled.removeprefix("enrolled as ").partition(",")[0]
        http = end.enter_context(
            httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False)
        )

        def put(path: str, **words: Any) -> None:
            answer = http.put(f"/api/v1{path}", json=words)
            assert answer.status_code == 200, answer.text

        put("/collection/shares/room", active_id=agent_id, interval_s=5)
        oracle = {"engine": "oracle", "port": 1521}
        for device_no, kind, secret, protocols in (
            ("UPS-1", "ups", {"community": "eaton"}, {"snmp": {"port": agents.port}, "sql": oracle}),
            ("ENV-1", "sensor", USER, {"snmp": {"port": agents.port, "version": "3"}}),
        ):
            assert http.post("/api/v1/devices", json={"device_no": device_no, "kind": kind}).status_code == 201
            put(f"/devices/{device_no}/secrets/snmp", **secret)
            put(
                f"/devices/{device_no}/collection",
                share="room",
                address="127.0.0.1",
                interval_s=5,
                protocols=protocols,
            )
        start(
            *("collector", "collector", "run", "--server", url, "--state", str(state), "--listen", "127.0.0.1"),
            *("--trap-port", "0", "--syslog-port", "0"),
        )
        yield Machines(http, agents)


def test_readings_are_under_their_device_and_nothing_is_well_when_its_agent_is_gone(machines: Machines) -> None:
    warm, charged, sql = ("temperature_celsius", "Above Rack 02"), CHARGED, ("source_success", "sql")
    wait(lambda: warm in machines.latest("ENV-1") and charged in machines.latest("UPS-1"))
    assert machines.latest("ENV-1")[warm]["value"] == 18.5
    assert charged not in machines.latest("ENV-1")
    assert warm not in machines.latest("UPS-1")
    assert machines.latest("UPS-1")[sql]["gap"] == "not_offered", "Oracle is not asked yet, and that is said"
    assert "unreachable" not in {machines.health("ENV-1"), machines.health("UPS-1")}

    machines.responder.stop()

    for device_no, series in (("ENV-1", warm), ("UPS-1", charged)):
        wait(lambda: machines.latest(device_no)[series].get("gap") == "unreachable")  # noqa: B023 - called here only
        wait(lambda: machines.health(device_no) == "unreachable")  # noqa: B023 - called here only
        assert "value" not in machines.latest(device_no)[series]
