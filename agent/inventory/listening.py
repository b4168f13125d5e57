"""/proc/net/{tcp,udp}{,6}: who listens on which address and port (Documentation/networking/proc_net_tcp.rst)."""

from __future__ import annotations

import ipaddress
import sys

from agent.host.root import Root
from agent.inventory.words import raw

LISTEN, UNCONNECTED = "0A", "07"
MOST_BYTES = 16 * 2**20
MOST_PORTS = 500
WORD_HEX = 8


def listening(root: Root) -> dict[str, str]:
    """``listening.tcp`` and ``listening.udp``: addresses and ports in order. Raises OSError.

    UDP ports of the range the kernel gives out are those of programs that ask, not of those that answer.
    """
    low, high = _given_out(root)
    tcp = _ports(root, "tcp", LISTEN)
    udp = {(address, port) for address, port in _ports(root, "udp", UNCONNECTED) if not low <= port <= high}
    return {"listening.tcp": _told(tcp), "listening.udp": _told(udp)}


def _ports(root: Root, protocol: str, state: str) -> set[tuple[str, int]]:
    found = in_table(raw(f"{root.proc}/net/{protocol}", MOST_BYTES), state)
    try:
        return found | in_table(raw(f"{root.proc}/net/{protocol}6", MOST_BYTES), state)
    except FileNotFoundError:
        return found  # a kernel without IPv6


def in_table(table: bytes, state: str) -> set[tuple[str, int]]:
    """Lines ``sl local_address rem_address st …``; one that is cut off or garbage is passed over."""
    found: set[tuple[str, int]] = set()
    for line in table.decode("ascii", "replace").splitlines()[1:]:
        words = line.split()
        if len(words) < 4 or words[3] != state:
            continue
        address, _, port = words[1].partition(":")
        try:
            found.add((address_of(address), int(port, 16)))
        except ValueError:
            continue
    return found


def address_of(written: str) -> str:
    """32-bit words, each printed by the kernel as the host's own number. Raises ValueError.

    >>> address_of("0100007F")
    '127.0.0.1'
    """
    if len(written) not in {WORD_HEX, 4 * WORD_HEX}:
        raise ValueError(written)
    words = [int(written[at : at + WORD_HEX], 16).to_bytes(4, sys.byteorder) for at in range(0, len(written), WORD_HEX)]
    return str(ipaddress.ip_address(b"".join(words)))


def _told(ports: set[tuple[str, int]]) -> str:
    """By port; an IPv6 address in brackets."""
    ordered = sorted(ports, key=lambda port: (port[1], port[0]))
    told = [f"[{address}]:{port}" if ":" in address else f"{address}:{port}" for address, port in ordered]
    more = f" and {len(told) - MOST_PORTS} more" if len(told) > MOST_PORTS else ""
    return " ".join(told[:MOST_PORTS]) + more or "none"


def _given_out(root: Root) -> tuple[int, int]:
    try:
        low, high = raw(f"{root.proc}/sys/net/ipv4/ip_local_port_range").split()
        return int(low), int(high)
    except (OSError, ValueError):
        return 32768, 60999
