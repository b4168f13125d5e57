"""Other agents of Debian, set up to read this host as often as ours does: netdata and zabbix-agent."""

from __future__ import annotations

import json
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.stand import free_port

STARTS_WITHIN_S = 30.0
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Other:
    """``ask`` makes it read once, where it does not by itself; ``series``: how many it tells now."""

    pid: int
    ask: Callable[[], object]
    series: Callable[[], int]


Running = Callable[[Path, int], AbstractContextManager[Other]]

NETDATA = """[global]
  run as user = root
[db]
  update every = {interval_s}
[directories]
  cache = {folder}
  lib = {folder}
  log = {folder}
  home = {folder}
[web]
  default port = {port}
  bind to = 127.0.0.1
"""


@contextmanager
def netdata(folder: Path, interval_s: int) -> Iterator[Other]:
    """As Debian configures it, but every ``interval_s`` (its own is 1 s). Raises RuntimeError: it does not run here."""
    program = _program("netdata")
    port = free_port()
    (folder / "netdata.conf").write_text(NETDATA.format(interval_s=interval_s, folder=folder, port=port))

    def series() -> int:
        url = f"http://127.0.0.1:{port}/api/v1/allmetrics?format=prometheus"
        return sum(line[:1] not in {"", "#"} for line in httpx.get(url, timeout=10).text.splitlines())

    command = [program, "-D", "-c", str(folder / "netdata.conf"), "-P", str(folder / "netdata.pid")]
    with _started(command, series) as running:
        yield Other(running.pid, lambda: None, series)


ZABBIX = """PidFile={folder}/zabbix.pid
LogFile={folder}/zabbix.log
Server=127.0.0.1
ListenIP=127.0.0.1
ListenPort={port}
AllowRoot=1
Hostname=bench
"""
# What its own template for Linux asks, by key; {} is what the discovery named here finds.
ITEMS = (
    *("agent.ping", "system.hostname", "system.boottime", "system.uptime", "system.localtime", "system.uname"),
    *("system.sw.arch", "system.users.num", "system.cpu.num", "system.cpu.intr", "system.cpu.switches"),
    *("kernel.maxfiles", "kernel.maxproc", "proc.num", "proc.num[,,run]", "vfs.file.cksum[/etc/passwd,sha256]"),
    *(f"system.cpu.load[all,avg{minutes}]" for minutes in (1, 5, 15)),
    *(f"system.cpu.util[,{kind}]" for kind in ("guest", "guest_nice", "idle", "interrupt", "iowait")),
    *(f"system.cpu.util[,{kind}]" for kind in ("nice", "softirq", "steal", "system", "user")),
    *(f"vm.memory.size[{kind}]" for kind in ("total", "available", "pavailable")),
    *(f"system.swap.size[,{kind}]" for kind in ("total", "free", "pfree")),
)
DISCOVERED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "vfs.fs.discovery": (
        "{#FSNAME}",
        ("vfs.fs.size[{},total]", "vfs.fs.size[{},used]", "vfs.fs.size[{},pused]", "vfs.fs.inode[{},pfree]"),
    ),
    "net.if.discovery": (
        "{#IFNAME}",
        tuple(f"net.if.{way}[{{}}{of}]" for way in ("in", "out") for of in ("", ",errors", ",dropped"))
        + tuple(f'vfs.file.contents["/sys/class/net/{{}}/{file}"]' for file in ("operstate", "type", "speed")),
    ),
    "vfs.dev.discovery": ("{#DEVNAME}", ('vfs.file.contents["/sys/block/{}/stat"]',)),
}


@contextmanager
def zabbix_agent(folder: Path, interval_s: int) -> Iterator[Other]:
    """As Debian configures it; it only answers, so ``ask`` asks what its Linux template does. Raises RuntimeError."""
    del interval_s  # whoever asks keeps it
    program = _program("zabbix_agentd")
    port = free_port(20_000, 32_767)  # it takes none above
    (folder / "zabbix.conf").write_text(ZABBIX.format(folder=folder, port=port))

    def answers() -> list[bytes]:
        keys = [*ITEMS]
        for discovery, (macro, patterns) in DISCOVERED.items():
            found = sorted({each[macro] for each in json.loads(_zabbix_get(port, discovery))})
            keys += [pattern.format(name) for name in found for pattern in patterns]
        return [_zabbix_get(port, key) for key in keys]

    def series() -> int:
        return sum(not answer.startswith(b"ZBX_NOTSUPPORTED") for answer in answers())

    with _started([program, "-f", "-c", str(folder / "zabbix.conf")], series) as running:
        yield Other(running.pid, answers, series)


def _zabbix_get(port: int, key: str) -> bytes:
    """What zabbix_get would show: one connection a key, as the protocol of the passive agent wants."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as to:
        to.sendall(b"ZBXD\1" + struct.pack("<Q", len(key)) + key.encode())
        answer = b"".join(iter(lambda: to.recv(65536), b""))
    return answer[13:]


def _program(name: str) -> str:
    found = shutil.which(name, path=PATH)
    if found is None:
        raise RuntimeError(f"{name} is not installed")
    return found


@contextmanager
def _started(command: list[str], series: Callable[[], int]) -> Iterator[subprocess.Popen[bytes]]:
    """Until it tells something. Raises RuntimeError when it does not."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            deadline = time.monotonic() + STARTS_WITHIN_S
            while not _tells(series):
                if running.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{command[0]} tells nothing (exit {running.poll()})")
                time.sleep(0.5)
            yield running
        finally:
            running.terminate()


def _tells(series: Callable[[], int]) -> bool:
    try:
        return series() > 0
    except (OSError, httpx.HTTPError, ValueError):
        return False


OTHERS: Mapping[str, Running] = {"netdata": netdata, "zabbix_agent": zabbix_agent}
