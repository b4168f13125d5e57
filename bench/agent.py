"""What watching costs the host: CPU of a pass beside a scrape of node_exporter, and the memory of a running agent."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec

from agent.clocks import clocks_of
from agent.host.root import Root
from agent.host.sources import host_sources
from agent.oslog.sources import log_sources
from agent.running import Passes, settle
from readings import wire
from readings.delivery.credential import Credential, keep
from readings.delivery.spool import Spool

ROUNDS, TIMES = 6, 15
PASSES_WATCHED = 12
INTERVAL_S = 15.0
ZHISHOU = str(Path(sys.executable).with_name("zhishou"))
# node_exporter's collector: the source here that says the same. textfile shows files of others, systemd is no default.
FAMILIES = {
    "arp": "arp", "bcache": "bcache", "bonding": "bonding", "btrfs": "btrfs", "conntrack": "conntrack", "cpu": "cpu",
    "cpufreq": "cpu_frequency", "diskstats": "disks", "dmi": "identity", "edac": "edac", "entropy": "entropy",
    "fibrechannel": "fibre_channel", "filefd": "open_files", "filesystem": "filesystems", "hwmon": "hwmon",
    "infiniband": "infiniband", "ipvs": "ipvs", "loadavg": "load", "mdadm": "raid", "meminfo": "memory",
    "netclass": "network_links", "netdev": "network", "netstat": "netstat", "nfs": "nfs", "nfsd": "nfsd",
    "nvme": "nvme", "os": "identity", "powersupplyclass": "power_supply", "pressure": "pressure", "rapl": "rapl",
    "schedstat": "schedstat", "selinux": "selinux", "sockstat": "sockets", "softnet": "softnet", "stat": "cpu",
    "tapestats": "tape", "thermal_zone": "thermal_zones", "time": "time_zone", "timex": "timex",
    "udp_queues": "udp_queues", "uname": "identity", "vmstat": "vmstat", "xfs": "xfs", "zfs": "zfs",
}  # fmt: skip


def run() -> Iterator[tuple[str, float | None, str]]:
    exporter = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")
    with TemporaryDirectory() as folder:
        spool = Spool(Path(folder) / "spool.db")
        root = Root()
        clocks = clocks_of(root)
        sources = host_sources(root)
        passes = Passes(sources, log_sources(root, clocks, {}), spool, clocks)
        settle()
        ours, theirs = _side_by_side(passes, exporter)
        series = len(_names())
        spool.close()
    yield "agent.cpu_ms_per_pass", ours * 1000, f"every source and log, {series} series, append to the spool with fsync"
    missing = set(FAMILIES.values()) - {source.name for source in sources}
    assert not missing, missing
    if theirs is None:
        yield "agent.cpu_ratio_vs_node_exporter", None, "prometheus-node-exporter is not installed"
    else:
        note = f"node_exporter {theirs * 1000:.1f} ms a scrape; families compared: {' '.join(FAMILIES)}"
        yield "agent.cpu_ratio_vs_node_exporter", ours / theirs, note
    pss, seconds = _running()
    yield "agent.pss_mb", pss, f"after {PASSES_WATCHED} passes, sending each to a centre on loopback"
    note = f"{seconds * 1000:.1f} ms a pass with sending, children counted, every {INTERVAL_S:g} s"
    yield "agent.cpu_ratio_of_core", seconds / INTERVAL_S, note


def _names() -> set[tuple[str, str]]:
    from agent.check import one_pass, rows  # noqa: PLC0415 - not in the memory or time that is measured

    return {(row.metric, row.part) for row in rows(one_pass(Root(), lambda: None))}


def _side_by_side(passes: Passes, exporter: str | None) -> tuple[float, float | None]:
    """(CPU seconds of our pass, of their scrape), taken in turn; of each the median of its cheapest round."""
    rounds_ours, rounds_theirs = [], []
    with _exporter(exporter) as scraped:
        for _ in range(ROUNDS):
            ours, theirs = [], []
            for _ in range(TIMES):
                before = time.process_time()
                passes.take()
                ours.append(time.process_time() - before)
                theirs.append(0.0 if scraped is None else _scrape(*scraped))
                time.sleep(0.05)
            rounds_ours.append(median(ours))
            rounds_theirs.append(median(theirs))
    return min(rounds_ours), min(rounds_theirs) if exporter else None


@contextmanager
def _exporter(program: str | None) -> Iterator[tuple[int, int] | None]:
    """(pid, port) of a running node_exporter with its default collectors."""
    if program is None:
        yield None
        return
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with subprocess.Popen(
        [program, f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"], stderr=subprocess.DEVNULL
    ) as running:
        try:
            for _ in range(100):
                try:
                    _scrape(running.pid, port)
                    break
                except OSError:
                    time.sleep(0.1)
            yield running.pid, port
        finally:
            running.terminate()


def _scrape(pid: int, port: int) -> float:
    """CPU seconds of one scrape, without compression."""
    before = cpu_of(pid)
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/metrics")
    assert connection.getresponse().read()
    connection.close()
    time.sleep(0.02)  # what it does after the last byte is its work, too
    return cpu_of(pid) - before


def cpu_of(pid: int) -> float:
    """CPU seconds of a process, to the nanosecond: its CPU-time clock (clock_getcpuclockid(3))."""
    return time.clock_gettime_ns((~pid << 3) | 2) / 1e9


def _running() -> tuple[float, float]:
    """(PSS in MB, CPU seconds a pass) of `zhishou agent run` that sends to a centre."""
    with TemporaryDirectory() as folder, _centre() as url:
        state = Path(folder)
        keep(state, Credential(url, "bench", "BENCH-1", "not-a-secret"))
        command = [ZHISHOU, "agent", "run", "--state", folder, "--server", url, "--interval", "1"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as agent:
            try:
                time.sleep(3.5)
                before = cpu_of(agent.pid) + _children(agent.pid)
                time.sleep(PASSES_WATCHED)
                spent = cpu_of(agent.pid) + _children(agent.pid) - before
                rollup = Path(f"/proc/{agent.pid}/smaps_rollup").read_text()
            finally:
                agent.send_signal(signal.SIGTERM)
    found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
    assert found
    return int(found[1]) * 1024 / 1e6, spent / PASSES_WATCHED


def _children(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


class _Taking(BaseHTTPRequestHandler):
    """Takes every batch and says so."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        envelope = wire.unpack_envelope(self.rfile.read(int(self.headers["Content-Length"])))
        now = time.time_ns()
        body = msgspec.json.encode(wire.Receipt(envelope.epoch, envelope.last, now, now))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it overrides
        pass


@contextmanager
def _centre() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Taking) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()
