"""/proc/net/sockstat, sockstat6, udp and udp6: sockets in use, the memory they take, what waits in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from agent.host.kernel_files import count_of, hex_count, read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

PAGE = 4096.0
FIELDS = {
    ("sockets", "used"): ("sockets_used_count", 1.0),
    ("TCP", "inuse"): ("tcp_sockets_used_count", 1.0),
    ("TCP", "orphan"): ("tcp_sockets_orphan_count", 1.0),
    ("TCP", "tw"): ("tcp_sockets_time_wait_count", 1.0),
    ("TCP", "alloc"): ("tcp_sockets_allocated_count", 1.0),
    ("TCP", "mem"): ("tcp_sockets_memory_bytes", PAGE),
    ("UDP", "inuse"): ("udp_sockets_used_count", 1.0),
    ("UDP", "mem"): ("udp_sockets_memory_bytes", PAGE),
    ("UDPLITE", "inuse"): ("udplite_sockets_used_count", 1.0),
    ("RAW", "inuse"): ("raw_sockets_used_count", 1.0),
    ("FRAG", "inuse"): ("ip_fragment_queues_count", 1.0),
    ("FRAG", "memory"): ("ip_fragments_memory_bytes", 1.0),
    ("TCP6", "inuse"): ("tcp6_sockets_used_count", 1.0),
    ("UDP6", "inuse"): ("udp6_sockets_used_count", 1.0),
    ("UDPLITE6", "inuse"): ("udplite6_sockets_used_count", 1.0),
    ("RAW6", "inuse"): ("raw6_sockets_used_count", 1.0),
    ("FRAG6", "inuse"): ("ip6_fragment_queues_count", 1.0),
    ("FRAG6", "memory"): ("ip6_fragments_memory_bytes", 1.0),
}


class Sockets:
    name = "sockets"

    def __init__(self, root: Root) -> None:
        self._four, self._six = f"{root.proc}/net/sockstat", f"{root.proc}/net/sockstat6"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        said = parse(self._four, read_text(self._four))
        with suppress(SourceFailed):  # a host without IPv6
            said |= parse(self._six, read_text(self._six))
        return (Sample(metric, said.get(key, Gap.NOT_OFFERED)) for key, (metric, _) in FIELDS.items())


class UdpQueues:
    """Bytes that wait in UDP sockets, all sockets together."""

    name = "udp_queues"

    def __init__(self, root: Root) -> None:
        self._paths = {"v4": f"{root.proc}/net/udp", "v6": f"{root.proc}/net/udp6"}

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        for version, path in self._paths.items():
            try:
                sending, receiving = queued(path, read_text(path))
            except SourceFailed as failure:
                if version == "v4":
                    raise
                sending = receiving = failure.gap
            yield Sample("udp_queue_bytes", sending, f"{version}/transmit")
            yield Sample("udp_queue_bytes", receiving, f"{version}/receive")


def parse(path: str, text: str) -> dict[tuple[str, str], float]:
    """``TCP: inuse 3 orphan 0 …`` → {("TCP", "inuse"): 3.0, …} in base units. Raises SourceFailed."""
    said: dict[tuple[str, str], float] = {}
    for line in whole_lines(path, text):
        protocol, _, rest = line.partition(":")
        words = rest.split()
        try:
            for key, word in zip(words[::2], words[1::2], strict=True):
                if field := FIELDS.get((protocol, key)):
                    said[protocol, key] = count_of(word, field[1])
        except ValueError as error:
            raise unreadable(path, line, error) from error
    return said


def queued(path: str, text: str) -> tuple[float, float]:
    """The fifth column is ``tx_queue:rx_queue`` in hex. (sending, receiving) bytes. Raises SourceFailed."""
    sending = receiving = 0
    for line in whole_lines(path, text)[1:]:
        try:
            left, _, right = line.split(None, 5)[4].partition(":")
            sending += hex_count(left)
            receiving += hex_count(right)
        except (ValueError, IndexError) as error:
            raise unreadable(path, line, error) from error
    return float(sending), float(receiving)
