"""Where the centre is: which addresses a sender may be given."""

from __future__ import annotations

from urllib.parse import urlsplit

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def check_server(url: str) -> str:
    """The centre's address. Raises ValueError: not a URL, or plain HTTP beyond this host."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r} is not an address such as https://zhishou.example:8650")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError(f"{url!r}: plain HTTP would show readings and credential to the network; use https")
    return url.rstrip("/")
