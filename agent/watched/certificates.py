"""How long certificates still hold: those in PEM files, and those that TLS ports show."""

from __future__ import annotations

import base64
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from functools import partial

from agent.host.kernel_files import gap_for
from agent.host.root import Root
from agent.watched.beneath import open_beneath
from agent.watched.ports import UNREACHABLE
from agent.watched.things import Watch, WatchedCertificate
from agent.watched.turns import PATIENCE_S, Turns
from readings.der import not_after
from readings.model import Clocks, Event, Gap, Sample, Severity

MOST_BYTES = 256 * 1024
MOST_CERTIFICATES = 100  # in one file
BEGIN, END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"

Ends = float | tuple[Gap, str]  # seconds since 1970, or why they are not known


class Certificates:
    name = "watched_certificates"

    def __init__(
        self,
        root: Root,
        clocks: Callable[[], Clocks],
        watch: Callable[[], Watch[WatchedCertificate]],
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._clocks = clocks
        self._watch = watch
        self._turns: Turns[WatchedCertificate, Ends] = Turns(partial(look, root), patience_s=patience_s)
        self._told: dict[str, str] = {}

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        watch = self._watch()
        watch.check("certificates")
        answers = self._turns.take({certificate: certificate.every_s for certificate in watch.things})
        now, wall_s = self._turns.now(), self._clocks().wall_ns / 1e9
        for certificate, answered in answers.items():
            ends: Ends = (Gap.TIMED_OUT, "")
            if answered is not None and now - answered.at_s <= 2 * certificate.every_s + certificate.time_limit_s:
                ends = answered.answer
            yield from self._tell(certificate.name, ends)
            left = ends[0] if isinstance(ends, tuple) else ends - wall_s
            yield Sample("watched_certificate_expires_seconds", left, certificate.name)
        for name in watch.left_out:
            yield Sample("watched_certificate_expires_seconds", Gap.UNREADABLE, name)

    def _tell(self, name: str, ends: Ends) -> Iterator[Event]:
        why = ends[1] if isinstance(ends, tuple) else ""
        if why and self._told.get(name) != why:
            yield Event(self.name, "watched_certificate_unknown", Severity.WARNING, f"{name}: {why}")
        self._told[name] = why


def look(root: Root, certificate: WatchedCertificate) -> Ends:
    """When the first of its certificates ends."""
    if not certificate.file and not root.live:
        return Gap.NOT_OFFERED, "TLS ports: asked of the running system only"
    try:
        if certificate.file:
            return first_end(_file(root, certificate))
        return not_after(shown(certificate)).timestamp()
    except (OSError, ValueError) as error:
        where = certificate.file or f"{certificate.host} port {certificate.port}"
        gap, why = reason(error)
        return gap, f"{where}: {why}"


def reason(error: OSError | ValueError) -> tuple[Gap, str]:
    """Why there is no certificate to be seen."""
    if isinstance(error, ssl.SSLError):
        return Gap.UNREADABLE, f"no TLS: {error.reason or error}"
    if isinstance(error, TimeoutError):
        return Gap.TIMED_OUT, "no answer within the time limit"
    if isinstance(error, OSError):
        away = isinstance(error, ConnectionError) or error.errno in UNREACHABLE
        return Gap.UNREACHABLE if away else gap_for(error), error.strerror or str(error)
    return Gap.UNREADABLE, str(error)


def first_end(pem: bytes) -> float:
    """Of all certificates in a file: a chain holds no longer than its first to end. Raises ValueError."""
    ends: list[float] = []
    _, begin, rest = pem.partition(BEGIN)
    while begin and len(ends) < MOST_CERTIFICATES:
        body, end, rest = rest.partition(END)
        if not end:
            raise ValueError("cut off within a certificate")
        ends.append(not_after(base64.b64decode(b"".join(body.split()), validate=True)).timestamp())
        _, begin, rest = rest.partition(BEGIN)
    if not ends:
        raise ValueError("there is no PEM certificate in it")
    return min(ends)


def _file(root: Root, certificate: WatchedCertificate) -> bytes:
    descriptor, _ = open_beneath(certificate.file, certificate.roots, root.files)
    try:
        return os.read(descriptor, MOST_BYTES)
    finally:
        os.close(descriptor)


def shown(certificate: WatchedCertificate) -> bytes:
    """The certificate in DER: what it says is asked, not whether to trust it. Raises OSError, ValueError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((certificate.host, certificate.port), certificate.time_limit_s) as plain,
        context.wrap_socket(plain, server_hostname=certificate.server_name or certificate.host) as asking,
    ):
        told = asking.getpeercert(binary_form=True)
    if not told:
        raise ValueError("it shows no certificate")
    return told
