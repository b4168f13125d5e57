"""The keys that open the devices' secrets: a file of their own, outside the data folder and so outside its backup.

A line a key, ``id:base64`` of 32 bytes; the first seals, all open. It is found, in this order, where the variable
``ZHISHOU_SECRETS_KEY`` says, as the systemd credential ``zhishou-secrets``, and beside the data folder
(``zhishou-data.secrets-key``).
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

VARIABLE = "ZHISHOU_SECRETS_KEY"
CREDENTIAL = "zhishou-secrets"
KEY_BYTES = 32
MOST_KEYS = 50
LARGEST_BYTES = 16 * 1024


class KeyRefused(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """There is no key that can be used; the text says why, and never what stands in the file."""


@dataclass(frozen=True, slots=True)
class Key:
    """``id`` is random and says nothing of the key."""

    id: str
    bytes_: bytes = field(repr=False)


def key_path(data: Path, environment: Mapping[str, str]) -> Path:
    """Raises KeyRefused for a place inside the data folder: a backup would carry the key with what it opens."""
    if VARIABLE in environment:
        path = Path(environment[VARIABLE])
    elif (folder := environment.get("CREDENTIALS_DIRECTORY")) and (Path(folder) / CREDENTIAL).exists():
        path = Path(folder) / CREDENTIAL
    else:
        path = data.resolve().with_name(f"{data.resolve().name}.secrets-key")
    if path.resolve().is_relative_to(data.resolve()):
        raise KeyRefused(f"{path}: inside the data folder, so every backup would carry it; keep it elsewhere")
    return path


def read_keys(path: Path) -> list[Key]:
    """Raises KeyRefused: none there, open to others, damaged."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise KeyRefused(f"{path}: no key yet; make one (zhishou secrets init)") from None
    except OSError as error:
        raise KeyRefused(f"{path}: cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise KeyRefused(f"{path}: others may read it (mode {mode & 0o777:04o}); it must be 0600")
    if len(text) > LARGEST_BYTES:
        raise KeyRefused(f"{path}: more than {LARGEST_BYTES} bytes are no keys")
    return _parse(path, text)


def make_key() -> Key:
    return Key(secrets.token_hex(4), secrets.token_bytes(KEY_BYTES))


def write_keys(path: Path, keys: Sequence[Key]) -> None:
    """For this user alone, whole or not at all, and on disk. Raises OSError."""
    text = "".join(f"{key.id}:{base64.b64encode(key.bytes_).decode('ascii')}\n" for key in keys)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _parse(path: Path, text: bytes) -> list[Key]:
    keys: list[Key] = []
    for number, line in enumerate(text.decode("ascii", "replace").split(), 1):
        name, _, packed = line.partition(":")
        try:
            opened = base64.b64decode(packed, validate=True)
        except binascii.Error:
            opened = b""
        if not name or len(opened) != KEY_BYTES:
            raise KeyRefused(f"{path}: line {number} is no key (id:base64 of {KEY_BYTES} bytes)")
        keys.append(Key(name, opened))
    if not 0 < len(keys) <= MOST_KEYS:
        raise KeyRefused(f"{path}: {len(keys)} keys, 1 to {MOST_KEYS} wanted")
    return keys
