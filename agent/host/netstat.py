"""/proc/net/netstat, snmp and snmp6: what the protocols counted (the fields node_exporter keeps by default)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from agent.host.kernel_files import read_text, unreadable, whole_lines
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


class Netstat:
    name = "netstat"

    def __init__(self, root: Root) -> None:
        self._tables = (f"{root.proc}/net/snmp", f"{root.proc}/net/netstat")
        self._lines = f"{root.proc}/net/snmp6"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        said: dict[str, str] = {}
        for path in self._tables:
            said |= table(path, read_text(path))
        with suppress(SourceFailed):  # a host without IPv6 has no such file: its fields are gaps below
            said |= lines(self._lines, read_text(self._lines))
        return (Sample(metric, value(said.get(field))) for field, metric in FIELDS.items())


def value(word: str | None) -> float | Gap:
    if word is None:
        return Gap.NOT_OFFERED
    return float(int(word)) if word.isdecimal() and len(word) <= 20 else Gap.UNREADABLE


def table(path: str, text: str) -> dict[str, str]:
    """Pairs of lines, ``Tcp: RtoMin …`` over ``Tcp: 200 …`` → {"TcpRtoMin": "200"}. Raises SourceFailed."""
    said: dict[str, str] = {}
    rows = whole_lines(path, text)
    for names, values in zip(rows[::2], rows[1::2], strict=False):
        protocol, _, fields = names.partition(": ")
        same, _, numbers = values.partition(": ")
        keys, words = fields.split(), numbers.split()
        if protocol != same or len(keys) != len(words):
            raise unreadable(path, values, ValueError(f"does not belong under {names[:40]!r}"))
        said |= {f"{protocol}{key}": word for key, word in zip(keys, words, strict=True)}
    return said


def lines(path: str, text: str) -> dict[str, str]:
    """``Ip6InReceives   1`` → {"Ip6InReceives": "1"}. Raises SourceFailed."""
    pairs = (line.split() for line in whole_lines(path, text))
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
