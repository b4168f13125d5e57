"""Passwords: argon2id, a few at a time, and as slow for a name nobody has as for a real one."""

from __future__ import annotations

import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB = 32 * 1024
AT_ONCE = 2  # each hashing takes MEMORY_KIB; a flood of sign-ins must not take the machine's memory
SHORTEST = 10
LONGEST = 200

_hasher = PasswordHasher(time_cost=3, memory_cost=MEMORY_KIB, parallelism=1)
_turns = threading.BoundedSemaphore(AT_ONCE)


class PasswordRefused(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """Not acceptable as a password; the text says why and never repeats it."""


def check_password(password: str, name: str = "") -> None:
    """Raises PasswordRefused."""
    if len(password) < SHORTEST:
        raise PasswordRefused(f"a password has at least {SHORTEST} characters, this one {len(password)}")
    if len(password) > LONGEST:
        raise PasswordRefused(f"a password has at most {LONGEST} characters, this one {len(password)}")
    if len(set(password)) < 4 or (name and password.casefold() == name.casefold()):
        raise PasswordRefused("this password is too easy to guess")


def make_password() -> str:
    """120 random bits, in groups that can be read aloud."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(6)) for _ in range(4))


def hash_password(password: str) -> str:
    with _turns:
        return _hasher.hash(password)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_hex(16))


def fits(password: str, password_hash: str | None) -> bool:
    """Whether the password gives this hash. None (no such person) takes as long and is never true."""
    try:
        with _turns:
            return _hasher.verify(password_hash or _nobodys_hash(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    """Whether it was made with weaker settings than today's."""
    return _hasher.check_needs_rehash(password_hash)
