"""A real centre with its agent, and Debian's Prometheus scraping it with the configuration we ship."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
PATIENCE_S = 90.0
T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], log: Path, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """The program, ended by SIGTERM (SIGKILL if it does not listen); its output goes to ``log``."""
    with log.open("wb") as output:
        program = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(env or {})})
        try:
            yield program
        finally:
            program.terminate()
            try:
                program.wait(timeout=20)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()


def until(what: str, ask: Callable[[], T | None], log: Path) -> T:
    """What ``ask`` answers once it is true. Fails after PATIENCE_S with the end of the log."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if answer := ask():
                return answer
        except httpx.TransportError:
            pass
        time.sleep(0.25)
    tail = log.read_text(errors="replace")[-3000:]
    pytest.fail(f"{what}: not within {PATIENCE_S:g} s; {log.name} ends:\n{tail}", pytrace=False)


@dataclass
class Centre:
    """A running centre as somebody with a read token sees it."""

    url: str
    token: str
    log: Path

    def get(self, path: str, **params: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.get(f"{self.url}{path}", params=params, headers=headers, timeout=10)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer

    def devices(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/api/v1/devices").json()["devices"]
        return found


@dataclass
class Prometheus:
    """A running Prometheus."""

    url: str
    log: Path

    def ask(self, path: str, **params: str) -> Any:
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=params, timeout=10).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def series(self, query: str) -> list[dict[str, Any]]:
        """The result of an instant query; a scalar or a string counts as one series."""
        answer = self.ask("query", query=query)
        result: list[dict[str, Any]] = answer["result"]
        return result if answer["resultType"] in {"vector", "matrix"} else [{"value": result}]


@pytest.fixture(scope="session")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """`zhishou up` for this host in a folder of its own, a reading every second or two."""
    folder = tmp_path_factory.mktemp("centre")
    zhishou = str(Path(sys.executable).with_name("zhishou"))
    port, stored, log = free_port(), str(folder / "data"), folder / "up.log"
    command = [zhishou, "up", "--data", stored, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--trap-port", "0", "--syslog-port", "0"]
    with running(command, log, {"ZHISHOU_AGENT_INTERVAL_S": "2", "ZHISHOU_ADMIN_PASSWORD": "a long enough password"}):
        url = f"http://127.0.0.1:{port}"
        until("healthz", lambda: httpx.get(f"{url}/healthz", timeout=5).status_code == 200, log)
        made = subprocess.run(
            [zhishou, "token", "create", "prometheus", "--scope", "read", "--data", stored],
            capture_output=True,
            text=True,
            check=True,
        )
        found = Centre(url, made.stdout.split()[-1], log)
        until("a device with readings", lambda: [d for d in found.devices() if d["last_seen"]], log)
        yield found


@pytest.fixture(scope="session")
def prometheus(
    centre: Centre, peer: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """Our configuration with address, token file and intervals put in; ready once every target was scraped thrice."""
    folder = tmp_path_factory.mktemp("prometheus")
    configuration = substituted(centre, folder)
    port, log = free_port(), folder / "prometheus.log"
    command = [
        peer("prometheus"),
        f"--config.file={configuration}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    with running(command, log):
        watching = Prometheus(f"http://127.0.0.1:{port}", log)
        until("Prometheus", lambda: httpx.get(f"{watching.url}/-/ready", timeout=5).status_code == 200, log)
        devices = len(centre.devices())
        thrice = f"count(count_over_time(up[5m]) >= 6) >= {devices + 1}"
        until("six scrapes of every target", lambda: watching.series(thrice), log)
        yield watching


def substituted(centre: Centre, folder: Path) -> Path:
    """The shipped configuration for this centre: same text, other address, token file and intervals."""
    token_file = folder / "zhishou.token"
    token_file.write_text(centre.token)
    text = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
    text = text.replace("127.0.0.1:8650", centre.url.removeprefix("http://"))
    text = text.replace("/etc/prometheus/zhishou.token", str(token_file))
    text = re.sub(r"(scrape_interval|evaluation_interval|refresh_interval): \d+s", r"\1: 2s", text)
    shutil.copy(DEPLOY / "prometheus" / "alerts.yml", folder / "alerts.yml")
    configuration = folder / "prometheus.yml"
    configuration.write_text(text)
    return configuration
