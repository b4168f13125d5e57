"""HTTP and HTTPS pages of a server of ours: status, body, redirects, refusals, slowness and certificates."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collector.probes.stated import Secret, WrongSettings, taken
from collector.probes.web import WebAnswer, WebSettings, ask, read
from readings.model import SourceFailed
from tests import loopback

Values = Callable[..., dict[str, float | str]]
Serving = Callable[..., Any]
NOW = datetime(2026, 6, 1, tzinfo=UTC)


async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """/ok, /gone, /moved, /private, /endless, /slow, and /torn that is no HTTP."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    path = head.split()[1].partition("?")[0]
    if path == "/slow":
        await asyncio.sleep(30)
    if path == "/torn":
        writer.write(b"\x00\x01nothing of HTTP\r\n\r\n")
        return await writer.drain()
    wanted = base64.b64encode(b"duty:pass word").decode()
    status = {"/gone": "404 Not Found", "/moved": "302 Found"}.get(path, "200 OK")
    if path == "/private" and f"Basic {wanted}" not in head:
        status = "401 Unauthorized"
    length = "" if path == "/endless" else "Content-Length: 22\r\n"
    writer.write(f"HTTP/1.1 {status}\r\nLocation: /ok\r\nConnection: close\r\n{length}\r\n".encode())
    writer.write(b"state: serving\nline: 2")
    while path == "/endless":
        writer.write(b"x" * 65536)
        await writer.drain()
    await writer.drain()
    return None


def look(serving: Serving, path: str, **more: Any) -> WebAnswer:
    async def run() -> WebAnswer:
        async with serving(answering) as port:
            return await ask(taken(WebSettings, {"url": f"http://127.0.0.1:{port}{path}", **more}))

    return asyncio.run(run())


def test_a_page_gives_status_time_and_whether_its_body_is_right(serving: Serving, values: Values) -> None:
    told = values(read(look(serving, "/ok", body="^state: serving$"), NOW))
    assert told.pop("http_response_seconds web") != 0
    assert told == {"http_status web": 200.0, "http_status_expected web": 1.0, "http_body_matches web": 1.0}


@pytest.mark.parametrize(
    ("path", "more", "expected"),
    [
        pytest.param("/gone", {}, (404.0, 0.0), id="an error nobody expects"),
        pytest.param("/gone", {"expected": [404]}, (404.0, 1.0), id="an error that is expected"),
        pytest.param("/moved", {}, (302.0, 0.0), id="a redirect is not followed by itself"),
        pytest.param("/moved", {"follow_redirects": True}, (200.0, 1.0), id="a redirect followed"),
        pytest.param("/private", {}, (401.0, 0.0), id="no password"),
        pytest.param("/private", {"user": "duty", "password": "pass word"}, (200.0, 1.0), id="the right password"),
        pytest.param("/endless", {}, (200.0, 1.0), id="a body without end is read so far"),
    ],
)
def test_the_status_is_told_and_judged_as_configured(
    serving: Serving, values: Values, path: str, more: dict[str, Any], expected: tuple[float, float]
) -> None:
    told = values(read(look(serving, path, **more), NOW))
    assert (told["http_status web"], told["http_status_expected web"]) == expected


def test_a_body_without_the_pattern_does_not_match(serving: Serving, values: Values) -> None:
    assert values(read(look(serving, "/ok", body="maintenance"), NOW))["http_body_matches web"] == 0.0


@pytest.mark.parametrize(
    ("path", "gap", "says"),
    [
        pytest.param("/slow", "timed_out", "no answer in 0.3 s", id="slow"),
        pytest.param("/torn", "unreadable", "no HTTP came back", id="no HTTP"),
    ],
)
def test_no_page_is_a_gap_with_its_reason(
    serving: Serving, path: str, gap: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    with pytest.raises(SourceFailed, match=says) as failure:
        look(serving, f"{path}?key=planted", time_limit_s=0.3)
    assert failure.value.gap.word == gap
    assert "planted" not in failure.value.detail + caplog.text


def test_a_closed_port_is_unreachable(closed_port: int) -> None:
    with pytest.raises(SourceFailed, match="connection refused") as failure:
        asyncio.run(ask(WebSettings(url=f"http://127.0.0.1:{closed_port}/")))
    assert failure.value.gap.word == "unreachable"


@pytest.mark.peer("openssl")
def test_a_page_behind_an_untrusted_certificate_is_a_gap_beside_the_certificate(
    certificates: Callable[[int], Path], values: Values
) -> None:
    file = certificates(30)

    async def run(**more: Any) -> WebAnswer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        async with loopback.serving(answering, tls=context) as port:
            return await ask(taken(WebSettings, {"url": f"https://127.0.0.1:{port}/ok", **more}))

    refused = asyncio.run(run())
    told = values(read(refused, refused.certificate.ends if refused.certificate else NOW))
    assert told["http_status web"] == "unreadable"
    assert told["tls_certificate_expires_seconds web"] == 0.0
    assert told["tls_certificate_trusted web"] == 0.0
    assert refused.failure is not None
    assert "self-signed" in refused.failure.detail
    for more in ({"ca_file": str(file)}, {"trust_any_certificate": True}):
        assert values(read(asyncio.run(run(**more)), NOW))["http_status web"] == 200.0


@pytest.mark.parametrize(
    ("written", "says"),
    [
        pytest.param({"url": "http://127.0.0.1/", "body": "(a+)+$"}, "body", id="a pattern without end"),
        pytest.param({"url": "http://duty:planted@127.0.0.1/"}, "url", id="a password in the address"),
        pytest.param({"url": "file:///etc/passwd"}, "url", id="another scheme"),
        pytest.param({"url": "http://127.0.0.1/", "password": 7}, "password", id="a password that is no text"),
    ],
)
def test_wrong_settings_are_refused_by_field_and_tell_no_secret(written: dict[str, Any], says: str) -> None:
    with pytest.raises(WrongSettings, match=says) as refusal:
        taken(WebSettings, written)
    assert "planted" not in str(refusal.value)


def test_a_secret_is_shown_nowhere() -> None:
    settings = WebSettings(url="http://127.0.0.1/", user="duty", password=Secret("planted"))
    assert "planted" not in f"{settings!r} {settings} {settings.password!r} {settings.password}"
