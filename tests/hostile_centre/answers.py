"""What a hostile centre may answer, byte for byte: each a function from the request to the pieces it sends."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import zstandard

from readings.wire import Envelope

SHADOW = "/etc/shadow"
PROBLEM = "Content-Type: application/problem+json\r\n"


def http(status: str, body: bytes = b"", head: str = "", *, sized: bool = True) -> bytes:
    length = f"Content-Length: {len(body)}\r\n" if sized else ""
    return f"HTTP/1.1 {status}\r\nConnection: close\r\n{length}{head}\r\n".encode() + body


def receipt(envelope: Envelope | None, **changed: Any) -> bytes:
    assert envelope is not None
    said = {"epoch": envelope.epoch, "position": envelope.last, "received": 1, "replied": 1}
    return json.dumps(said | changed).encode()


def problem(status: int, **more: Any) -> bytes:
    return http(f"{status} X", json.dumps({"title": "x", "status": status, "detail": "no"} | more).encode(), PROBLEM)


def taken(**changed: Any) -> Any:
    """A receipt as it should be, but for what was changed."""
    return lambda envelope: [http("200 OK", receipt(envelope, **changed))]


def always(*pieces: bytes) -> Any:
    return lambda _: pieces


def endless(first: bytes, piece: bytes, pause_s: float = 0.0) -> Any:
    def say(_: Envelope | None) -> Iterator[bytes]:
        yield first
        until = time.monotonic() + 5
        while time.monotonic() < until:
            yield piece
            time.sleep(pause_s)

    return say


ORDERS = {
    "configuration": {"commands": {"x": {"argv": ["/bin/sh", "-c", "touch /tmp/pwned"], "user": "root"}}},
    "allowed": "commands: {x: {argv: [/bin/sh]}}",
    "file_roots": ["/"],
    "read": SHADOW,
    "write": {"/etc/cron.d/x": "* * * * * root id"},
    "exec": "id",
    "server": "http://127.0.0.1:1/",
    "update_url": "http://127.0.0.1:1/agent.deb",
    "__class__": "os.system",
}
BOMB = b"\0" * 50_000_000

ANSWERS = [
    *(
        pytest.param(always(http(f"{status} Moved", b"", f"Location: {where}\r\n")), id=f"{status} to {where}")
        for status in (301, 302, 303, 307, 308)
        for where in (
            "http://127.0.0.1:1/x",
            "https://127.0.0.1:1/",
            f"file://{SHADOW}",
            "//127.0.0.1:1/",
            "/api/v1/enrol",
        )
    ),
    pytest.param(always(http("302 X", b"", "Location: http://[::1\r\n")), id="302 to no address"),
    pytest.param(always(http("305 Use Proxy", b"", "Location: http://127.0.0.1:1/\r\n")), id="use a proxy"),
    pytest.param(lambda e: [b"HTTP/1.1 100 Continue\r\n\r\n" * 500, http("200 OK", receipt(e))], id="500 times 100"),
    pytest.param(endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"), id="103 without end"),
    pytest.param(
        always(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n$ id\n"), id="101"
    ),
    pytest.param(endless(http("200 OK", sized=False), b"x" * 65536), id="a body without end"),
    pytest.param(endless(http("500 X", sized=False), b"x" * 65536), id="an error without end"),
    pytest.param(endless(http("200 OK", sized=False), b"x", 0.05), id="a body drop by drop"),
    pytest.param(endless(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", 0.05), id="headers drop by drop"),
    pytest.param(endless(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"), id="headers without end"),
    pytest.param(endless(b"", b"", 0.05), id="silence"),
    pytest.param(always(http("200 OK", gzip.compress(BOMB), "Content-Encoding: gzip\r\n")), id="a gzip bomb"),
    pytest.param(always(http("200 OK", zlib.compress(BOMB), "Content-Encoding: deflate\r\n")), id="a deflate bomb"),
    pytest.param(always(http("200 OK", zstandard.compress(BOMB), "Content-Encoding: zstd\r\n")), id="a zstd bomb"),
    pytest.param(
        always(http("422 X", zstandard.compress(BOMB), f"{PROBLEM}Content-Encoding: zstd, zstd\r\n")),
        id="bomb in an error",
    ),
    pytest.param(always(http("200 OK", gzip.compress(b"{}") + b"x", "Content-Encoding: gzip, br\r\n")), id="no gzip"),
    pytest.param(always(http("200 OK")), id="nothing"),
    pytest.param(always(b""), id="hung up"),
    pytest.param(always(b"\x16\x03\x01\x02\x00"), id="TLS where HTTP was"),
    pytest.param(always(b"HTTP/9.9 200 OK\r\n\r\n"), id="another HTTP"),
    pytest.param(always(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx"), id="a negative length"),
    pytest.param(always(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\n{}"), id="a length of terabytes"),
    pytest.param(
        always(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\n{}"), id="a chunk of terabytes"
    ),
    pytest.param(always(http("200 OK", b"\xdf" * 1000)), id="msgpack"),
    pytest.param(always(http("200 OK", b"\xff\xfe")), id="no UTF-8"),
    pytest.param(always(http("200 OK", b"[" * 60_000)), id="deep JSON"),
    pytest.param(always(http("200 OK", b'{"epoch":' + b'{"a":' * 10_000)), id="deep in a receipt"),
    pytest.param(always(http("422 X", b'{"title":' + b"[" * 60_000, PROBLEM)), id="deep in an error"),
    pytest.param(taken(position=-1), id="a position before all"),
    pytest.param(taken(position=10**9), id="a position beyond"),
    pytest.param(taken(position=2**63), id="a position no file holds"),
    pytest.param(taken(position=2**200), id="a position without end"),
    pytest.param(taken(position="1"), id="a position in words"),
    pytest.param(taken(position=0), id="a position that takes back"),
    pytest.param(taken(epoch="../../etc/cron.d/x"), id="an epoch that is a path"),
    pytest.param(taken(epoch="'; DROP TABLE ticks; --"), id="an epoch that is SQL"),
    pytest.param(taken(received=2**63, replied=2**64 - 1), id="a clock of another age"),
    pytest.param(taken(received=-(2**63), replied=2**63 - 1), id="a clock over all ages"),
    pytest.param(taken(received=5, replied=1), id="a clock that runs back"),
    pytest.param(taken(configuration_revision=2**62, audit_head="A" * 60_000), id="a long head"),
    pytest.param(taken(configuration_revision=10**6, **ORDERS), id="orders in the receipt"),
    pytest.param(
        lambda e: [
            http(
                "200 OK",
                receipt(e),
                f"Location: {SHADOW}\r\nRefresh: 0; url=file://{SHADOW}\r\n"
                f'Content-Disposition: attachment; filename={SHADOW}\r\nAlt-Svc: h2="127.0.0.1:1"\r\n'
                "Link: </x>; rel=preload\r\nX-Sendfile: /etc/passwd\r\n",
            )
        ],
        id="headers with paths",
    ),
    *(
        pytest.param(
            always(problem(status, type=f"file://{SHADOW}", instance="http://127.0.0.1:1/", **ORDERS)), id=f"{status}"
        )
        for status in (400, 401, 403, 404, 405, 407, 408, 409, 411, 413, 418, 422, 425, 426, 429, 500, 502, 503, 511)
    ),
    pytest.param(
        always(http("401 X", b"", "WWW-Authenticate: Negotiate, Basic realm=x\r\n")), id="401 wants a password"
    ),
    pytest.param(always(http("503 X", b"", "Retry-After: 999999999\r\n")), id="wait for ever"),
    pytest.param(always(http("503 X", b"", "Retry-After: -1\r\n")), id="wait less than nothing"),
    pytest.param(
        always(problem(422, detail="\x1b]0;x\x07\r\nERROR forged line\u2028")), id="a text that steers terminals"
    ),
    pytest.param(always(problem(422, detail={"a": ["b"] * 5000}, title=7)), id="a detail that is no text"),
]
