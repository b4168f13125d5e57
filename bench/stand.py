"""A real centre for a benchmark: its own process, in a folder that goes away, with senders enrolled beforehand."""

from __future__ import annotations

import errno
import os
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from server.devices.tables import Device
from server.records import Records
from server.secret import hash_secret, make_secret
from server.senders.directory import ACTIVE, PREFIX
from server.senders.tables import AgentIdentity

START_PATIENCE_S = 60.0
ZHISHOU = str(Path(sys.executable).with_name("zhishou"))


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A sender a benchmark may post as."""

    device_no: str
    credential: str


@dataclass(frozen=True, slots=True)
class Stand:
    """``url`` of a running centre, ``pid`` of its process, a read ``token`` and its ``senders``."""

    url: str
    pid: int
    token: str
    senders: list[Enrolled]

    def rss_mb(self) -> float:
        """Resident memory now, the highest so far being ``peak_rss_mb``. 1 MB = 10⁶ bytes."""
        return self._memory("VmRSS")

    def peak_rss_mb(self) -> float:
        return self._memory("VmHWM")

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _memory(self, row: str) -> float:
        found = re.search(rf"{row}:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        return int(found[1]) * 1024 / 1e6 if found else float("nan")


def enrol(records: Records, count: int, now_ms: int) -> list[Enrolled]:
    """Rows as enrolment would have left them; asking over HTTP ``count`` times would only measure argon2 and audit."""
    senders: list[Enrolled] = []
    with records.writing() as session:
        for number in range(1, count + 1):
            device_no, credential = f"BENCH-{number:04}", make_secret(PREFIX)
            session.add(Device(device_no=device_no, name=device_no, created_ms=now_ms))
            session.flush()
            session.add(
                AgentIdentity(
                    id=f"bench{number:04}",
                    device_no=device_no,
                    credential_hash=hash_secret(credential),
                    state=ACTIVE,
                    revision=number,
                    enrolled_ms=now_ms,
                )
            )
            senders.append(Enrolled(device_no, credential))
    return senders


@contextmanager
def standing_centre(senders: int) -> Iterator[Stand]:
    """A centre with that many enrolled senders, ended by SIGTERM. Raises RuntimeError when it does not start."""
    with TemporaryDirectory(prefix="zhishou-bench-") as folder:
        port = free_port()
        stored, log = Path(folder) / "data", Path(folder) / "server.log"
        stored.mkdir(mode=0o700)
        records = Records(stored / "records.db")
        enrolled = enrol(records, senders, time.time_ns() // 10**6)
        records.close()
        made = subprocess.run(
            [ZHISHOU, "token", "create", "bench", "--scope", "read", "--data", str(stored)],
            capture_output=True,
            text=True,
            check=True,
        )
        command = [ZHISHOU, "server", "run", "--data", str(stored), "--host", "127.0.0.1", "--port", str(port)]
        with log.open("wb") as output:
            server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}/healthz", server, log)
            yield Stand(f"http://127.0.0.1:{port}", server.pid, made.stdout.split()[-1], enrolled)
        finally:
            server.terminate()
            try:
                server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def free_port(lowest: int = 0, highest: int = 0) -> int:
    """A port of loopback that nobody listens on now; with both ends given, one of those. Raises OSError: none is."""
    tried = random.sample(range(lowest, highest + 1), min(100, highest + 1 - lowest))
    for number in tried:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", number))
            port: int = probe.getsockname()[1]
            return port
    raise OSError(errno.EADDRINUSE, f"none of {len(tried)} ports from {lowest} to {highest} is free")


def wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"the centre did not start at {url}: {log.read_text(errors='replace')[-2000:]}")
