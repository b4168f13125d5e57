"""Agents to be walked: net-snmp's snmpd with the tables of a switch, and Debian's snmp_exporter that walks the same.

Each agent is a process of its own with its own port, configuration and state; none needs root. Its table of interfaces
is laid over snmpd by ``override`` lines, so every value is known here and differs from agent to agent.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from bench.stand import free_port
from collector.sources.if_mib import COUNTERS, IF, IFX

STARTS_WITHIN_S = 20.0
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
NAME, ALIAS, ADDRESS, DESCRIPTION = f"{IFX}.1", f"{IFX}.18", f"{IF}.6", f"{IF}.2"
TEXTS = {DESCRIPTION: "GigabitEthernet0/0/{row}", NAME: "GE0/0/{row}", ALIAS: "to rack {row} of agent {agent}"}
# column: (type of override, value); ifSpeed and ifHighSpeed say 1 Gbit/s, all is up
FIXED = {
    f"{IF}.5": ("unsigned", 1_000_000_000),
    f"{IF}.7": ("integer", 1),
    f"{IF}.8": ("integer", 1),
    f"{IFX}.15": ("unsigned", 1000),
    f"{IFX}.19": ("timeticks", 0),
}
COUNTED = tuple(column for pair in COUNTERS.values() for column in pair if column)


def counted(agent: int, column: str, row: int) -> int:
    """What a counter of an agent says: no two of all are the same."""
    return agent * 100_000_000 + COUNTED.index(column) * 1_000_000 + row * 1_000 + 7


def told(agent: int, rows: int) -> str:
    """The configuration of an agent. ``override`` has no Counter64: its 64-bit columns count in 32."""
    lines = ["rocommunity public 127.0.0.1", "sysobjectid .1.3.6.1.4.1.8072.3.2.10", f"sysname agent-{agent}"]
    for row in range(1, rows + 1):
        for column, text in TEXTS.items():
            lines.append(f'override .{column}.{row} octet_str "{text.format(row=row, agent=agent)}"')
        lines.append(f'override .{ADDRESS}.{row} octet_str "02:00:00:00:{agent:02x}:{row:02x}"')
        lines += [f"override .{column}.{row} {kind} {value}" for column, (kind, value) in FIXED.items()]
        lines += [f"override .{column}.{row} counter {counted(agent, column, row)}" for column in COUNTED]
    return "\n".join(lines) + "\n"


@contextmanager
def snmpd(folder: Path, configuration: str, port: int = 0, without: str = "") -> Iterator[int]:
    """The port of an agent whose state is in ``folder``; ``without``: names of its modules that are not begun.

    Raises RuntimeError when it is not installed or does not answer SNMP v2c with community public.
    """
    program = shutil.which("snmpd", path=PATH)
    if program is None:
        raise RuntimeError("snmpd is missing (scripts/debian-packages)")
    port = port or free_port()
    folder.mkdir(exist_ok=True)
    (folder / "agent.conf").write_text(configuration)
    words = [program, "-f", "-C", "-c", str(folder / "agent.conf"), "-Lf", str(folder / "log")]
    words += ["-I", f"-{without}"] if without else []
    # MIBS empty: the names of objects are of no use to an agent, and it would look for their files.
    environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(folder), "SNMPCONFPATH": str(folder), "MIBS": ""}
    with subprocess.Popen(
        [*words, f"udp:127.0.0.1:{port}"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        try:
            _wait_for(port)
            yield port
        finally:
            running.terminate()


@contextmanager
def agents(folder: Path, count: int, rows: int) -> Iterator[list[int]]:
    """The ports of that many agents with that many interfaces each. Raises RuntimeError as ``snmpd`` does."""
    without = "ifTable,ifXTable,interfaces"  # ours take their place
    with ExitStack() as end:
        yield [
            end.enter_context(snmpd(folder / f"agent-{agent}", told(agent, rows), without=without))
            for agent in range(1, count + 1)
        ]


# GET of sysUpTime.0, SNMP v2c, community public
_ASKING = bytes.fromhex("302602010104067075626c6963a019020101020100020100300e300c06082b060102010103000500")


def _wait_for(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.2)
        asking.connect(("127.0.0.1", port))
        until = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < until:
            try:
                asking.send(_ASKING)
                asking.recv(1500)
            except (TimeoutError, ConnectionRefusedError):
                time.sleep(0.05)
                continue
            return
    raise RuntimeError(f"snmpd did not answer at 127.0.0.1:{port}")


@dataclass(frozen=True, slots=True)
class Exporter:
    """A running snmp_exporter."""

    pid: int
    port: int

    def scrape(self, connection: HTTPConnection, agent_port: int) -> bytes:
        """What it says of an agent. Raises RuntimeError when it says that it failed."""
        connection.request("GET", f"/snmp?target=127.0.0.1:{agent_port}&module=switch")
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"snmp_exporter: {answer.status} {said[:300]!r}")
        return said

    def connection(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=60)


@contextmanager
def exporter(folder: Path, walk: Sequence[str], get: Sequence[str], most: int) -> Iterator[Exporter]:
    """It walks ``walk``, ``most`` rows at once, and gets ``get``. Raises RuntimeError when it does not start."""
    program = shutil.which("prometheus-snmp-exporter") or shutil.which("snmp_exporter")
    if program is None:
        raise RuntimeError("prometheus-snmp-exporter is missing (scripts/debian-packages)")
    port, configuration, log = free_port(), folder / "snmp.yml", folder / "exporter.log"
    configuration.write_text(_module(walk, get, most))
    words = [program, f"--config.file={configuration}", f"--web.listen-address=127.0.0.1:{port}"]
    with log.open("wb") as output:
        running = subprocess.Popen(words, stdout=output, stderr=output)
    try:
        until = time.monotonic() + STARTS_WITHIN_S
        while running.poll() is None and time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        else:
            raise RuntimeError(f"snmp_exporter did not start: {log.read_text(errors='replace')[-1000:]}")
        yield Exporter(running.pid, port)
    finally:
        running.kill()
        running.wait()


def _module(walk: Sequence[str], get: Sequence[str], most: int) -> str:
    """A module as its generator writes it (0.21): numbers as metrics of their interface, named by ifName."""
    lines = ["switch:", "  walk:", *(f"  - {root}" for root in walk), "  get:", *(f"  - {oid}" for oid in get)]
    lines += ["  metrics:"]
    for column in walk:
        kind = "counter" if column in COUNTED else "gauge" if column in FIXED else ""
        if not kind:
            continue
        lines += [f"  - name: {_metric(column)}", f"    oid: {column}", f"    type: {kind}", f"    help: {column}"]
        lines += ["    indexes:", "    - {labelname: ifIndex, type: gauge}"]
        lines += ["    lookups:", "    - labels: [ifIndex]", "      labelname: ifName", f"      oid: {NAME}"]
        lines += ["      type: DisplayString"]
    lines += [f"  max_repetitions: {most}", "  retries: 1", "  timeout: 5s", "  version: 2", "  auth:"]
    return "\n".join([*lines, "    community: public"]) + "\n"


def _metric(column: str) -> str:
    table, _, number = column.rpartition(".")
    return f"{'if' if table == IF else 'ifx'}_{number}"


_SAID = re.compile(rb"^(ifx?)_(\d+)\{[^}]*ifIndex=\"(\d+)\"[^}]*\} (\S+)$", re.MULTILINE)
_PDUS = re.compile(rb"^snmp_scrape_pdus_returned (\S+)$", re.MULTILINE)


def numbers_of(said: bytes) -> dict[tuple[str, int], float]:
    """(column, row) → value, of what snmp_exporter said."""
    tables: Mapping[bytes, str] = {b"if": IF, b"ifx": IFX}
    return {(f"{tables[one[0]]}.{int(one[1])}", int(one[2])): float(one[3]) for one in _SAID.findall(said)}


def varbinds_of(said: bytes) -> int:
    """How many values it was given by the agent."""
    found = _PDUS.search(said)
    return int(float(found[1])) if found else -1
