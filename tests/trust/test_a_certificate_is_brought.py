"""`server init --cert --key --ca`: taken when an agent would accept it; refused with the file and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from server.tls.authority import certificate_text, key_text, make_authority, make_certificate
from server.tls.brought import Brought, take
from server.tls.certificates import CertificateRefused, Certificates, read_key

NOW = datetime.now(UTC)  # noqa: TID251 - OpenSSL judges by the real clock
Edit = Callable[[Brought], Brought]


def written(folder: Path, name: str, text: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_bytes(text)
    return file


def made(folder: Path, names: list[str], at: datetime = NOW) -> Brought:
    authority, signs = make_authority(at)
    certificate, key = make_certificate(authority, signs, names, at)
    return Brought(
        written(folder, "cert.pem", certificate_text(certificate)),
        written(folder, "key.pem", key_text(key)),
        written(folder, "ca.pem", certificate_text(authority)),
    )


@pytest.fixture
def brought(tmp_path: Path) -> Brought:
    return made(tmp_path / "theirs", ["watch.example"])


@pytest.fixture
def centre(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "centre")


def test_what_fits_is_taken_and_is_not_ours_to_renew(centre: Certificates, brought: Brought) -> None:
    shown = take(centre, brought, ["watch.example"], NOW)
    assert shown.names == ("watch.example",)
    assert not shown.ours
    assert centre.authority_text() == brought.authority.read_bytes()
    assert not centre.renew(shown.ends - timedelta(days=1))


def _locked(brought: Brought) -> Brought:
    key = read_key(brought.key)
    secret = serialization.BestAvailableEncryption(b"secret")
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)
    return replace(brought, key=written(brought.key.parent, "locked.pem", text))


def _authority_as_server(brought: Brought) -> Brought:
    """A certificate for signing others, shown as a server's."""
    authority, key = make_authority(NOW)
    folder = brought.key.parent
    text = certificate_text(authority)
    return Brought(
        written(folder, "c.pem", text), written(folder, "k.pem", key_text(key)), written(folder, "a.pem", text)
    )


REFUSED: dict[str, tuple[Edit, str]] = {
    "another key": (
        lambda b: replace(b, key=made(b.key.parent / "x", ["watch.example"]).key),
        r"key\.pem: does not fit .*cert\.pem",
    ),
    "another authority": (
        lambda b: replace(b, authority=made(b.key.parent / "x", ["watch.example"]).authority),
        r"cert\.pem: an agent that trusts .*ca\.pem refuses it",
    ),
    "another name": (lambda b: made(b.key.parent / "x", ["other.example"]), "speaks for other.example; not for watch"),
    "no name": (_authority_as_server, "speaks for none; not for watch.example"),
    "ended": (
        lambda b: made(b.key.parent / "x", ["watch.example"], NOW - timedelta(days=400)),
        r"cert\.pem: CN=Zhishou: valid from .* which is not now",
    ),
    "not yet": (
        lambda b: made(b.key.parent / "x", ["watch.example"], NOW + timedelta(days=3)),
        r"cert\.pem: .* which is not now",
    ),
    "a password": (_locked, r"locked\.pem: has a password"),
    "no certificate": (
        lambda b: replace(b, certificate=written(b.key.parent, "n.pem", b"none")),
        r"n\.pem: no certificate in PEM",
    ),
    "no key": (lambda b: replace(b, key=b.certificate), r"cert\.pem: no private key in PEM"),
    "two authorities": (
        lambda b: replace(b, authority=written(b.key.parent, "two.pem", b.authority.read_bytes() * 2)),
        r"two\.pem: 2 certificates; agents pin exactly one",
    ),
    "no file": (lambda b: replace(b, key=b.key.parent / "gone.pem"), r"gone\.pem: cannot be read"),
    "a large file": (
        lambda b: replace(b, key=written(b.key.parent, "large.pem", b"x" * 300_000)),
        r"large\.pem: more than",
    ),
}


@pytest.mark.parametrize(("edit", "because"), REFUSED.values(), ids=REFUSED.keys())
def test_what_no_agent_would_accept_is_refused_and_nothing_changes(
    edit: Edit, because: str, centre: Certificates, brought: Brought
) -> None:
    centre.make(["watch.example"], NOW)
    before = {file.name: file.read_bytes() for file in centre.folder.iterdir()}

    with pytest.raises(CertificateRefused, match=because):
        take(centre, edit(brought), ["watch.example"], NOW, new_authority=True)

    assert {file.name: file.read_bytes() for file in centre.folder.iterdir()} == before


def test_an_authority_no_agent_knows_is_taken_only_when_that_is_meant(centre: Certificates, brought: Brought) -> None:
    before = centre.make(["watch.example"], NOW).fingerprint
    with pytest.raises(CertificateRefused, match=f"trust another authority .{before[:16]}.*--new-ca"):
        take(centre, brought, ["watch.example"], NOW)
    assert centre.fingerprint() == before

    assert take(centre, brought, ["watch.example"], NOW, new_authority=True).fingerprint != before
    with pytest.raises(CertificateRefused, match=r"ca\.key: not there: the CA was brought"):
        centre.make(["watch.example"], NOW)


def test_the_next_one_of_the_same_authority_needs_no_word(centre: Certificates, tmp_path: Path) -> None:
    authority, signs = make_authority(NOW)
    ca = written(tmp_path, "ca.pem", certificate_text(authority))
    serials: set[int] = set()
    for turn in ("first", "second"):
        certificate, key = make_certificate(authority, signs, ["watch.example"], NOW)
        cert = written(tmp_path, f"{turn}.pem", certificate_text(certificate))
        take(centre, Brought(cert, written(tmp_path, f"{turn}.key", key_text(key)), ca), [], NOW)
        serials.add(
            x509.load_pem_x509_certificate(
                centre.server.read_bytes().partition(b"-----END PRIVATE KEY-----")[2].strip()
            ).serial_number
        )
    assert len(serials) == 2
