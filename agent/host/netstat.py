"""/proc/net/netstat, snmp and snmp6: what the protocols counted (the fields node_exporter keeps by default)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from agent.host.kernel_files import check_whole, read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

FIELDS = {
    "TcpExtListenDrops": "tcp_listen_drops_total",
    "TcpExtListenOverflows": "tcp_listen_overflows_total",
    "TcpExtSyncookiesFailed": "tcp_syncookies_failed_total",
    "TcpExtSyncookiesRecv": "tcp_syncookies_received_total",
    "TcpExtSyncookiesSent": "tcp_syncookies_sent_total",
    "TcpExtTCPSynRetrans": "tcp_syn_retransmits_total",
    "TcpExtTCPTimeouts": "tcp_timeouts_total",
    "TcpExtTCPOFOQueue": "tcp_out_of_order_queued_total",
    "TcpExtTCPRcvQDrop": "tcp_receive_queue_drops_total",
    "IpExtInOctets": "ip_received_bytes_total",
    "IpExtOutOctets": "ip_sent_bytes_total",
    "IpForwarding": "ip_forwarding",
    "IcmpInMsgs": "icmp_received_total",
    "IcmpOutMsgs": "icmp_sent_total",
    "IcmpInErrors": "icmp_receive_errors_total",
    "TcpActiveOpens": "tcp_active_opens_total",
    "TcpPassiveOpens": "tcp_passive_opens_total",
    "TcpCurrEstab": "tcp_connections_count",
    "TcpInSegs": "tcp_received_segments_total",
    "TcpOutSegs": "tcp_sent_segments_total",
    "TcpRetransSegs": "tcp_retransmitted_segments_total",
    "TcpInErrs": "tcp_receive_errors_total",
    "TcpOutRsts": "tcp_sent_resets_total",
    "UdpInDatagrams": "udp_received_total",
    "UdpOutDatagrams": "udp_sent_total",
    "UdpNoPorts": "udp_no_port_total",
    "UdpInErrors": "udp_receive_errors_total",
    "UdpRcvbufErrors": "udp_receive_buffer_errors_total",
    "UdpSndbufErrors": "udp_send_buffer_errors_total",
    "UdpLiteInErrors": "udplite_receive_errors_total",
    "Ip6InOctets": "ip6_received_bytes_total",
    "Ip6OutOctets": "ip6_sent_bytes_total",
    "Icmp6InMsgs": "icmp6_received_total",
    "Icmp6OutMsgs": "icmp6_sent_total",
    "Icmp6InErrors": "icmp6_receive_errors_total",
    "Udp6InDatagrams": "udp6_received_total",
    "Udp6OutDatagrams": "udp6_sent_total",
    "Udp6NoPorts": "udp6_no_port_total",
    "Udp6InErrors": "udp6_receive_errors_total",
    "Udp6RcvbufErrors": "udp6_receive_buffer_errors_total",
    "Udp6SndbufErrors": "udp6_send_buffer_errors_total",
    "UdpLite6InErrors": "udplite6_receive_errors_total",
}


SIX = tuple(field for field in FIELDS if "6" in field)
MOST_TABLES = 64
Places = tuple[str, tuple[tuple[int, str], ...], int]


class Netstat:
    name = "netstat"

    def __init__(self, root: Root) -> None:
        self._tables = (f"{root.proc}/net/snmp", f"{root.proc}/net/netstat")
        self._lines = f"{root.proc}/net/snmp6"
        # Where the wanted fields stand under a line of names; the line stays the same while the kernel does.
        self._places: dict[str, Places] = {}

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        said: dict[str, str] = {}
        for path in self._tables:
            self._table(path, read_text(path), said)
        with suppress(SourceFailed):  # a host without IPv6 has no such file: its fields are gaps below
            lines(self._lines, "\n" + read_text(self._lines), said)
        return (Sample(metric, value(said.get(field))) for field, metric in FIELDS.items())

    def _table(self, path: str, text: str, said: dict[str, str]) -> None:
        """Pairs of lines, ``Tcp: RtoMin …`` over ``Tcp: 200 …``. Raises SourceFailed."""
        rows = whole_lines(path, text)
        for names, values in zip(rows[::2], rows[1::2], strict=False):
            if names not in self._places:
                self._places = {} if len(self._places) > MOST_TABLES else self._places
                self._places[names] = places(names)
            start, wanted, fields = self._places[names]
            if not values.startswith(start):
                raise unreadable(path, values, ValueError(f"does not belong under {names[:40]!r}"))
            if wanted:
                words = values.split()
                if len(words) != fields:
                    raise unreadable(path, values, ValueError(f"{len(words)} words under {fields}"))
                for index, field in wanted:
                    said[field] = words[index]


def places(names: str) -> Places:
    """``Tcp: RtoMin CurrEstab`` → ("Tcp: ", ((2, "TcpCurrEstab"),), 3)."""
    protocol, *keys = names.split()
    fields = [f"{protocol.rstrip(':')}{key}" for key in keys]
    wanted = tuple((index, field) for index, field in enumerate(fields, 1) if field in FIELDS)
    return f"{protocol} ", wanted, len(keys) + 1


def value(word: str | None) -> float | Gap:
    if word is None:
        return Gap.NOT_OFFERED
    return float(int(word)) if word.isdecimal() and len(word) <= 20 else Gap.UNREADABLE


def lines(path: str, text: str, said: dict[str, str]) -> None:
    """``Ip6InReceives   1``: those that are wanted, looked up among some 90. Raises SourceFailed."""
    check_whole(path, text)
    for field in SIX:
        at = text.find(f"\n{field} ") + 1
        if at:
            said[field] = text[at + len(field) : text.index("\n", at)].strip()
