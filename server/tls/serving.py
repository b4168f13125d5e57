"""HTTPS while the centre runs: the context connections are taken with, renewed and read again without a restart."""

from __future__ import annotations

import logging
import ssl
from datetime import datetime, timedelta

from server.tls.authority import RENEWED_BEFORE
from server.tls.certificates import CertificateRefused, Certificates

log = logging.getLogger(__name__)

WEIGHED_EVERY = timedelta(hours=1)
SAID_BEFORE = RENEWED_BEFORE / 2  # one of our own was renewed long before


class Serving:
    """``context`` for the listener; ``refresh`` is a duty of every second. Connections that stand are not touched.

    Raises CertificateRefused when the certificate that is there cannot be used.
    """

    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self._stamp = self._stamp_now()
        self._weighed: datetime | None = None
        self._load()

    def refresh(self, now: datetime) -> None:
        """Renew what ends soon, take over what was changed. Raises CertificateRefused, OSError."""
        if self._weighed is None or abs(now - self._weighed) >= WEIGHED_EVERY:
            self._weighed = now
            if self._certificates.renew(now):
                log.info("certificate renewed", extra={"ends": str(self._certificates.shown().ends)})
            self._say_when_it_ends(now)
        stamp = self._stamp_now()
        if stamp != self._stamp:
            self._load()
            self._stamp = stamp
            log.info("certificate taken over", extra={"file": str(self._certificates.server)})

    def _say_when_it_ends(self, now: datetime) -> None:
        """Where nobody but a person can help, the log says so every hour."""
        ends = self._certificates.shown().ends
        if ends - now < SAID_BEFORE:
            log.warning(
                "the certificate ends and is not ours to renew: bring a new one (zhishou server init --cert …)",
                extra={"file": str(self._certificates.server), "ends": str(ends)},
            )

    def _load(self) -> None:
        file = self._certificates.server
        try:
            self.context.load_cert_chain(file, password=lambda: "")  # never a prompt
        except (ssl.SSLError, OSError) as error:
            raise CertificateRefused(f"{file}: cannot be served with: {error.strerror or error}") from error

    def _stamp_now(self) -> tuple[int, int]:
        try:
            said = self._certificates.server.stat()
        except OSError as error:
            raise CertificateRefused(f"{self._certificates.server}: {error.strerror}") from error
        return said.st_ino, said.st_mtime_ns


def serving_for(certificates: Certificates, behind_tls_proxy: str) -> Serving | None:
    """None: plain HTTP, on loopback or to the proxy where TLS ends. Raises CertificateRefused."""
    return Serving(certificates) if certificates.there() and not behind_tls_proxy else None
