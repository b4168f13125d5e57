"""What devices are asked with: communities, users, passwords, keys. Nothing here repeats one in a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from readings.delivery.protocols import CollectionRefused, Given, Word

LEAST_KEY = 8  # RFC 3414 §11.2
PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\s.*\s-----END ([A-Z]+ )?PRIVATE KEY-----", re.DOTALL)


class _Secret(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class SnmpSecret(_Secret, frozen=True):
    """A community, or a user of v3; a key needs its protocol."""

    community: Word = ""
    user: Word = ""
    auth: Literal["", "MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512"] = ""
    auth_key: Word = ""
    privacy: Literal["", "DES", "AES", "AES192", "AES256"] = ""
    privacy_key: Word = ""


class LoginSecret(_Secret, frozen=True):
    """A user with a password, or for SSH with a private key (PEM); if that is encrypted, ``password`` opens it."""

    user: Given
    password: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    private_key: Annotated[str, msgspec.Meta(max_length=20_000)] = ""


SECRETS: dict[str, type[SnmpSecret | LoginSecret]] = {
    "snmp": SnmpSecret,
    "ssh": LoginSecret,
    "bmc": LoginSecret,
    "sql": LoginSecret,
}


def check_secret(kind: str, words: Mapping[str, Any]) -> dict[str, Any]:
    """The words of a secret as they are kept. Raises CollectionRefused, which never repeats any of them."""
    shape = SECRETS.get(kind)
    if shape is None:
        raise CollectionRefused(f"kind: there is no secret {kind[:40]!r} (there are: {', '.join(SECRETS)})")
    try:
        told = msgspec.convert(dict(words), shape)
    except msgspec.ValidationError as error:
        raise CollectionRefused(f"{kind}: {_where(str(error))}") from None
    fault = _snmp_fault(told) if isinstance(told, SnmpSecret) else _login_fault(kind, told)
    if fault:
        raise CollectionRefused(f"{kind}: {fault}")
    kept: dict[str, Any] = msgspec.to_builtins(told)
    return kept


def _where(said: str) -> str:
    """msgspec may quote what it was given ("Invalid enum value 'x'", "unknown field `x`"): only its paths stay."""
    return re.sub(r"'.*'|`(?!\$[.a-z_]*`).*?`", "…", said, flags=re.DOTALL)[:200]


def _snmp_fault(told: SnmpSecret) -> str:
    if bool(told.community) == bool(told.user):
        return "either a community (v1, v2c) or a user (v3)"
    if told.community and (told.auth or told.privacy or told.auth_key or told.privacy_key):
        return "a community has no keys"
    if bool(told.auth) != bool(told.auth_key) or bool(told.privacy) != bool(told.privacy_key):
        return "a key needs its protocol, and a protocol its key"
    if told.privacy and not told.auth:
        return "privacy without authentication is not offered by SNMPv3"
    if any(0 < len(key) < LEAST_KEY for key in (told.auth_key, told.privacy_key)):
        return f"a key has at least {LEAST_KEY} characters"
    return ""


def _login_fault(kind: str, told: LoginSecret) -> str:
    if told.private_key and kind != "ssh":
        return "only SSH knows private keys"
    if told.private_key and PRIVATE_KEY.fullmatch(told.private_key.strip()) is None:
        return "private_key: not a private key in PEM"
    return "" if told.password or told.private_key else "a password is missing"
