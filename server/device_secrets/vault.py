"""Sealing and opening: AES-256-GCM, bound to the device and the kind of secret it is of."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.device_secrets.keys import Key, KeyRefused, read_keys

NONCE_BYTES = 12


class Vault:
    """Reads the key file when something is sealed or opened and the file is another than before: a rotation by the
    command line needs no restart. ``seal`` and ``open`` raise KeyRefused.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._keys: list[Key] = []
        self._stamp: tuple[int, int] | None = None
        self._lock = threading.Lock()

    def keys(self) -> list[Key]:
        with self._lock:
            try:
                told = self.path.stat()
                stamp = (told.st_mtime_ns, told.st_ino)
            except OSError:
                stamp = None
            if stamp is None or stamp != self._stamp:
                self._keys, self._stamp = read_keys(self.path), stamp
            return self._keys

    def seal(self, device_no: str, kind: str, words: Mapping[str, Any]) -> tuple[str, bytes]:
        """(id of the key, sealed)."""
        key, nonce = self.keys()[0], os.urandom(NONCE_BYTES)
        plain = json.dumps(words, ensure_ascii=False).encode()
        return key.id, nonce + AESGCM(key.bytes_).encrypt(nonce, plain, _bound(device_no, kind))

    def open(self, device_no: str, kind: str, key_id: str, sealed: bytes) -> dict[str, Any]:
        key = next((key for key in self.keys() if key.id == key_id), None)
        if key is None:
            raise KeyRefused(f"{self.path}: has no key {key_id}: the secret {kind} of {device_no} cannot be opened")
        try:
            plain = AESGCM(key.bytes_).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(device_no, kind))
        except InvalidTag as error:
            raise KeyRefused(f"the secret {kind} of {device_no} was altered, or is of another device") from error
        words: dict[str, Any] = json.loads(plain)
        return words


def _bound(device_no: str, kind: str) -> bytes:
    return f"{device_no}\n{kind}".encode()
