"""A cheap client in a process of its own: prepared requests over a few keep-alive connections, one in flight on each.

``python -m bench.loader PORT CONNECTIONS FILE`` posts every request of FILE (msgpack: a list of lists of requests, one
list a connection, each a whole HTTP request) and prints one JSON line: {"seconds", "answers": {"200": n, …}}. The clock
starts with the first byte sent.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

END_OF_HEAD = b"\r\n\r\n"


def request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A whole HTTP/1.1 request."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + END_OF_HEAD + body


@dataclass(frozen=True, slots=True)
class Load:
    """What a loader saw."""

    seconds: float
    answers: dict[str, int]


def post_all(port: int, requests: Sequence[Sequence[bytes]], file: Path, timeout_s: float = 600) -> Load:
    """Run the loader on these requests, a list for each connection. Raises CalledProcessError."""
    file.write_bytes(msgspec.msgpack.encode(requests))
    command = [sys.executable, "-m", "bench.loader", str(port), str(file)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=timeout_s, cwd=Path(__file__).parents[1])
    return Load(**json.loads(done.stdout))


class Connection:
    """One request in flight; counts answers by status."""

    def __init__(self, port: int, requests: list[bytes], answers: Counter[str]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests = iter(requests)
        self._answers = answers
        self._got = b""

    def send(self) -> bool:
        """The next request; False when there is none left."""
        following = next(self._requests, None)
        if following is None:
            return False
        self.socket.sendall(following)
        return True

    def read(self) -> bool:
        """True when the answer is whole. Raises ConnectionError when the other side hangs up."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError(f"closed after {self._got!r}")
        self._got += part
        head, found, body = self._got.partition(END_OF_HEAD)
        if not found or len(body) < _length(head):
            return False
        self._answers[head[9:12].decode()] += 1
        self._got = b""
        return True


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def main(port: int, file: Path) -> None:
    requests: list[list[bytes]] = msgspec.msgpack.decode(file.read_bytes())
    answers: Counter[str] = Counter()
    choosing = selectors.DefaultSelector()
    connections = [Connection(port, share, answers) for share in requests if share]
    began = time.perf_counter()
    for connection in connections:
        connection.send()
        choosing.register(connection.socket, selectors.EVENT_READ, connection)
    left = len(connections)
    while left:
        for key, _events in choosing.select():
            connection = key.data
            if connection.read() and not connection.send():
                choosing.unregister(connection.socket)
                left -= 1
    print(json.dumps({"seconds": time.perf_counter() - began, "answers": answers}))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
