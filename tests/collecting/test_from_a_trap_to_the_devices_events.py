"""A real centre, a collector beside it and real senders: what a device sends is among its events within seconds.

And what it is asked with is nowhere but in the memory of those two and, sealed, in the records.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.stand import free_port
from readings.delivery.credential import keep
from readings.delivery.enrolment import enrol
from tests.collecting.programs import CLEAN, PYTHON, WITHIN_S, wait

PLANTED = "n0b0dy-shall-see-this"
A_COLLECTOR = [sys.executable, str(Path(__file__).with_name("a_collector.py"))]
UPS_ON_BATTERY = "1.3.6.1.2.1.33.2.1"
BURST = 100_000
MOST_MEMORY_KIB = 400 * 1024  # of the process that listens: what waits is bounded at 50,000 messages and 64 MiB


@dataclass
class Room:
    """Centre and collector with one UPS, each a process of its own that logs all it can."""

    folder: Path
    http: httpx.Client
    trap_port: int
    syslog_port: int
    programs: list[subprocess.Popen[bytes]]

    def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/api/v1/devices/UPS-1/events").json()["events"]
        return found

    def put(self, path: str, **words: Any) -> None:
        answer = self.http.put(f"/api/v1{path}", json=words)
        assert answer.status_code == 200, answer.text

    def everything(self) -> bytes:
        """All files of both, their logs with them, without the key."""
        files = [file for file in self.folder.rglob("*") if file.is_file() and not file.name.endswith("secrets-key")]
        return b"".join(file.read_bytes() for file in files)

    def processes(self) -> list[int]:
        """Both programs and all their children."""
        found = [program.pid for program in self.programs]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += [int(child) for child in task.read_text().split()]
        return found


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    data, state = tmp_path / "data", tmp_path / "collector"
    port, trap_port, syslog_port = free_port(), free_port(), free_port()
    url = f"http://127.0.0.1:{port}"

    def zhishou(*words: str) -> str:
        command = [*PYTHON, "zhishou", *words, "--data", str(data)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True, env=CLEAN, timeout=WITHIN_S)
        return ran.stdout.split()[-1]

    with ExitStack() as end:
        programs: list[subprocess.Popen[bytes]] = []

        def start(name: str, *words: str) -> None:
            log = end.enter_context((tmp_path / f"{name}.log").open("wb"))
            program = subprocess.Popen([*words], stdout=log, stderr=log, env=CLEAN)
            end.callback(program.wait, WITHIN_S)
            end.callback(program.terminate)
            programs.append(program)

        def answers() -> bool:
            try:
                return httpx.get(f"{url}/healthz", timeout=5).status_code == 200
            except httpx.TransportError:
                return False

        zhishou("secrets", "init")
        start(
            "centre",
            *PYTHON,
            "zhishou",
            "server",
            "run",
            "--data",
            str(data),
            "--port",
            str(port),
            "--log-level",
            "debug",
        )
        wait(answers)
        token = zhishou("token", "create", "test", "--scope", "admin")
        http = end.enter_context(
            httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False)
        )
        with httpx.Client(base_url=url, trust_env=False) as stranger:
            credential = enrol(stranger, url, zhishou("enrolment", "create", "--device", "COL-1"), "col", {})
        keep(state, credential)
        found = Room(tmp_path, http, trap_port, syslog_port, programs)
        http.post("/api/v1/devices", json={"device_no": "UPS-1", "kind": "ups"})
        found.put("/collection/shares/room", active_id=credential.agent_id, interval_s=5)
        found.put("/devices/UPS-1/secrets/snmp", community=PLANTED)
        found.put(
            "/devices/UPS-1/collection", share="room", address="127.0.0.1", interval_s=5, protocols={"syslog": {}}
        )
        start("collector", *A_COLLECTOR, str(state), str(trap_port), str(syslog_port))
        wait(lambda: '"up"' in http.get("/api/v1/devices/UPS-1/latest").text)
        yield found


@pytest.mark.peer("snmptrap")
def test_a_trap_and_a_line_are_events_of_the_device_and_its_secret_is_nowhere(room: Room) -> None:
    trap = ["snmptrap", "-v", "2c", "-c", PLANTED, f"127.0.0.1:{room.trap_port}", "1", UPS_ON_BATTERY]
    subprocess.run([*trap, "1.3.6.1.2.1.33.1.2.3.0", "i", "9"], check=True, timeout=WITHIN_S)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto("<186>Nov 25 08:00:00 ups 风扇故障".encode("gbk"), ("127.0.0.1", room.syslog_port))

    told = wait(lambda: found if len(found := room.events()) == 2 else None)

    by_kind = {event["kind"]: event for event in told}
    assert set(by_kind) == {"ups_on_battery", "device_log"}
    assert "UPS 转电池供电：预计还可供电 9 分钟" in by_kind["ups_on_battery"]["text"]
    assert "the UPS runs on battery: 9 min left" in by_kind["ups_on_battery"]["text"]
    assert "风扇故障" in by_kind["device_log"]["text"]
    assert room.http.get("/api/v1/devices/UPS-1").json()["health"] != "normal", "it is critical, and somebody is told"

    assert PLANTED.encode() not in room.everything()
    processes = room.processes()
    assert len(processes) >= 4, "centre, collector, and what listens for it"
    for pid in processes:
        for name in ("cmdline", "environ"):
            assert PLANTED.encode() not in Path(f"/proc/{pid}/{name}").read_bytes()
    answers = [
        room.http.get(path).text
        for path in ("/api/v1/devices/UPS-1/secrets", "/api/v1/devices/UPS-1", "/api/v1/devices/UPS-1/collection")
    ]
    assert [text for text in answers if PLANTED in text] == []


@pytest.mark.peer("snmptrap")
def test_a_burst_of_100_000_traps_is_bounded_counted_and_told(room: Room) -> None:
    packet = one_trap()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        for _ in range(BURST):
            sock.sendto(packet, ("127.0.0.1", room.trap_port))

    def counted() -> dict[str, float] | None:
        """What became of every one of them, once the collector has told it."""
        answer = room.http.get("/api/v1/devices/COL-1/latest").json()
        found = {
            row["part"].removeprefix("traps "): row["value"]
            for row in answer["readings"]
            if row["metric"] == "listener_messages_total" and row["part"].startswith("traps ")
        }
        gone = sum(found.get(word, 0) for word in ("told", "folded", "overflowed", "dropped_by_kernel"))
        return found if gone == BURST else None

    became = wait(counted)
    storms = wait(lambda: [event for event in room.events() if event["kind"] == "trap_storm"])

    assert became["folded"] > 0
    assert 500 <= became["told"] < BURST / 50, "at once at most 500, then ten a second"
    assert sum(storm["count"] for storm in storms) == became["folded"]
    assert len(storms) <= 3, "one a minute at most"
    assert all(str(storm["count"]) in storm["text"] for storm in storms)
    assert max(map(most_memory_kib, room.processes())) < MOST_MEMORY_KIB


def one_trap() -> bytes:
    """A trap as snmptrap sends it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(WITHIN_S)
        at = f"127.0.0.1:{sock.getsockname()[1]}"
        subprocess.run(["snmptrap", "-v", "2c", "-c", PLANTED, at, "1", UPS_ON_BATTERY], check=True, timeout=WITHIN_S)
        return sock.recv(65535)


def most_memory_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))
