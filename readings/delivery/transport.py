"""One question to the centre at a time, and its answer as it came: bounded in bytes and time, believed in nothing.

No redirect is followed, no cookie kept (readings.delivery.https), nothing unpacked: an answer has no reason to be
packed, and a packed one may hold any amount.
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from typing import Any

import httpx

from readings.delivery.answer import Answer, TransportError
from readings.wire import CONTENT_TYPE

BATCH_PATH = "/api/v1/batches"
MOST_ANSWER_BYTES = 64 * 1024
ANSWER_WITHIN_S = 60.0  # from the question sent to the answer whole, however slowly its bytes drop


class Asking:
    """Questions over ``http``, one at a time."""

    def __init__(self, http: httpx.Client, within_s: float = ANSWER_WITHIN_S) -> None:
        self._http = http
        self._within_s = within_s
        self._connection: socket.socket | None = None
        self._timer: threading.Timer | None = None
        self._late = False

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Raises TransportError: no answer came, or none that an honest centre gives."""
        return self._ask("POST", path, body, headers)

    def get(self, path: str, headers: dict[str, str]) -> Answer:
        """As ``post``."""
        return self._ask("GET", path, None, headers)

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        tried = f"{method.lower()} to {self._http.base_url}"
        self._late = False
        try:
            answer = self._answer(method, path, body, {**headers, "Accept-Encoding": "identity"})
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            why = f"no whole answer in {self._within_s:g} s" if self._late else f"{type(error).__name__}: {error}"
            raise TransportError(f"{tried}: {why}") from error
        finally:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        if self._late:
            raise TransportError(f"{tried}: no whole answer in {self._within_s:g} s")
        return answer

    def _answer(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        watched = {"trace": self._trace}
        with self._http.stream(method, path, content=body, headers=headers, extensions=watched) as said:
            packed = said.headers.get("Content-Encoding", "identity")
            if packed != "identity":
                raise httpx.DecodingError(f"packed as {packed[:60]!r} unasked")
            answer = b""
            for chunk in said.iter_raw():
                answer += chunk
                if len(answer) > MOST_ANSWER_BYTES:
                    break
            return Answer(said.status_code, answer, _seconds(said.headers.get("Retry-After")))

    def _trace(self, event: str, told: dict[str, Any]) -> None:
        """httpx gives up on a wait that is too long, never on many short ones: this sees where to cut."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._connection = told["return_value"].get_extra_info("socket")
        elif event == "http11.send_request_body.complete":
            self._timer = threading.Timer(self._within_s, self._cut)
            self._timer.daemon = True
            self._timer.start()

    def _cut(self) -> None:
        self._late = True
        if self._connection is not None:
            # A descriptor of its own: the connection may be closed and its number used again meanwhile.
            with suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as same:
                same.shutdown(socket.SHUT_RDWR)


class Transport:
    """``post`` for the uplink: bytes in, status and bytes out."""

    def __init__(self, http: httpx.Client, credential: str, *, within_s: float = ANSWER_WITHIN_S) -> None:
        self._asking = Asking(http, within_s)
        self._headers = {"Content-Type": CONTENT_TYPE}
        self.bear(credential)

    def bear(self, credential: str) -> None:
        """Send under this credential from now on."""
        self._headers["Authorization"] = f"Bearer {credential}"

    def post(self, body: bytes) -> Answer:
        """Raises TransportError: the centre gave no answer."""
        return self._asking.post(BATCH_PATH, body, self._headers)


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isdecimal() and len(header) < 10 else None
