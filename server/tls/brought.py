"""A certificate of somebody else's authority: taken when an agent would accept it, refused with file and reason."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from server.data_folder import make_private
from server.tls.authority import certificate_text, fingerprint_of, names_of
from server.tls.certificates import (
    CertificateRefused,
    Certificates,
    Shown,
    read_certificates,
    read_key,
    write_private,
)

MOST_STEPS = 20


@dataclass(frozen=True, slots=True)
class Brought:
    """The three files somebody brings."""

    certificate: Path
    key: Path
    authority: Path


def take(
    certificates: Certificates, brought: Brought, names: Sequence[str], now: datetime, *, new_authority: bool = False
) -> Shown:
    """Check the files as an agent would and keep copies. ``names``: what it must speak for, besides.

    ``new_authority``: agents that trust another one by now may be left behind. Raises CertificateRefused, OSError.
    """
    chain = read_certificates(brought.certificate)
    authorities = read_certificates(brought.authority)
    if len(authorities) != 1:
        raise CertificateRefused(f"{brought.authority}: {len(authorities)} certificates; agents pin exactly one")
    key = read_key(brought.key)
    for file, each in [*((brought.certificate, one) for one in chain), (brought.authority, authorities[0])]:
        if not each.not_valid_before_utc <= now < each.not_valid_after_utc:
            raise CertificateRefused(
                f"{file}: {each.subject.rfc4514_string()}: valid from {each.not_valid_before_utc:%Y-%m-%d} "
                f"to {each.not_valid_after_utc:%Y-%m-%d}, which is not now"
            )
    spoken = names_of(chain[0])
    missing = [name for name in names if name not in spoken]
    if missing or not spoken:
        has = ", ".join(spoken) or "none"
        raise CertificateRefused(f"{brought.certificate}: speaks for {has}; not for {', '.join(missing) or 'any name'}")
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = plain + certificate_text(*chain)
    _shake_hands(brought, pem, certificate_text(*authorities), spoken)
    before = certificates.fingerprint()
    if before and before != fingerprint_of(authorities[0]) and not new_authority:
        raise CertificateRefused(
            f"{brought.authority}: agents enrolled so far trust another authority ({before[:16]}…) and would have to "
            "enrol again; if that is meant, say --new-ca"
        )
    make_private(certificates.folder)
    certificates.authority_key.unlink(missing_ok=True)
    write_private(certificates.authority, certificate_text(authorities[0]))
    write_private(certificates.server, pem)
    return certificates.shown()


def _shake_hands(brought: Brought, pem: bytes, authority: bytes, names: Sequence[str]) -> None:
    """A whole handshake in memory, for one of its names: key, chain and purpose are judged by what agents use."""
    shows = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile(prefix="zhishou-", suffix=".pem") as file:  # made 0600
        file.write(pem)
        file.flush()
        try:
            shows.load_cert_chain(file.name)
        except ssl.SSLError as error:
            raise CertificateRefused(
                f"{brought.key}: does not fit {brought.certificate}: {error.reason or error}"
            ) from error
    trusts = ssl.create_default_context(cadata=authority.decode("ascii"))
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    name = names[0].replace("*", "any", 1) if names[0].startswith("*.") else names[0]
    server = shows.wrap_bio(there, back, server_side=True)
    client = trusts.wrap_bio(back, there, server_hostname=name)
    waiting = [client, server]
    for _ in range(MOST_STEPS):
        if not waiting:
            return
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                why = f"an agent that trusts {brought.authority} refuses it: {error.verify_message}"
                raise CertificateRefused(f"{brought.certificate}: {why}") from error
            except ssl.SSLError as error:
                raise CertificateRefused(f"{brought.certificate}: no handshake: {error.reason or error}") from error
    raise CertificateRefused(f"{brought.certificate}: the handshake does not come to an end")
