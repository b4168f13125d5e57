"""Prometheus remote write, as far as a load needs it: protobuf by hand, snappy of literals only, and two receivers."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.batches import Agent, series_of
from bench.loader import post_all, request

HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


def prometheus(devices: int, series: int, *, ticks: int, rounds: int, connections: int) -> float | None:
    """Samples/s that Debian's Prometheus takes, None where it is missing."""
    program = shutil.which("prometheus")
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="bench-prometheus-") as folder:
        (Path(folder) / "prometheus.yml").write_text("global: {scrape_interval: 1h}\n")
        arguments = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"]
        arguments += ["--web.enable-remote-write-receiver"]
        with receiver([program, *arguments], "--web.listen-address", "/-/ready") as port:
            counter = "prometheus_tsdb_head_samples_appended_total"
            return _rate(port, folder, devices, series, ticks, rounds, connections, counter)


def victoria_metrics(devices: int, series: int, *, ticks: int, rounds: int, connections: int) -> float | None:
    """Samples/s that VictoriaMetrics takes, None where it is missing."""
    program = shutil.which("victoria-metrics")
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="bench-victoria-") as folder:
        command = [program, f"-storageDataPath={folder}/store"]
        with receiver(command, "-httpListenAddr", "/health") as port:
            return _rate(port, folder, devices, series, ticks, rounds, connections, "vm_rows_inserted_total")


def _rate(
    port: int, folder: str, devices: int, series: int, ticks: int, rounds: int, connections: int, counter: str
) -> float:
    before = counted(port, counter)
    shares = requests(devices, series, ticks, rounds, connections)
    load = post_all(port, shares, Path(folder) / "requests")
    sent = devices * series * ticks * rounds
    answers = sum(load.answers.get(status, 0) for status in ("200", "204"))
    stored = counted(port, counter) - before
    if answers != devices * rounds or stored < sent:
        raise AssertionError(f"sent {sent} samples, answered {load.answers}, {counter} grew by {stored}")
    return sent / load.seconds


def requests(devices: int, series: int, ticks: int, rounds: int, connections: int) -> list[list[bytes]]:
    """The samples of ``rounds × ticks`` ticks up to now; a request holds some ticks of one device, as an agent's do."""
    agents = [Agent(f"D-{number}", series_of(series), seed=number) for number in range(devices)]
    labels = [[_labels(metric, agent.device_no, part) for metric, part in agent.series] for agent in agents]
    first_ms = round(time.time() * 1000) - rounds * ticks * 15_000  # noqa: TID251 - samples must be recent for the peer
    shares: list[list[bytes]] = [[] for _ in range(connections)]
    for turn in range(rounds):
        times = [first_ms + (turn * ticks + tick) * 15_000 for tick in range(ticks)]
        for number, agent in enumerate(agents):
            agent.number = turn * ticks
            body = snappy(write_request(labels[number], agent.values(ticks).T.tolist(), times))
            shares[number % connections].append(request("/api/v1/write", body, HEADERS))
    return shares


def _labels(metric: str, device_no: str, part: str) -> bytes:
    """Sorted by name, as the protocol wants them."""
    pairs = [("__name__", metric), ("device", device_no), ("part", part)]
    return b"".join(_field(1, _field(1, name.encode()) + _field(2, value.encode())) for name, value in pairs)


def write_request(labels: Sequence[bytes], values: Sequence[Sequence[float]], times_ms: Sequence[int]) -> bytes:
    """prometheus.WriteRequest of one time series a label set."""
    stamps = [b"\x10" + varint(ms) for ms in times_ms]
    series = (
        label + b"".join(_field(2, b"\x09" + struct.pack("<d", v) + at) for v, at in zip(row, stamps, strict=True))
        for label, row in zip(labels, values, strict=True)
    )
    return b"".join(_field(1, one) for one in series)


def _field(number: int, content: bytes) -> bytes:
    return bytes((number << 3 | 2,)) + varint(len(content)) + content


def varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def snappy(plain: bytes) -> bytes:
    """A valid snappy block of literals: nothing is compressed, which only makes the receiver's work less."""
    parts = [varint(len(plain))]
    for start in range(0, len(plain), 65536):
        part = plain[start : start + 65536]
        parts.append(b"\xf4" + struct.pack("<H", len(part) - 1) + part)
    return b"".join(parts)


@contextmanager
def receiver(command: list[str], listen: str, ready: str) -> Iterator[int]:
    """The program listening on a free loopback port, until it says that it is ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    child = subprocess.Popen([*command, f"{listen}=127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}"):
                    break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        yield port
    finally:
        child.terminate()
        child.wait()


def counted(port: int, counter: str) -> float:
    """The sum of this counter over its label sets."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((f"{counter}{{", f"{counter} ")))
