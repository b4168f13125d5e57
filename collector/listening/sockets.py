"""Sockets that listen: a receive buffer as large as the system lets us have, and what the kernel had to drop."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress

WANTED_BYTES = 16 * 2**20
SO_RCVBUFFORCE = 33  # beyond net.core.rmem_max, for who has CAP_NET_ADMIN
SO_MEMINFO = 55
DROPS = 8  # its ninth number: datagrams that found the buffer full
MOST_AT_ONCE = 2_000
LARGEST_DATAGRAM = 65_535


def udp_socket(host: str, port: int, wanted_bytes: int = WANTED_BYTES) -> socket.socket:
    """Bound, non-blocking. Raises OSError."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        try:
            sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, wanted_bytes)
        except OSError:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted_bytes)
        sock.bind((host, port))
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"{host} port {port}: {error.strerror or error}") from error
    return sock


def tcp_socket(host: str, port: int) -> socket.socket:
    """Listening, non-blocking. Raises OSError."""
    try:
        sock = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=64)
    except OSError as error:
        raise OSError(error.errno, f"{host} port {port}: {error.strerror or error}") from error
    sock.setblocking(False)
    return sock


def both_sockets(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """UDP and TCP on one number; with port 0, on one that is free for both. Raises OSError, with neither left open."""
    tries = 1 if port else 20
    while True:
        udp = udp_socket(host, port)
        try:
            return udp, tcp_socket(host, udp.getsockname()[1])
        except OSError:
            udp.close()
            tries -= 1
            if not tries:
                raise


def kernel_drops(sock: socket.socket) -> int:
    """Datagrams that came and found the buffer full, since the socket was opened; 0 where nobody says."""
    with suppress(OSError, struct.error):
        told = sock.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36)
        return int(struct.unpack("9I", told)[DROPS])
    return 0
