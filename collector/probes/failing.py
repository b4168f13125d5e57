"""Why a device did not answer, from what the operating system said of the attempt."""

from __future__ import annotations

import errno
import socket
import ssl

from readings.model import Gap, SourceFailed

NO_WAY = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL}


def failed(error: OSError, tried: str, limit_s: float) -> SourceFailed:
    """``tried`` says what was tried and on what: ``"NUT 10.0.0.9 port 3493: LIST VAR ups1"``."""
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return SourceFailed(Gap.TIMED_OUT, f"{tried}: no answer in {limit_s:g} s")
    if isinstance(error, socket.gaierror):
        return SourceFailed(Gap.UNREACHABLE, f"{tried}: the name is not known ({error.strerror})")
    if isinstance(error, ssl.SSLError):
        return SourceFailed(Gap.UNREADABLE, f"{tried}: TLS failed: {tls_words(error)}")
    if isinstance(error, ConnectionError) or error.errno in NO_WAY:
        return SourceFailed(Gap.UNREACHABLE, f"{tried}: {words(error)}")
    if isinstance(error, PermissionError):
        return SourceFailed(Gap.REFUSED, f"{tried}: {words(error)}")
    # asyncio joins the refusals of several addresses into one error without a number.
    away = "Multiple exceptions" in str(error) or "Connect call failed" in str(error)
    return SourceFailed(Gap.UNREACHABLE if away else Gap.UNREADABLE, f"{tried}: {words(error)}")


def words(error: OSError) -> str:
    """What the system said, as people say it."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "the connection was cut off"
    return error.strerror or str(error) or type(error).__name__


def tls_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted ({error.verify_message})"
    return (error.reason or str(error)).replace("_", " ").lower()
