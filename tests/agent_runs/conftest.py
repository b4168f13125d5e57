"""A centre made for a test: on loopback, answering as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from readings import wire


@dataclass
class Centre:
    """``status`` and ``body`` of the next answers; what was asked of it."""

    url: str = ""
    status: int = 200
    body: bytes | None = None
    enrolments: list[dict[str, Any]] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)
    batches: list[wire.Batch] = field(default_factory=list)
    newest: list[wire.Batch] = field(default_factory=list)
    took: threading.Event = field(default_factory=threading.Event)

    def answer(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        if self.status != 200:
            problem = {"title": "Refused", "detail": "as the test wants", "status": self.status}
            return self.status, self.body if self.body is not None else json.dumps(problem).encode()
        if path == "/api/v1/enrol":
            self.enrolments.append(json.loads(body))
            granted = {"agent_id": "agent-1", "device_no": "SRV-1", "credential": "zsa_secret", "state": "active"}
            return 201, self.body if self.body is not None else json.dumps(granted).encode()
        assert headers["Content-Type"] == wire.CONTENT_TYPE
        self.credentials.append(headers["Authorization"])
        envelope = wire.unpack_envelope(body)
        if envelope.payload:
            self.batches.append(wire.unpack_batch(envelope.payload))
            self.took.set()
        if envelope.newest:
            self.newest.append(wire.unpack_batch(envelope.newest))
        now = time.time_ns()
        return 200, json.dumps(
            {"epoch": envelope.epoch, "position": envelope.last, "received": now, "replied": now}
        ).encode()


@pytest.fixture
def centre() -> Iterator[Centre]:
    made = Centre()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = made.answer(self.path, body, dict(self.headers))
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it overrides
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    serving.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    serving.join()
    server.server_close()
