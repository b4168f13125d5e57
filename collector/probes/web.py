"""HTTP and HTTPS: status, time, a pattern in the body, and the certificate of the server."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

import httpx
from msgspec import Meta

from collector.probes import tls
from collector.probes.failing import failed
from collector.probes.stated import NO_SECRET, LimitS, Name, Secret, Settings, Text, WrongSettings
from readings.model import Gap, Sample, SourceFailed
from readings.pattern import bounded_pattern

# They write whole addresses, with keys in their queries, at INFO, and the tokens of sessions at DEBUG.
for name in ("httpx", "httpcore"):
    logging.getLogger(name).setLevel(logging.WARNING)

MOST_BODY_BYTES = 256 * 1024
LONGEST_LINE = 2000
MOST_REDIRECTS = 5
Status = Annotated[int, Meta(ge=100, le=599)]
Url = Annotated[str, Meta(pattern=r"^https?://[^\s@/]+(/\S*)?$", max_length=2048)]


class WebSettings(Settings, frozen=True, kw_only=True):
    """``body`` is a pattern looked for line by line. ``name`` tells several pages of one device apart."""

    url: Url
    name: Name = "web"
    method: Literal["GET", "HEAD"] = "GET"
    expected: tuple[Status, ...] = (200,)
    body: Text = ""
    user: Text = ""
    password: Secret = NO_SECRET
    follow_redirects: bool = False
    trust_any_certificate: bool = False
    ca_file: str = ""
    time_limit_s: LimitS = 10.0

    def __post_init__(self) -> None:
        if self.body:
            try:
                bounded_pattern(self.body)
            except ValueError as error:
                raise WrongSettings(f"WebSettings: body: {error}") from error


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """``failure`` is why there was no response though the certificate could be seen."""

    name: str
    expected: tuple[int, ...]
    status: int
    seconds: float
    matches: bool | None
    certificate: tls.TlsAnswer | None
    failure: SourceFailed | None = None


async def ask(settings: WebSettings) -> WebAnswer:
    """Raises SourceFailed."""
    certificate = await _certificate(settings)
    tried = f"{settings.method} {_plain(settings.url)}"
    started = time.perf_counter()
    try:
        async with asyncio.timeout(settings.time_limit_s):
            status, body = await _get(settings)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        failure = _why(error, tried, settings.time_limit_s)
        if certificate is None:
            raise failure from error
        return WebAnswer(settings.name, settings.expected, 0, 0.0, None, certificate, failure)
    seconds = time.perf_counter() - started
    matches = _matches(settings.body, body) if settings.body else None
    return WebAnswer(settings.name, settings.expected, status, seconds, matches, certificate)


async def _certificate(settings: WebSettings) -> tls.TlsAnswer | None:
    place = urlsplit(settings.url)
    if place.scheme != "https":
        return None
    asked = tls.TlsSettings(
        host=place.hostname or "",
        port=place.port or 443,
        ca_file=settings.ca_file,
        time_limit_s=settings.time_limit_s,
    )
    return await tls.ask(asked)


async def _get(settings: WebSettings) -> tuple[int, bytes]:
    verify = tls.unchecked() if settings.trust_any_certificate else tls.trusting(settings.ca_file)
    async with (
        httpx.AsyncClient(
            verify=verify,
            auth=(settings.user, settings.password.reveal()) if settings.user else None,
            timeout=settings.time_limit_s,
            follow_redirects=settings.follow_redirects,
            max_redirects=MOST_REDIRECTS,
            trust_env=False,
        ) as client,
        client.stream(settings.method, settings.url) as response,
    ):
        body = bytearray()
        async for piece in response.aiter_bytes(16384):
            body += piece
            if len(body) >= MOST_BODY_BYTES:
                break
        return response.status_code, bytes(body[:MOST_BODY_BYTES])


def _matches(pattern: str, body: bytes) -> bool:
    wanted = re.compile(pattern)
    return any(wanted.search(line[:LONGEST_LINE]) for line in body.decode("utf-8", "replace").splitlines())


def _plain(url: str) -> str:
    """Without its query, which may hold a key."""
    place = urlsplit(url)
    return f"{place.scheme}://{place.netloc}{place.path}"


def _why(error: Exception, tried: str, limit_s: float) -> SourceFailed:
    cause = cause_of(error)
    if cause is not None:
        return failed(cause, tried, limit_s)
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return SourceFailed(Gap.TIMED_OUT, f"{tried}: no answer in {limit_s:g} s")
    if isinstance(error, OSError):
        return failed(error, tried, limit_s)
    if isinstance(error, httpx.ConnectError):
        return SourceFailed(Gap.UNREACHABLE, f"{tried}: cannot be connected: {error}")
    return SourceFailed(Gap.UNREADABLE, f"{tried}: no HTTP came back: {type(error).__name__}: {error}")


def cause_of(error: BaseException) -> OSError | None:
    """What the system said beneath an error of httpx, if it did."""
    beneath: BaseException | None = error
    while beneath is not None:
        if isinstance(beneath, ssl.SSLError | ConnectionError):
            return beneath
        beneath = beneath.__cause__ or beneath.__context__
    return None


def read(answer: WebAnswer, now: datetime) -> Iterator[Sample]:
    """The page's readings, and its certificate's under the same name."""
    gap = answer.failure.gap if answer.failure is not None else None
    part = answer.name
    yield Sample("http_status", gap or float(answer.status), part)
    yield Sample("http_status_expected", gap or float(answer.status in answer.expected), part)
    yield Sample("http_response_seconds", gap or answer.seconds, part)
    if answer.matches is not None or gap:
        yield Sample("http_body_matches", gap or float(bool(answer.matches)), part)
    if answer.certificate is not None:
        for told in tls.read(answer.certificate, now):
            if isinstance(told, Sample):
                yield Sample(told.metric, told.value, part)
