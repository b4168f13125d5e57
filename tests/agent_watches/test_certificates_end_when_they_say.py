"""Certificates made by openssl, in files and shown by a real TLS port; DER that is damaged at every byte."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from socket import create_server
from typing import Any

import pytest

from agent.watched.certificates import first_end
from readings.der import not_after
from readings.model import Gap

Host = Any  # the one of conftest, which a test folder without packages cannot import
Make = Callable[..., Path]
DAY = 86_400


@pytest.fixture
def make(peer: Callable[[str], str], tmp_path: Path) -> Make:
    """A self-signed certificate good for so many days, and its key beside it."""

    def made(name: str = "own", days: int = 30, key: str = "ec") -> Path:
        folder = tmp_path / "pki"
        folder.mkdir(exist_ok=True)
        file = folder / f"{name}.pem"
        kind = {"ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["rsa:2048"], "ed25519": ["ed25519"]}[key]
        subject = ["-subj", f"/C=CN/O=期货/CN={name}", "-utf8", "-days", str(days)]
        command = [peer("openssl"), "req", "-x509", "-nodes", "-newkey", *kind, *subject]
        subprocess.run([*command, "-keyout", folder / f"{name}.key", "-out", file], check=True, capture_output=True)
        return file

    return made


@contextmanager
def showing(file: Path) -> Iterator[int]:
    """A TLS port that shows it, until the end."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, file.with_suffix(".key"))
    with create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    plain, _ = listening.accept()
                    with plain, context.wrap_socket(plain, server_side=True):
                        pass
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(2)


pytestmark = pytest.mark.peer("openssl")


@pytest.mark.parametrize("key", ["ec", "rsa", "ed25519"])
def test_a_file_says_when_it_ends(host: Host, make: Make, key: str) -> None:
    file = make(days=30, key=key)
    host.write(f"file_roots: ['{file.parent}']\ncertificates: {{银期: {{file: '{file}'}}}}")
    left = host.look()["watched_certificate_expires_seconds", "银期"]
    assert 30 * DAY - 600 < left <= 30 * DAY
    assert host.events == []


def test_the_first_of_a_chain_to_end_counts(make: Make) -> None:
    chain = make("long", 300).read_bytes() + b"\nkey follows\n" + make("short", 3).read_bytes()
    told = subprocess.run(
        ["openssl", "x509", "-enddate", "-noout", "-dateopt", "iso_8601"],
        input=make("short2", 3).read_bytes(),
        capture_output=True,
        check=True,
    )
    end = datetime.fromisoformat(told.stdout.decode().strip().removeprefix("notAfter="))
    assert abs(first_end(chain) - end.timestamp()) < 60


def test_a_port_shows_what_it_has(host: Host, make: Make) -> None:
    file = make(days=100)
    with showing(file) as port:
        host.write(f"certificates: {{前置: {{port: {port}, server_name: front.example}}}}")
        left = host.look()["watched_certificate_expires_seconds", "前置"]
    assert 100 * DAY - 600 < left <= 100 * DAY


def test_one_that_ended_has_less_than_nothing_left(host: Host, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    file = make(days=1)
    host.write(f"file_roots: ['{file.parent}']\ncertificates: {{x: {{file: '{file}'}}}}")
    now = host.clocks()
    later = type(now)(now.boot_id, now.boottime_ns, now.wall_ns + 2 * DAY * 10**9)
    host.clocks = lambda: later
    assert host.look()["watched_certificate_expires_seconds", "x"] < 0


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"", "there is no PEM certificate", id="empty"),
        pytest.param(b"-----BEGIN CERTIFICATE-----\nMIIB", "cut off within a certificate", id="cut off"),
        pytest.param(b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----", "x.pem: ", id="no base64"),
        pytest.param(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "tag 0x00 where", id="no DER"),
    ],
)
def test_what_is_no_certificate_is_a_gap(host: Host, tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki" / "x.pem").write_bytes(content)
    host.write(f"file_roots: ['{tmp_path}/pki']\ncertificates: {{x: {{file: '{tmp_path}/pki/x.pem'}}}}")
    assert host.look()["watched_certificate_expires_seconds", "x"] is Gap.UNREADABLE
    (text,) = host.told("watched_certificate_unknown")
    assert why in text


def test_a_file_that_is_missing_and_a_port_that_is_shut_are_gaps(host: Host, tmp_path: Path) -> None:
    with create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    (tmp_path / "pki").mkdir()
    host.write(
        f"file_roots: ['{tmp_path}/pki']\n"
        f"certificates: {{file: {{file: '{tmp_path}/pki/x.pem'}}, port: {{port: {port}}}}}"
    )
    said = host.look()
    assert said["watched_certificate_expires_seconds", "file"] is Gap.NOT_OFFERED
    assert said["watched_certificate_expires_seconds", "port"] is Gap.UNREACHABLE


def test_a_port_that_speaks_no_tls_or_nothing_is_a_gap(host: Host) -> None:
    with create_server(("127.0.0.1", 0)) as silent, create_server(("127.0.0.1", 0)) as other:

        def greet() -> None:
            asking, _ = other.accept()
            with asking:
                asking.sendall(b"220 ready\r\n")
                asking.recv(1000)

        threading.Thread(target=greet, daemon=True).start()
        ports = {"silent": silent.getsockname()[1], "other": other.getsockname()[1]}
        things = ", ".join(f"{name}: {{port: {port}, time_limit: 200 ms}}" for name, port in ports.items())
        host.write(f"certificates: {{{things}}}")
        said = host.look()
    assert said["watched_certificate_expires_seconds", "silent"] is Gap.TIMED_OUT
    assert said["watched_certificate_expires_seconds", "other"] is Gap.UNREADABLE


def test_a_certificate_cut_off_anywhere_is_refused_and_never_misread(make: Make) -> None:
    der = ssl.PEM_cert_to_DER_cert(make().read_text())
    end = not_after(der)
    for length in range(len(der)):
        with pytest.raises(ValueError, match=r"."):
            not_after(der[:length])
    for at in range(len(der)):
        for bits in (0xFF, 0x80, 0x01):
            damaged = der[:at] + bytes([der[at] ^ bits]) + der[at + 1 :]
            with suppress(ValueError):
                assert isinstance(not_after(damaged), datetime)
    assert end.tzinfo is UTC


@pytest.mark.parametrize(
    ("time", "year"),
    [
        pytest.param(b"\x17\x0d491231235959Z", 2049, id="two digits, this century"),
        pytest.param(b"\x17\x0d500101000000Z", 1950, id="two digits, the last"),
        pytest.param(b"\x18\x0f20991231235959Z", 2099, id="four digits"),
    ],
)
def test_both_kinds_of_time_are_read(time: bytes, year: int) -> None:
    def sequence(content: bytes) -> bytes:
        return bytes([0x30, len(content)]) + content

    validity = sequence(b"\x17\x0d000101000000Z" + time)
    told = sequence(b"\x02\x01\x05" + sequence(b"") + sequence(b"") + validity)  # version 1 has no [0]
    assert not_after(sequence(told)).year == year
