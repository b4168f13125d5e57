"""The certificate a TLS port shows: when it ends, and whether it is trusted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from collector.probes.failing import failed, tls_words
from collector.probes.stated import Host, LimitS, Port, Settings
from readings.der import not_after
from readings.model import Fact, Gap, Sample, SourceFailed


class TlsSettings(Settings, frozen=True, kw_only=True):
    """``server_name``: what the certificate must be for, the host if empty; ``ca_file``: whom to trust besides."""

    host: Host
    port: Port = 443
    server_name: str = ""
    ca_file: str = ""
    time_limit_s: LimitS = 10.0


@dataclass(frozen=True, slots=True)
class TlsAnswer:
    """``distrust`` says why the certificate is not trusted, "" if it is."""

    port: int
    ends: datetime
    distrust: str
    version: str


async def ask(settings: TlsSettings) -> TlsAnswer:
    """Raises SourceFailed. A certificate nobody trusts is read all the same: it says when it ends."""
    tried = f"TLS {settings.host} port {settings.port}: handshake"
    distrust = ""
    try:
        async with asyncio.timeout(settings.time_limit_s):
            try:
                shown, version = await _shown(settings, trusting(settings.ca_file))
            except ssl.SSLError as error:
                distrust = tls_words(error)
                shown, version = await _shown(settings, unchecked())
    except OSError as error:
        raise failed(error, tried, settings.time_limit_s) from error
    try:
        return TlsAnswer(settings.port, not_after(shown), distrust, version)
    except ValueError as error:
        raise SourceFailed(Gap.UNREADABLE, f"{tried}: the certificate cannot be read: {error}") from error


async def _shown(settings: TlsSettings, context: ssl.SSLContext) -> tuple[bytes, str]:
    name = settings.server_name or settings.host
    _, writer = await asyncio.open_connection(settings.host, settings.port, ssl=context, server_hostname=name)
    try:
        session: ssl.SSLObject = writer.get_extra_info("ssl_object")
        return session.getpeercert(binary_form=True) or b"", session.version() or ""
    finally:
        writer.transport.abort()


def trusting(ca_file: str) -> ssl.SSLContext:
    """Of the system's authorities, and those of ``ca_file``. Raises SourceFailed."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(Path(ca_file))
        except (OSError, ssl.SSLError) as error:
            raise SourceFailed(
                Gap.UNREADABLE, f"{ca_file}: no certificates can be read from it: {error.strerror or error}"
            ) from error
    return context


def unchecked() -> ssl.SSLContext:
    """Whatever the other side can still do: its certificate is read, nothing is believed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def read(answer: TlsAnswer, now: datetime) -> Iterator[Sample | Fact]:
    part = f"port {answer.port}"
    yield Sample("tls_certificate_expires_seconds", (answer.ends - now).total_seconds(), part)
    yield Sample("tls_certificate_trusted", 0.0 if answer.distrust else 1.0, part)
    yield Fact(f"tls {part}", answer.version)
    yield Fact(f"tls distrust {part}", answer.distrust)
