"""The folder ``tls`` of the data folder: whom agents trust, what the centre shows them, and the key of its own CA.

``ca.crt``       the authority agents pin
``ca.key``       its key, where it is our own
``server.pem``   key, certificate and what stands between it and the authority: one file, so that it changes whole
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from server.data_folder import CERTIFICATE, has_certificate, make_private
from server.tls.authority import (
    MOST_NAMES,
    RENEWED_BEFORE,
    certificate_text,
    fingerprint_of,
    general_name,
    key_text,
    make_authority,
    make_certificate,
    names_of,
)

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
LARGEST_FILE = 256 * 1024


class CertificateRefused(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """A certificate or key cannot be used; the text begins with the file and says why."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is now. ``ours``: signed by our own authority, so that we can renew it."""

    fingerprint: str
    names: tuple[str, ...]
    ends: datetime
    ours: bool


class Certificates:
    """The files of one centre. Nothing is kept in memory: another process may change them."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self.server = data / CERTIFICATE
        self.folder = self.server.parent
        self.authority = self.folder / "ca.crt"
        self.authority_key = self.folder / "ca.key"

    def there(self) -> bool:
        """Whether the centre has a certificate to show, and so speaks HTTPS."""
        return has_certificate(self._data)

    def authority_text(self) -> bytes:
        """PEM, empty when there is none."""
        try:
            return self.authority.read_bytes()
        except FileNotFoundError:
            return b""

    def fingerprint(self) -> str:
        """Of the authority agents pin; "" without one. Raises CertificateRefused."""
        return fingerprint_of(read_certificates(self.authority)[0]) if self.there() else ""

    def shown(self) -> Shown:
        """Raises CertificateRefused."""
        certificate = read_certificates(self.server)[0]
        return Shown(
            self.fingerprint(),
            tuple(names_of(certificate)),
            certificate.not_valid_after_utc,
            self.authority_key.exists(),
        )

    def make(self, names: Sequence[str], now: datetime) -> Shown:
        """A certificate for these names and loopback, signed by our authority, which is made when it is not there.

        Raises CertificateRefused, OSError.
        """
        wanted = list(dict.fromkeys([*(name.strip("[]") for name in names), *LOOPBACK_NAMES]))
        if len(wanted) > MOST_NAMES:
            raise CertificateRefused(f"--name: {len(wanted)} names, at most {MOST_NAMES}")
        for name in wanted:
            try:
                general_name(name)
            except ValueError as error:
                raise CertificateRefused(f"--name: {error}") from error
        make_private(self.folder)
        if not self.authority.exists():
            authority, key = make_authority(now)
            write_private(self.authority_key, key_text(key))  # first: a CA without its key could never renew
            write_private(self.authority, certificate_text(authority))
        self._sign(wanted, now)
        return self.shown()

    def renew(self, now: datetime) -> bool:
        """Sign anew for the same names when the end is near; False when it is not, or not ours to renew."""
        if not self.there() or not self.authority_key.exists():
            return False
        shown = self.shown()
        if shown.ends - now > RENEWED_BEFORE:
            return False
        if read_certificates(self.authority)[0].not_valid_after_utc - now <= RENEWED_BEFORE:
            return False  # a new one would end as soon: the authority itself has to be made anew
        self._sign(shown.names, now)
        return True

    def _sign(self, names: Sequence[str], now: datetime) -> None:
        authority = read_certificates(self.authority)[0]
        if not self.authority_key.exists():
            raise CertificateRefused(f"{self.authority_key}: not there: the CA was brought, bring a certificate of it")
        key = read_key(self.authority_key)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != authority.public_key():
            raise CertificateRefused(f"{self.authority_key}: is not the key of {self.authority}")
        if authority.not_valid_after_utc <= now:
            raise CertificateRefused(f"{self.authority}: ended {authority.not_valid_after_utc:%Y-%m-%d}")
        certificate, own = make_certificate(authority, key, names, now)
        write_private(self.server, key_text(own) + certificate_text(certificate))


def read_certificates(file: Path) -> list[x509.Certificate]:
    """All certificates in a PEM file, at least one. Raises CertificateRefused."""
    text = read_limited(file)
    try:
        return x509.load_pem_x509_certificates(text)
    except ValueError as error:
        raise CertificateRefused(f"{file}: no certificate in PEM: {error}") from error


def read_key(file: Path) -> PrivateKeyTypes:
    """Raises CertificateRefused."""
    try:
        return serialization.load_pem_private_key(read_limited(file), password=None)
    except TypeError as error:
        raise CertificateRefused(f"{file}: has a password; a server that starts by itself cannot type one") from error
    except ValueError as error:
        raise CertificateRefused(f"{file}: no private key in PEM: {error}") from error


def read_limited(file: Path) -> bytes:
    """Raises CertificateRefused."""
    try:
        with file.open("rb") as opened:
            text = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise CertificateRefused(f"{file}: cannot be read: {error.strerror}") from error
    if len(text) > LARGEST_FILE:
        raise CertificateRefused(f"{file}: more than {LARGEST_FILE} bytes is no certificate")
    return text


def write_private(file: Path, text: bytes) -> None:
    """For the owner alone, whole or not at all. Raises OSError."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
