"""The one HTTP client of the agent: TLS against the installation's own CA, no proxies, a limit on every wait."""

from __future__ import annotations

import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx

TIMEOUT = httpx.Timeout(30.0, connect=10.0)


def client(server: str, ca_file: Path | None, headers: dict[str, str] | None = None) -> httpx.Client:
    """A client for ``server`` (settings.check_server). Raises OSError, ssl.SSLError: the CA file cannot be used."""
    return httpx.Client(
        base_url=server,
        verify=_trust(server, ca_file),
        headers={"User-Agent": "zhishou-agent", **(headers or {})},
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
    return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
