"""`server init` without files: an authority of the installation's own, and a certificate it keeps renewing."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from server.tls.authority import fingerprint_of
from server.tls.certificates import CertificateRefused, Certificates, read_certificates
from server.tls.serving import Serving, serving_for

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    made = Certificates(tmp_path)
    made.make(["watch.example", "10.0.0.5"], NOW)
    return made


def authority(certificates: Certificates) -> x509.Certificate:
    return read_certificates(certificates.authority)[0]


def leaf(certificates: Certificates) -> x509.Certificate:
    return read_certificates(certificates.server)[0]


def test_the_authority_signs_servers_and_nothing_below_them(certificates: Certificates) -> None:
    extensions = authority(certificates).extensions
    constraints = extensions.get_extension_for_class(x509.BasicConstraints)
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    assert usage.value.key_cert_sign
    assert not usage.value.digital_signature
    leaf(certificates).verify_directly_issued_by(authority(certificates))
    assert not leaf(certificates).extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_the_certificate_speaks_for_its_names_and_loopback_for_a_year(certificates: Certificates) -> None:
    shown = certificates.shown()
    assert set(shown.names) == {"watch.example", "10.0.0.5", "localhost", "127.0.0.1", "::1"}
    lasts = leaf(certificates).not_valid_after_utc - leaf(certificates).not_valid_before_utc
    assert lasts <= timedelta(days=397)
    assert shown.ours


def test_keys_are_for_the_owner_alone(certificates: Certificates) -> None:
    assert stat.S_IMODE(certificates.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in certificates.folder.iterdir()} == {0o600}


def test_made_again_it_has_new_names_and_the_same_authority(certificates: Certificates) -> None:
    before, first = certificates.fingerprint(), leaf(certificates).serial_number

    shown = certificates.make(["other.example"], NOW)

    assert shown.fingerprint == before == fingerprint_of(authority(certificates))
    assert "other.example" in shown.names
    assert "watch.example" not in shown.names
    assert leaf(certificates).serial_number != first


@pytest.mark.parametrize("name", ["", "a b", "watch..example", "-a", "x" * 64, "值守"])
def test_a_name_that_is_none_is_refused_and_nothing_is_made(name: str, tmp_path: Path) -> None:
    with pytest.raises(CertificateRefused, match="--name"):
        Certificates(tmp_path / "new").make([name], NOW)
    assert not (tmp_path / "new").exists()


def test_it_is_renewed_before_its_end_and_not_earlier(certificates: Certificates) -> None:
    ends = certificates.shown().ends

    assert not certificates.renew(ends - timedelta(days=31))
    assert certificates.renew(ends - timedelta(days=29))

    assert certificates.shown().ends > ends + timedelta(days=300)
    assert set(certificates.shown().names) == {"watch.example", "10.0.0.5", "localhost", "127.0.0.1", "::1"}


def test_it_never_outlives_its_authority(certificates: Certificates) -> None:
    last = authority(certificates).not_valid_after_utc
    certificates.make(["watch.example"], last - timedelta(days=100))
    assert certificates.shown().ends == last
    assert not certificates.renew(last - timedelta(days=10)), "one that ends as soon would be no better"


def test_a_foreign_key_beside_the_authority_is_named(certificates: Certificates, tmp_path: Path) -> None:
    other = Certificates(tmp_path / "other")
    other.make([], NOW)
    certificates.authority_key.write_bytes(other.authority_key.read_bytes())
    before = certificates.server.read_bytes()

    with pytest.raises(CertificateRefused, match=r"ca\.key: is not the key of .*ca\.crt"):
        certificates.make(["watch.example"], NOW)

    assert certificates.server.read_bytes() == before


def met(serving: Serving, authority_file: Path) -> bytes:
    """The certificate a new connection is shown, by a client that trusts the authority."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with serving.context.wrap_socket(theirs, server_side=True) as connection:
            connection.recv(1)

    serve_it = threading.Thread(target=serve, daemon=True)
    serve_it.start()
    trusts = ssl.create_default_context(cafile=authority_file)
    with trusts.wrap_socket(ours, server_hostname="localhost") as connection:
        shown = connection.getpeercert(binary_form=True)
        connection.sendall(b"x")
    serve_it.join()
    assert shown is not None
    return shown


def test_a_running_centre_renews_and_takes_over_without_a_restart(tmp_path: Path) -> None:
    now = datetime.now(UTC)  # noqa: TID251 - OpenSSL judges by the real clock
    certificates = Certificates(tmp_path)
    certificates.make([], now - timedelta(days=380))
    serving = serving_for(certificates, "")
    assert serving is not None
    old = met(serving, certificates.authority)

    serving.refresh(now)
    renewed = met(serving, certificates.authority)
    certificates.make(["another.example"], now)
    serving.refresh(now)
    changed = met(serving, certificates.authority)

    assert len({old, renewed, changed}) == 3


def test_a_certificate_that_cannot_be_served_with_stops_the_start(certificates: Certificates) -> None:
    certificates.server.write_bytes(b"-----BEGIN CERTIFICATE-----\ndamaged\n")
    with pytest.raises(CertificateRefused, match=r"server\.pem: cannot be served with"):
        serving_for(certificates, "")


def test_plain_http_where_there_is_no_certificate_or_a_proxy_ends_tls(
    certificates: Certificates, tmp_path: Path
) -> None:
    assert serving_for(Certificates(tmp_path / "none"), "") is None
    assert serving_for(certificates, "10.0.0.1") is None
