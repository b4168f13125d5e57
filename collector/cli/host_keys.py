"""Which key a device shows over SSH: kept at its first sight, insisted on ever after.

They stand in one file of OpenSSH's own form (``known_hosts``), so that ``ssh-keygen -F`` shows one and ``-R`` forgets
it. What the device list names as ``host_key`` counts more than what was seen.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import re
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import paramiko  # type: ignore[import-untyped]  # its types are a package of their own

from readings.delivery.credential import write_private
from readings.model import Gap, SourceFailed

log = logging.getLogger(__name__)

LARGEST_FILE = 8 * 2**20
PUBLIC = re.compile(r"(?P<type>[a-z0-9-]+) (?P<key>[A-Za-z0-9+/]+={0,2})( .*)?")
FINGERPRINT = "SHA256:"


class HostKeys:
    """``insist`` before every sign-in: from then on ``file`` holds the one key that will do."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._changing = threading.Lock()

    def insist(self, host: str, port: int, wanted: str, shown: Callable[[], paramiko.PKey]) -> None:
        """``wanted``: a public key, a fingerprint, or "": whatever was kept, else what ``shown`` tells now, which is
        kept. Raises SourceFailed, and what ``shown`` raises.
        """
        name = known_as(host, port)
        kept = self._kept(name)
        if wanted.startswith(FINGERPRINT):
            if any(fingerprint(key) == wanted for key in kept):
                return
            key = shown()
            if fingerprint(key) != wanted:
                raise SourceFailed(
                    Gap.REFUSED, f"the device shows the key {fingerprint(key)}, its settings name {wanted}"
                )
        elif wanted:
            key = public_key(wanted)
            if kept == [key]:
                return
        elif kept:
            return
        else:
            key = shown()
            log.info("%s shows the host key %s: from now on no other will do", name, fingerprint(key))
        self._keep(name, key)

    def _kept(self, name: str) -> list[paramiko.PKey]:
        return list((self._all().lookup(name) or {}).values())

    def _all(self) -> paramiko.HostKeys:
        """Raises SourceFailed: where nobody can say which key is right, nobody signs in."""
        known = paramiko.HostKeys()
        try:
            if self.file.stat().st_size > LARGEST_FILE:
                raise SourceFailed(Gap.REFUSED, f"{self.file}: larger than {LARGEST_FILE} bytes")
            known.load(str(self.file))
        except FileNotFoundError:
            return known
        except (OSError, UnicodeDecodeError) as error:
            raise SourceFailed(Gap.REFUSED, f"{self.file}: cannot be read: {type(error).__name__}") from error
        return known

    def _keep(self, name: str, key: paramiko.PKey) -> None:
        with self._changing:
            known = self._all()
            while known.lookup(name) is not None:  # a line for each type of key
                del known[name]
            known.add(name, key.get_name(), key)
            lines = (
                f"{host} {each.get_name()} {each.get_base64()}\n" for host in known for each in known[host].values()
            )
            try:
                write_private(self.file, "".join(lines).encode())
            except OSError as error:
                raise SourceFailed(Gap.REFUSED, f"{self.file}: the host key cannot be kept: {error}") from error


def known_as(host: str, port: int) -> str:
    """As OpenSSH writes it.

    >>> known_as("192.0.2.7", 22), known_as("192.0.2.7", 2222)
    ('192.0.2.7', '[192.0.2.7]:2222')
    """
    return host if port == 22 else f"[{host}]:{port}"


def fingerprint(key: paramiko.PKey) -> str:
    """As ``ssh-keygen -l`` shows it."""
    return FINGERPRINT + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def public_key(written: str) -> paramiko.PKey:
    """Raises SourceFailed."""
    parts = PUBLIC.fullmatch(written)
    if parts is None:
        raise SourceFailed(Gap.NOT_OFFERED, "host_key: neither TYPE BASE64 nor SHA256:…")
    try:
        return paramiko.PKey.from_type_string(parts["type"], base64.b64decode(parts["key"], validate=True))
    except Exception as error:  # a damaged key raises whatever its parser came upon
        raise SourceFailed(Gap.NOT_OFFERED, f"host_key: no public key of SSH: {type(error).__name__}") from error


def shown_key(host: str, port: int, limit_s: float) -> paramiko.PKey:
    """The key a device shows to whoever connects; nobody signs in. Raises OSError, SSHException, EOFError."""
    with closing(paramiko.Transport(socket.create_connection((host, port), limit_s))) as transport:
        transport.banner_timeout = transport.handshake_timeout = limit_s
        transport.start_client(timeout=limit_s)
        return transport.get_remote_server_key()
