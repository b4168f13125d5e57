"""Whoever may answer at an https address: the centre, or somebody in between with a certificate of their own."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from server.tls.certificates import Certificates

GRANTED = {"agent_id": "agent-1", "device_no": "SRV-1", "credential": "zsa_granted", "state": "active"}


@dataclass
class Somebody:
    """``shows``: the certificate files it has. ``offers``: what it says the authority is. ``heard``: every byte."""

    shows: Certificates
    offers: bytes
    url: str = ""
    heard: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


Answering = Callable[..., Somebody]


@pytest.fixture
def certificates(tmp_path: Path) -> Callable[[str], Certificates]:
    """``certificates("centre")``: an authority and a certificate for this machine, in a folder of that name."""

    def make(name: str) -> Certificates:
        made = Certificates(tmp_path / name)
        made.make([], datetime.now(UTC))  # noqa: TID251 - OpenSSL judges by the real clock
        return made

    return make


@pytest.fixture
def answering() -> Iterator[Answering]:
    """``answering(certificates)`` listens on loopback; ``offers``: another authority than the one it shows."""
    with ExitStack() as stack:

        def start(shows: Certificates, offers: bytes | None = None, host: str = "127.0.0.1") -> Somebody:
            somebody = Somebody(shows, shows.authority_text() if offers is None else offers)
            stack.enter_context(_listening(somebody, host))
            return somebody

        yield start


@contextmanager
def _listening(somebody: Somebody, host: str) -> Iterator[None]:
    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _say(self, status: int, body: bytes) -> None:
            somebody.asked.append(f"{self.command} {self.path}")
            somebody.heard += [str(self.headers).encode()]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._say(200 if self.path == "/api/v1/ca" else 404, somebody.offers)

        def do_POST(self) -> None:
            somebody.heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self._say(201, json.dumps(GRANTED).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it overrides
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A handshake that was broken off is what these tests are about."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(somebody.shows.server)
    server = Server((host, 0), Answer)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    serving = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    serving.start()
    somebody.url = f"https://{host}:{server.server_port}"
    yield
    server.shutdown()
    serving.join()
    server.server_close()
