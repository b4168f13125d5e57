"""A centre and a collector as programs that log all they can, in folders of their own."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.collecting.programs import CLEAN, PYTHON, WITHIN_S, wait
from tests.probes.peers import free_port


@dataclass
class Programs:
    """``data`` is the centre's folder, ``state`` the collector's; logs lie beside them, the peers elsewhere."""

    folder: Path
    http: httpx.Client
    url: str
    agent_id: str
    devices: dict[str, set[str]] = field(default_factory=dict)

    def zhishou(self, *words: str, **env: str) -> str:
        return str(
            subprocess.run(
                [*PYTHON, "zhishou", *words],
                capture_output=True,
                text=True,
                check=True,
                env={**CLEAN, **env, "ZHISHOU_DATA": str(self.folder / "data")},
                timeout=WITHIN_S,
            ).stdout
        )

    def put(self, path: str, **words: Any) -> None:
        answer = self.http.put(f"/api/v1{path}", json=words)
        assert answer.status_code == 200, answer.text

    def add(
        self, device_no: str, protocols: dict[str, Any], secrets: dict[str, dict[str, str]], kind: str = "bmc"
    ) -> None:
        self.http.post("/api/v1/devices", json={"device_no": device_no, "kind": kind})
        for name, words in secrets.items():
            self.put(f"/devices/{device_no}/secrets/{name}", **words)
        self.put(
            f"/devices/{device_no}/collection", share="room", address="127.0.0.1", interval_s=5, protocols=protocols
        )
        self.devices[device_no] = set(protocols)

    def sources(self, device_no: str) -> dict[str, tuple[str | None, str]]:
        """Source → (gap, its sentence), of those that were asked at least once."""
        told = self.http.get(f"/api/v1/devices/{device_no}").json()["sources"]
        return {each["name"]: (each["gap"], each["detail"]) for each in told}

    def unasked(self) -> list[str]:
        return [device_no for device_no, ways in self.devices.items() if not ways <= set(self.sources(device_no))]

    def answers(self) -> Iterator[tuple[str, httpx.Response]]:
        """Every GET of the API, for every device, run and verification there is."""
        ids = {
            "agent_id": [self.agent_id],
            "device_no": [*self.devices],
            "run": [each["id"] for each in self.http.get("/api/v1/runs").json()["runs"]],
            "key": [each["number"] for each in self.http.get("/api/v1/verifications").json()["verifications"]],
            "template": ["host_round"],
        }
        ids["verification"] = ids["key"]
        for path, ways in self.http.get("/api/v1/openapi.json").json()["paths"].items():
            if "get" not in ways or path.endswith("/stream"):
                continue
            names = re.findall(r"{(\w+)}", path)
            assert set(names) <= set(ids), f"{path}: this test does not know what to ask it for"
            for one in ids[names[0]] if names else [""]:
                asked = path.replace(f"{{{names[0]}}}", str(one)) if names else path
                wanted = {"metric": "device_answered"} if path.endswith("/readings") and names else {}
                yield asked, self.http.get(asked, params=wanted)


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    folder = tmp_path / "kept"
    folder.mkdir()
    port, trap, syslog = free_port(), free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as end:

        def start(name: str, *words: str, **env: str) -> None:
            log = end.enter_context((folder / f"{name}.log").open("wb"))
            command = [*PYTHON, "zhishou", *words, "--log-level", "debug"]
            program = subprocess.Popen(command, stdout=log, stderr=log, env={**CLEAN, **env})
            end.callback(program.wait, WITHIN_S)
            end.callback(program.terminate)

        http = end.enter_context(httpx.Client(base_url=url, timeout=30, trust_env=False))
        here = Programs(folder, http, url, "")
        here.zhishou("secrets", "init", ZHISHOU_SECRETS_KEY=str(tmp_path / "key"))
        served = ("server", "run", "--data", str(folder / "data"), "--port", str(port))
        start("centre", *served, ZHISHOU_SECRETS_KEY=str(tmp_path / "key"), ZHISHOU_SEAL_SECONDS="2")

        def well() -> bool:
            try:
                return httpx.get(f"{url}/healthz", timeout=5, trust_env=False).status_code == 200
            except httpx.TransportError:
                return False

        wait(well)
        token = here.zhishou("token", "create", "test", "--scope", "admin").split()[-1]
        http.headers["Authorization"] = f"Bearer {token}"
        invitation = here.zhishou("enrolment", "create", "--device", "COL-1").split()[-1]
        state = ("--state", str(folder / "state"))
        enrolled = here.zhishou("collector", "enrol", "--server", url, *state, ZHISHOU_ENROLMENT_TOKEN=invitation)
        here.agent_id = enrolled.split()[2].rstrip(",")
        here.put("/collection/shares/room", active_id=here.agent_id, interval_s=60)
        ports = ("--trap-port", str(trap), "--syslog-port", str(syslog), "--listen", "127.0.0.1")
        start("collector", "collector", "run", *state, *ports)
        yield here
