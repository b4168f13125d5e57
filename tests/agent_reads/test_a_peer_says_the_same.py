"""node_exporter on this very host: what it finds we find, and what stands still is the same number."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection

import pytest

from agent.check import one_pass, rows
from agent.host.root import Root
from bench.agent import FAMILIES
from readings.model import Gap

LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
Series = dict[tuple[str, str], float]
STILL = {
    ("node_memory_MemTotal_bytes", ""): ("memory_total_bytes", ""),
    ("node_memory_SwapTotal_bytes", ""): ("swap_total_bytes", ""),
    ("node_boot_time_seconds", ""): ("boot_time_seconds", ""),
    ("node_filefd_maximum", ""): ("files_open_limit_count", ""),
    ("node_network_mtu_bytes", 'device="lo"'): ("network_mtu_bytes", "lo"),
    ("node_network_protocol_type", 'device="lo"'): ("network_protocol_type", "lo"),
    ("node_netstat_Ip_Forwarding", ""): ("ip_forwarding", ""),
    ("node_timex_tick_seconds", ""): ("clock_tick_seconds", ""),
    ("node_timex_sync_status", ""): ("clock_synchronised", ""),
}


@pytest.fixture(scope="module")
def scraped(peer: Callable[[str], str]) -> Iterator[Series]:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    command = [peer("node_exporter"), f"--web.listen-address=127.0.0.1:{port}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as exporter:
        try:
            yield scrape(port)
        finally:
            exporter.terminate()


def scrape(port: int) -> Series:
    for _ in range(200):
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
            connection.close()
        except ConnectionError:
            time.sleep(0.05)
        else:
            return {(name, labels): float(value) for name, labels, value in LINE.findall(text)}
    raise AssertionError("node_exporter does not answer")


@pytest.fixture(scope="module")
def ours() -> dict[tuple[str, str], float | Gap]:
    return {(row.metric, row.part): row.value for row in rows(one_pass(Root(), lambda: None))}


@pytest.mark.peer("node_exporter")
def test_what_it_can_read_we_can_read(scraped: Series, ours: dict[tuple[str, str], float | Gap]) -> None:
    succeeded = {
        labels.partition('"')[2].rstrip('"')
        for (name, labels), value in scraped.items()
        if name == "node_scrape_collector_success" and value == 1
    }
    # Its collectors may succeed with nothing; that a source of ours failed otherwise than for want of a thing is wrong.
    sources = {FAMILIES[collector] for collector in succeeded & set(FAMILIES)}
    assert sources
    failed = [source for source in sources if ours["source_success", source] not in {1.0, Gap.NOT_OFFERED}]
    assert failed == []
    assert succeeded - set(FAMILIES) <= {"textfile", "systemd"}


@pytest.mark.peer("node_exporter")
def test_what_stands_still_is_the_same_number(scraped: Series, ours: dict[tuple[str, str], float | Gap]) -> None:
    there = {name: mine for name, mine in STILL.items() if name in scraped}
    assert len(there) > 5
    assert {mine: ours[mine] for mine in there.values()} == {mine: scraped[name] for name, mine in there.items()}


@pytest.mark.peer("node_exporter")
def test_every_disk_mount_and_interface_it_sees_we_see(
    scraped: Series, ours: dict[tuple[str, str], float | Gap]
) -> None:
    for theirs, label, mine in (
        ("node_disk_reads_completed_total", "device", "disk_reads_total"),
        ("node_filesystem_size_bytes", "mountpoint", "filesystem_size_bytes"),
        ("node_network_receive_bytes_total", "device", "network_receive_bytes_total"),
    ):
        seen = {re.findall(f'{label}="([^"]*)"', labels)[0] for name, labels in scraped if name == theirs}
        assert seen <= {part for metric, part in ours if metric == mine}
