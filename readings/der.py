"""When a certificate ends: the few bytes of X.509 (RFC 5280, 4.1) that say it, and nothing else of it.

Certificate ::= SEQUENCE { tbsCertificate ::= SEQUENCE { [0] version OPTIONAL, serialNumber, signature, issuer,
validity ::= SEQUENCE { notBefore, notAfter }, … } … }, times as UTCTime or GeneralizedTime.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

SEQUENCE, VERSION, INTEGER, UTC_TIME, GENERALIZED_TIME = 0x30, 0xA0, 0x02, 0x17, 0x18


def not_after(certificate: bytes) -> datetime:
    """UTC. Raises ValueError: this is no certificate."""
    try:
        whole, _ = _inside(certificate, SEQUENCE)
        told, _ = _inside(whole, SEQUENCE)
        if told[:1] == bytes([VERSION]):
            _, told = _inside(told, VERSION)
        for tag in (INTEGER, SEQUENCE, SEQUENCE):
            _, told = _inside(told, tag)
        validity, _ = _inside(told, SEQUENCE)
        _, behind = _inside(validity, validity[0])
        return _time(behind)
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError("cut off within the certificate") from error


def _inside(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """(content of the element that begins here, what follows it). Raises ValueError, IndexError."""
    if der[0] != tag:
        raise ValueError(f"tag {der[0]:#04x} where {tag:#04x} should stand")
    length, start = der[1], 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4:
            raise ValueError(f"a length of {count} bytes")
        length, start = int.from_bytes(der[2 : 2 + count], "big"), 2 + count
    if start + length > len(der):
        raise IndexError(start + length)
    return der[start : start + length], der[start + length :]


def _time(der: bytes) -> datetime:
    tag = der[0]
    if tag not in {UTC_TIME, GENERALIZED_TIME}:
        raise ValueError(f"tag {tag:#04x} where a time should stand")
    text = _inside(der, tag)[0].decode("ascii")
    if not re.fullmatch(r"\d{12}Z" if tag == UTC_TIME else r"\d{14}Z", text):
        raise ValueError(f"{text!r} is not a time")
    if tag == UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text  # RFC 5280, 4.1.2.5.1
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
