"""Posting a batch to the centre."""

from __future__ import annotations

import httpx

from readings.delivery.answer import Answer, TransportError
from readings.wire import CONTENT_TYPE

BATCH_PATH = "/api/v1/batches"
MOST_ANSWER_BYTES = 64 * 1024


class Transport:
    """``post`` for the uplink: bytes in, status and bytes out."""

    def __init__(self, http: httpx.Client, credential: str) -> None:
        self._http = http
        self._headers = {"Content-Type": CONTENT_TYPE}
        self.bear(credential)

    def bear(self, credential: str) -> None:
        """Send under this credential from now on."""
        self._headers["Authorization"] = f"Bearer {credential}"

    def post(self, body: bytes) -> Answer:
        """Raises TransportError: the centre gave no answer."""
        try:
            with self._http.stream("POST", BATCH_PATH, content=body, headers=self._headers) as said:
                answer = b""
                for chunk in said.iter_bytes():
                    answer += chunk
                    if len(answer) > MOST_ANSWER_BYTES:
                        break
                return Answer(said.status_code, answer, _seconds(said.headers.get("Retry-After")))
        except httpx.HTTPError as error:
            raise TransportError(f"post to {self._http.base_url}: {type(error).__name__}: {error}") from error


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isdecimal() and len(header) < 10 else None
