"""The socket the centre listens on."""

from __future__ import annotations

import socket

BACKLOG = 2048


class AddressTaken(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """Nothing can listen at this address."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises AddressTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Not SO_REUSEPORT: two centres on one port would each get half of what is sent.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressTaken(f"cannot listen on {host}:{port}: {error.strerror} (choose another with --port)") from error
    return listener
