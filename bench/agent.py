"""What watching costs the host: CPU of a pass beside a scrape of node_exporter, and the memory of a running agent."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec

from agent.clocks import clocks_of
from agent.credential import Credential, keep
from agent.host.root import Root
from agent.host.sources import host_sources
from agent.oslog.sources import log_sources
from agent.running import Passes, settle
from bench.cost import children_of, cpu_of, cpu_of_all, pss_mb, pss_mb_of_all
from bench.cut_off import catch_up
from bench.log_lines import LINES, lines_per_second
from bench.others import OTHERS, Other
from readings import wire
from readings.delivery.spool import Spool

ROUNDS, TIMES = 6, 15
PASSES_WATCHED = 12
INTERVAL_S = 15.0
SETTLED_S, TURNS = 30.0, 12  # what asks once a minute asks three times
SLOWEST_PACE_S = 600.0  # of what hardware is asked by programs (SMART); all of them ask at the start
DAYS_CUT_OFF = 7
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
    yield from _beside_others(series)
    spoken = lines_per_second()
    note = ", ".join(f"{name} {speed:,.0f}" for name, speed in spoken.items())
    yield (
        "agent.log_lines_per_second",
        min(spoken.values()),
        f"the slowest of {note}; bursts of {LINES:,} unlike errors",
    )
    caught = catch_up(DAYS_CUT_OFF, int(INTERVAL_S), series)
    note = f"{caught.ticks:,} ticks of {caught.series} series; the newest shown after {caught.newest_seconds:.2f} s"
    yield "agent.catch_up_7_days_seconds", caught.seconds, note
    yield "agent.spool_7_days_mb", caught.spool_mb, "on disk before the first was sent, journal included"


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


def _running() -> tuple[float, float]:
    """(PSS in MB, CPU seconds a pass) of `zhishou agent run` that sends to a centre."""
    with _agent(interval_s=1) as agent:
        time.sleep(3.5)
        before = cpu_of(agent.pid) + children_of(agent.pid)
        time.sleep(PASSES_WATCHED)
        spent = cpu_of(agent.pid) + children_of(agent.pid) - before
        return pss_mb(agent.pid), spent / PASSES_WATCHED


def _beside_others(series: int) -> Iterator[tuple[str, float | None, str]]:
    """Ours and theirs on this host for the same minutes, each read every 15 s, children counted."""
    with ExitStack() as end, TemporaryDirectory() as folder:
        there: dict[str, Other] = {}
        absent: dict[str, str] = {}
        for name, running in OTHERS.items():
            (Path(folder) / name).mkdir()
            try:
                there[name] = end.enter_context(running(Path(folder) / name, int(INTERVAL_S)))
            except RuntimeError as error:
                absent[name] = str(error)
        agent = end.enter_context(_agent(INTERVAL_S))
        pids = {"ours": agent.pid, **{name: other.pid for name, other in there.items()}}
        time.sleep(SETTLED_S)
        at_start = children_of(agent.pid)
        before = {name: cpu_of_all(pid) for name, pid in pids.items()}
        began = time.monotonic()
        for turn in range(1, TURNS + 1):
            for other in there.values():
                other.ask()
            time.sleep(max(began + turn * INTERVAL_S - time.monotonic(), 0.0))
        window_s = time.monotonic() - began
        shares = {name: (cpu_of_all(pid) - before[name]) / window_s for name, pid in pids.items()}
        memory = {name: pss_mb_of_all(pid) for name, pid in pids.items()}
        told = {"ours": series, **{name: other.series() for name, other in there.items()}}
    # What asks more seldom than the window is long asked at the start: its share is that, once in its pace.
    ours = shares["ours"] + at_start / SLOWEST_PACE_S
    note = (
        f"{window_s:.0f} s at {INTERVAL_S:g} s with every source, and {at_start:.2f} s of programs asked at the start"
    )
    yield "agent.core_share_15s_with_hardware", ours, f"{note} once in {SLOWEST_PACE_S:g} s"
    for name in OTHERS:
        if name in absent:
            yield f"agent.cpu_ratio_vs_{name}", None, absent[name]
            yield f"agent.pss_ratio_vs_{name}", None, absent[name]
            continue
        note = f"theirs {shares[name]:.5f} of a core for {told[name]} series, ours {ours:.5f} for {series}"
        yield f"agent.cpu_ratio_vs_{name}", ours / shares[name], note
        note = f"theirs {memory[name]:.1f} MB, ours {memory['ours']:.1f} MB, processes under them counted"
        yield f"agent.pss_ratio_vs_{name}", memory["ours"] / memory[name], note


@contextmanager
def _agent(interval_s: float) -> Iterator[subprocess.Popen[bytes]]:
    """`zhishou agent run`, sending to a centre that takes everything."""
    with TemporaryDirectory() as folder, _centre() as url:
        keep(Path(folder), Credential(url, "bench", "BENCH-1", "not-a-secret"))
        command = [ZHISHOU, "agent", "run", "--state", folder, "--server", url, "--interval", f"{interval_s:g}"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as agent:
            try:
                yield agent
            finally:
                agent.send_signal(signal.SIGTERM)


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
