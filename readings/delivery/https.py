"""The one HTTP client of a sender: TLS against the installation's own CA, no proxies, a limit on every wait."""

from __future__ import annotations

import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx

TIMEOUT = httpx.Timeout(30.0, connect=10.0)


class Untrusted(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """Nothing proves that it is the centre that would be spoken to."""


def client(server: str, ca_file: Path | None, headers: dict[str, str] | None = None) -> httpx.Client:
    """A client for ``server`` (address.check_server). Raises Untrusted: no CA file, or one that cannot be used."""
    return httpx.Client(
        base_url=server,
        verify=_trust(server, ca_file),
        headers={"User-Agent": "zhishou-sender", **(headers or {})},
        timeout=TIMEOUT,
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=60),
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # takes none and sends none
        trust_env=False,
    )


def _trust(server: str, ca_file: Path | None) -> ssl.SSLContext:
    if server.startswith("http://"):
        # Never used on loopback: an empty context trusts nobody and spares 5 MB of everybody's CAs.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file is None:
        # Any of a hundred public authorities could vouch for a stranger: they are not asked.
        raise Untrusted(f"{server}: no certificate authority is pinned: enrol this host again, or name one (ca_file)")
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except OSError as error:  # ssl.SSLError is one
        raise Untrusted(f"{ca_file}: no certificate authority: {error.strerror or error}") from error
