"""TCP ports that accept, refuse or keep silent; TLS ports with certificates trusted, foreign, ended or none."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.probes import tcp, tls
from readings.der import not_after
from readings.model import Fact, SourceFailed
from tests import loopback
from tests.probes.peers import accepts, free_port, running, until

Values = Callable[..., dict[str, float | str]]
Serving = Callable[..., Any]


async def wait(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


def test_a_port_that_accepts_says_how_soon(serving: Serving, values: Values) -> None:
    async def run() -> tuple[int, tcp.TcpAnswer]:
        async with serving(wait) as port:
            return port, await tcp.ask(tcp.TcpSettings(host="127.0.0.1", port=port))

    port, answer = asyncio.run(run())
    told = values(tcp.read(answer))
    assert told[f"tcp_port_open port {port}"] == 1.0
    assert isinstance(told[f"tcp_connect_seconds port {port}"], float)


def test_a_port_that_refuses_is_known_to_be_closed(closed_port: int, values: Values) -> None:
    answer = asyncio.run(tcp.ask(tcp.TcpSettings(host="127.0.0.1", port=closed_port)))
    told = values(tcp.read(answer))
    assert told == {
        f"tcp_port_open port {closed_port}": 0.0,
        f"tcp_connect_seconds port {closed_port}": "not_offered",
    }


def test_a_port_that_keeps_silent_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: Any, **__: Any) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(asyncio, "open_connection", silent)
    with pytest.raises(SourceFailed, match=r"TCP 127\.0\.0\.1 port 9: connect: no answer in 0\.05 s") as failure:
        asyncio.run(tcp.ask(tcp.TcpSettings(host="127.0.0.1", port=9, time_limit_s=0.05)))
    assert failure.value.gap.word == "timed_out"


def tls_look(file: Path, *, trusted: bool) -> tls.TlsAnswer:
    async def run() -> tls.TlsAnswer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        async with loopback.serving(wait, tls=context) as port:
            asked = tls.TlsSettings(host="127.0.0.1", port=port, ca_file=str(file) if trusted else "")
            return await tls.ask(asked)

    return asyncio.run(run())


@pytest.mark.peer("openssl")
@pytest.mark.parametrize("trusted", [True, False], ids=["by an authority of ours", "by nobody"])
def test_a_certificate_says_when_it_ends_whoever_trusts_it(
    certificates: Callable[[int], Path], values: Values, trusted: bool
) -> None:
    file = certificates(30)
    ends = not_after(ssl.PEM_cert_to_DER_cert("-----BEGIN CERT" + file.read_text().partition("-----BEGIN CERT")[2]))
    answer = tls_look(file, trusted=trusted)
    told = values(tls.read(answer, ends - timedelta(days=7)))
    assert told == {
        f"tls_certificate_expires_seconds port {answer.port}": 7 * 86400.0,
        f"tls_certificate_trusted port {answer.port}": float(trusted),
    }
    assert ("self-signed" in answer.distrust) is not trusted


@pytest.mark.peer("openssl")
def test_an_old_server_that_only_speaks_tls_1_0_still_shows_its_certificate(
    certificates: Callable[[int], Path], peer: Callable[[str], str], values: Values
) -> None:
    port = free_port()
    command = [peer("openssl"), "s_server", "-quiet", "-tls1", "-cipher", "ALL:@SECLEVEL=0"]
    command += ["-accept", f"127.0.0.1:{port}", "-cert", str(certificates(30))]
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running(subprocess.Popen(command, **quiet)):
        until(lambda: accepts(port), "openssl s_server")
        answer = asyncio.run(tls.ask(tls.TlsSettings(host="127.0.0.1", port=port)))
    assert answer.version == "TLSv1"
    told = values(tls.read(answer, answer.ends - timedelta(days=1)))
    assert told[f"tls_certificate_expires_seconds port {port}"] == 86400.0
    assert told[f"tls_certificate_trusted port {port}"] == 0.0


@pytest.mark.peer("openssl")
def test_an_ended_certificate_has_less_than_nothing_left(certificates: Callable[[int], Path], values: Values) -> None:
    answer = tls_look(certificates(30), trusted=False)
    told = values(tls.read(answer, answer.ends + timedelta(hours=1)))
    assert told[f"tls_certificate_expires_seconds port {answer.port}"] == -3600.0


def test_a_port_without_tls_is_unreadable_and_says_so(serving: Serving) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        writer.write(b"220 smtp ready\r\n")
        await writer.drain()

    async def run() -> None:
        async with serving(plain) as port:
            await tls.ask(tls.TlsSettings(host="127.0.0.1", port=port))

    with pytest.raises(SourceFailed, match="handshake: TLS failed: wrong version number") as failure:
        asyncio.run(run())
    assert failure.value.gap.word == "unreadable"


def test_a_tls_port_that_never_answers_times_out(serving: Serving) -> None:
    async def run() -> None:
        async with serving(wait) as port:
            await tls.ask(tls.TlsSettings(host="127.0.0.1", port=port, time_limit_s=0.2))

    with pytest.raises(SourceFailed, match=r"no answer in 0\.2 s") as failure:
        asyncio.run(run())
    assert failure.value.gap.word == "timed_out"


def test_facts_of_a_certificate_say_why_it_is_not_trusted() -> None:
    answer = tls.TlsAnswer(443, datetime(2027, 1, 1, tzinfo=UTC), "the certificate is not trusted (x)", "TLSv1.3")
    assert Fact("tls distrust port 443", "the certificate is not trusted (x)") in list(
        tls.read(answer, datetime(2026, 1, 1, tzinfo=UTC))
    )
