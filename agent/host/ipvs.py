"""/proc/net/ip_vs_stats: what the kernel's load balancer passed on."""

from __future__ import annotations

from collections.abc import Iterator

from agent.host.kernel_files import hex_count, read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Sample

METRICS = (
    "ipvs_connections_total",
    "ipvs_received_packets_total",
    "ipvs_sent_packets_total",
    "ipvs_received_bytes_total",
    "ipvs_sent_bytes_total",
)


class Ipvs:
    name = "ipvs"

    def __init__(self, root: Root) -> None:
        self._path = f"{root.proc}/net/ip_vs_stats"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        return parse(self._path, read_text(self._path, "the IPVS module is not loaded"))


def parse(path: str, text: str) -> Iterator[Sample]:
    """Two head lines over one of five hexadecimal totals. Raises SourceFailed."""
    lines = whole_lines(path, text)
    try:
        totals = [float(hex_count(word)) for word in lines[2].split()]
        return iter([Sample(metric, total) for metric, total in zip(METRICS, totals, strict=True)])
    except (ValueError, IndexError) as error:
        raise unreadable(path, text, error) from error
