"""Whom this agent believes to be the centre: one authority, known by the fingerprint in the enrolment token.

The first contact is made without trust and tells nothing: it only fetches the authority's certificate. Only when that
has the fingerprint of the token is the secret in front of it sent, over a connection that authority vouches for.
"""

from __future__ import annotations

import hashlib
import re
import ssl
from dataclasses import dataclass
from pathlib import Path

import httpx

from readings.delivery.credential import write_private
from readings.delivery.https import TIMEOUT, Untrusted

AUTHORITY_PATH = "/api/v1/ca"
PINNED = "ca.crt"
LARGEST_BYTES = 256 * 1024
FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Token:
    """``secret`` lets one agent in; ``fingerprint`` is the SHA-256 of the authority's certificate, "" without TLS."""

    secret: str
    fingerprint: str = ""


def token_of(text: str) -> Token:
    """``secret.fingerprint`` or ``secret``. Raises Untrusted for a fingerprint that was cut or mistyped."""
    secret, dot, fingerprint = text.strip().partition(".")
    if dot and not FINGERPRINT.fullmatch(fingerprint.lower()):
        raise Untrusted("the token's second half is no SHA-256 fingerprint: copy the whole token")
    return Token(secret, fingerprint.lower())


def authority_for(server: str, token: Token, ca_file: Path | None) -> bytes:
    """The authority to trust, PEM; b"" for plain HTTP on this host. Nothing secret is sent. Raises Untrusted, OSError.

    With ``ca_file`` nothing is fetched; the token's fingerprint, if it has one, must be that file's.
    """
    if server.startswith("http://"):
        if token.fingerprint:
            raise Untrusted(f"{server}: the token is of a centre that speaks HTTPS; give its https address")
        return b""
    if ca_file is not None:
        text = ca_file.read_bytes()
        return _proven(text, token.fingerprint, str(ca_file)) if token.fingerprint else text
    if not token.fingerprint:
        raise Untrusted(f"{server}: the token carries no fingerprint; name the centre's authority (--ca FILE)")
    return _proven(_fetch(server), token.fingerprint, f"{server}{AUTHORITY_PATH}")


def _proven(text: bytes, fingerprint: str, whence: str) -> bytes:
    try:
        der = ssl.PEM_cert_to_DER_cert(text.decode("ascii").strip())
    except ValueError as error:
        raise Untrusted(f"{whence}: is not one certificate in PEM") from error
    found = hashlib.sha256(der).hexdigest()
    if found != fingerprint:
        raise Untrusted(
            f"{whence}: the authority there has the fingerprint {found}, the token says {fingerprint}: somebody else "
            "answers, or the token is of another centre; nothing was sent"
        )
    return ssl.DER_cert_to_PEM_cert(der).encode("ascii")


def _fetch(server: str) -> bytes:
    """Whatever is offered as the authority, by whomever: to be proven."""
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    try:
        with (
            httpx.Client(base_url=server, verify=anybody, timeout=TIMEOUT, trust_env=False) as http,
            http.stream("GET", AUTHORITY_PATH) as said,
        ):
            if said.status_code != httpx.codes.OK:
                raise Untrusted(f"{server}{AUTHORITY_PATH}: {said.status_code}: no authority to compare with the token")
            text = b""
            for chunk in said.iter_bytes():
                text += chunk
                if len(text) > LARGEST_BYTES:
                    raise Untrusted(f"{server}{AUTHORITY_PATH}: more than {LARGEST_BYTES} bytes is no certificate")
            return text
    except httpx.HTTPError as error:
        raise Untrusted(f"{server}{AUTHORITY_PATH}: {type(error).__name__}: {error}") from error


def pin(state: Path, authority: bytes) -> None:
    """From now on this authority and no other. Raises OSError."""
    if authority:
        write_private(state / PINNED, authority)


def pinned(state: Path, ca_file: Path | None) -> Path | None:
    """The file with the authority to trust: the one the settings name, else the one pinned at enrolment."""
    if ca_file is not None:
        return ca_file
    file = state / PINNED
    return file if file.exists() else None
