"""POST /api/v1/batches, as plain ASGI: the credential, the body up to its limit, the inbox, the receipt."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

import msgspec

from readings.wire import MAX_BODY_BYTES, WireError
from server.inbox.arrival import Conflict, Sender, StoreFull
from server.inbox.inbox import Inbox

PATH = "/api/v1/batches"
RETRY_AFTER_S = b"5"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_json = msgspec.json.Encoder()
_RECEIPT_HEADERS: Headers = [(b"content-type", b"application/json")]


class SenderGoneError(Exception):
    """The connection closed before the body was whole."""


class BatchEndpoint:
    """``authenticate(bearer)`` says whose credential it is, None when nobody's; asked for every request."""

    def __init__(self, inbox: Inbox, authenticate: Callable[[str], Sender | None], now_ns: Callable[[], int]) -> None:
        self._inbox = inbox
        self._authenticate = authenticate
        self._now_ns = now_ns

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        counters = self._inbox.counters
        try:
            sender, declared = self._caller(scope)
            body = await _body(receive, declared)
            counters.body_bytes += len(body)
            receipt = await self._inbox.take(sender, body, self._now_ns())
        except SenderGoneError:
            counters.refused["gone"] += 1
            return
        except WireError as error:
            counters.refused[error.reason] += 1
            extra = _DENIED if error.status == 401 else []
            await _problem(send, error.status, error.reason, error.detail, extra)
        except Conflict as error:
            counters.refused["conflict"] += 1
            await _problem(send, 409, "conflict", str(error), [], position=error.position)
        except StoreFull as error:
            counters.refused["store_full"] += 1
            await _problem(send, 503, "store_full", str(error), [(b"retry-after", RETRY_AFTER_S)])
        else:
            await _answer(send, 200, _RECEIPT_HEADERS, _json.encode(receipt))
        counters.request_seconds += time.perf_counter() - began

    def _caller(self, scope: Message) -> tuple[Sender, int]:
        """(who sends, how many bytes are announced: 0 when not said). Raises WireError 401, 405 or 413."""
        if scope["method"] != "POST":
            raise WireError(405, "method", f"{scope['method']} {PATH}: only POST")
        bearer, declared = "", 0
        for name, value in scope["headers"]:
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                bearer = value[7:].decode("latin-1").strip()
            elif name == b"content-length":
                declared = int(value)  # the HTTP server has checked that it is a number
        sender = self._authenticate(bearer) if bearer else None
        if sender is None:
            raise WireError(401, "unknown_sender", f"{PATH}: no agent has this credential")
        if declared > MAX_BODY_BYTES:
            raise _too_large(declared)
        return sender, declared


_DENIED: Headers = [(b"www-authenticate", b'Bearer realm="zhishou"')]


def _too_large(size: int) -> WireError:
    return WireError(413, "too_large", f"batch: {size} bytes, at most {MAX_BODY_BYTES}")


async def _body(receive: Receive, declared: int) -> bytes:
    """Raises WireError 413 as soon as it is too long, SenderGoneError when it ends early."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise SenderGoneError
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise _too_large(max(size, declared))
        if not message.get("more_body", False):
            return b"".join((*parts, part)) if parts else part
        parts.append(part)


async def _problem(send: Send, status: int, reason: str, detail: str, extra: Headers, **members: object) -> None:
    """RFC 9457."""
    problem = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": PATH,
        "reason": reason,
        **members,
    }
    await _answer(send, status, [(b"content-type", b"application/problem+json"), *extra], _json.encode(problem))


async def _answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
