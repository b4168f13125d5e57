"""Random words handed out once and kept only as a hash: tokens, credentials, session cookies."""

from __future__ import annotations

import hashlib
import secrets


def make_secret(prefix: str) -> str:
    """``prefix_`` and 256 random bits. The prefix lets a leak scanner, and a puzzled person, tell what it is."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def hash_secret(secret: str) -> str:
    """SHA-256: enough for 256 random bits, fast enough for every request."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
