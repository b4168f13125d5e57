"""pysnmp for odd agents: those that answer from another address, or need a context; slower by far."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Any

from pyasn1.type import univ
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch import asyncio as hlapi
from pysnmp.proto import errind, rfc1902, rfc1905

from collector import recording
from collector.protocols.snmp import MOST_PER_SUBTREE, Credential, Manner, Rows, Target
from collector.walk import Value, index_order
from readings.model import Gap, SourceFailed

AUTHENTICATION = {
    "": hlapi.USM_AUTH_NONE,
    "md5": hlapi.USM_AUTH_HMAC96_MD5,
    "sha1": hlapi.USM_AUTH_HMAC96_SHA,
    "sha224": hlapi.USM_AUTH_HMAC128_SHA224,
    "sha256": hlapi.USM_AUTH_HMAC192_SHA256,
    "sha384": hlapi.USM_AUTH_HMAC256_SHA384,
    "sha512": hlapi.USM_AUTH_HMAC384_SHA512,
}
PRIVACY = {
    "": hlapi.USM_PRIV_NONE,
    "des": hlapi.USM_PRIV_CBC56_DES,
    "aes128": hlapi.USM_PRIV_CFB128_AES,
    "aes192": hlapi.USM_PRIV_CFB192_AES,
    "aes256": hlapi.USM_PRIV_CFB256_AES,
}
REFUSED = (errind.WrongDigest, errind.UnknownUserName, errind.UnknownSecurityName, errind.UnsupportedSecurityLevel)
NO_SUCH_NAME = 2  # error-status of v1: its only word for "not here"
# The most particular type first: most of them are integers or octets to pysnmp.
TAGS = (
    (rfc1902.IpAddress, recording.ADDRESS),
    (rfc1902.Opaque, recording.OPAQUE),
    (rfc1902.Counter64, recording.COUNTER64),
    (rfc1902.Counter32, recording.COUNTER),
    (rfc1902.TimeTicks, recording.TICKS),
    (rfc1902.Gauge32, recording.GAUGE),
    (univ.Integer, recording.INTEGER),
    (univ.OctetString, recording.OCTETS),
    (univ.ObjectIdentifier, recording.OID),
)
ABSENT = (rfc1905.NoSuchObject, rfc1905.NoSuchInstance, rfc1905.EndOfMibView)


class TolerantAgent:
    """One agent over pysnmp's engine; ``engine`` may be shared by many."""

    def __init__(self, target: Target, engine: Any = None) -> None:
        self._target = target
        self._engine = engine if engine is not None else hlapi.SnmpEngine()
        self._context = hlapi.ContextData(contextName=target.credential.context.encode())

    def close(self) -> None:
        self._engine.close_dispatcher()

    async def get(self, objects: Sequence[str]) -> dict[str, Value]:
        answer = await self._request(hlapi.get_cmd, *map(_AskedObject, objects))
        if int(answer[1]) and len(objects) > 1:  # it refuses all for one
            each = [await self.get([oid]) for oid in objects]
            return {oid: value for found in each for oid, value in found.items()}
        if int(answer[1]):
            absent = self._target.credential.version == 1 and int(answer[1]) == NO_SUCH_NAME
            return {} if absent else dict.fromkeys(objects, Gap.REFUSED)
        return {oid: value for oid, value in map(_pair, answer[3]) if value is not None}

    async def rows(self, root: str, manner: Manner, until: float = math.inf) -> Rows:
        values: dict[str, Value] = {}
        last, beneath, asked_at_once = root, f"{root}.", manner.rows_to_ask(root)
        while True:
            answer = await self._next(last, asked_at_once)
            if int(answer[1]):
                absent = self._target.credential.version == 1 and int(answer[1]) == NO_SUCH_NAME
                gap = None if absent else Gap.REFUSED
                return Rows(values, gap, "" if absent else f"{root}: {answer[1].prettyPrint()}")
            for oid, value in map(_pair, answer[3]):
                if not oid.startswith(beneath) or value is None:
                    manner.counted(root, len(values))
                    return Rows(values)
                if index_order(oid) <= index_order(last):
                    return Rows(values, Gap.UNREADABLE, f"{root}: the agent went back to {oid}")
                values[oid] = value
                last = oid
            if not answer[3]:
                return Rows(values)
            if asyncio.get_running_loop().time() > until:
                return Rows(values, Gap.TIMED_OUT, f"{root}: it did not come to an end in time")
            if len(values) > MOST_PER_SUBTREE:
                return Rows(values, Gap.UNREADABLE, f"{root}: more than {MOST_PER_SUBTREE} rows")

    async def tagged(self, root: str, manner: Manner, most: int) -> list[tuple[str, str, bytes]]:
        """Everything beneath ``root`` with the tag a recording gives its type; ends where an agent goes back."""
        lines: list[tuple[str, str, bytes]] = []
        last, beneath = root, f"{root}."
        while len(lines) < most:
            answer = await self._next(last, manner.repetitions)
            for name, value in answer[3]:
                oid = str(name)
                if isinstance(value, ABSENT) or not oid.startswith(beneath) or index_order(oid) <= index_order(last):
                    return lines
                last = oid
                lines.append((oid, *_tagged(value)))
            if int(answer[1]) or not answer[3]:
                break
        return lines

    async def has_nothing_at(self, root: str) -> bool:
        _ = root  # an error reply was already seen as one: nothing is nothing
        return True

    async def _next(self, oid: str, repetitions: int) -> Any:
        if self._target.credential.version == 1:
            return await self._request(hlapi.next_cmd, _AskedObject(oid))
        return await self._request(hlapi.bulk_cmd, 0, repetitions, _AskedObject(oid))

    async def _request(self, command: Any, *what: Any) -> Any:
        target = self._target
        try:
            transport = await hlapi.UdpTransportTarget.create(
                (target.host, target.port), timeout=target.timeout_s, retries=target.retries
            )
            answer = await command(
                self._engine, _user(target.credential), transport, self._context, *what, lookupMib=False
            )
        except (OSError, PySnmpError) as error:
            raise SourceFailed(Gap.UNREACHABLE, f"{target}: {error}") from error
        if answer[0] is None:
            return answer
        if isinstance(answer[0], REFUSED):
            raise SourceFailed(Gap.REFUSED, f"{target}: the user or its key is not accepted")
        if isinstance(answer[0], errind.RequestTimedOut):
            raise SourceFailed(Gap.TIMED_OUT, target.no_answer())
        raise SourceFailed(Gap.UNREADABLE, f"{target}: {answer[0]}")


class _AskedObject(hlapi.ObjectType):  # type: ignore[misc]  # pysnmp has no types
    """An object by its number alone. pysnmp would look its name up in MIBs, and for those on the internet."""

    def __init__(self, oid: str) -> None:
        self._pair = (rfc1902.ObjectName(oid), rfc1905.unSpecified)

    def resolve_with_mib(self, *_: Any, **__: Any) -> Any:
        return self._pair


def _user(credential: Credential) -> Any:
    if credential.version < 3:
        return hlapi.CommunityData(credential.community, mpModel=credential.version - 1)
    return hlapi.UsmUserData(
        credential.user,
        credential.authentication_key or None,
        credential.privacy_key or None,
        authProtocol=AUTHENTICATION[credential.authentication],
        privProtocol=PRIVACY[credential.privacy],
    )


def _tagged(value: Any) -> tuple[str, bytes]:
    for kind, tag in TAGS:
        if isinstance(value, kind):
            converted = _value(value)
            return tag, converted if isinstance(converted, bytes) else str(converted).encode()
    return recording.NULL, b""


def _pair(bound: Any) -> tuple[str, Value | None]:
    """An object and its value in our own types; None where the agent has none."""
    name, value = bound[0], bound[1]
    return str(name), _value(value)


def _value(value: Any) -> Value | None:
    if isinstance(value, (*ABSENT, rfc1905.UnSpecified)):
        return None
    if isinstance(value, rfc1902.IpAddress):
        return ".".join(map(str, bytes(value)))
    if isinstance(value, univ.OctetString):
        return bytes(value)
    if isinstance(value, univ.ObjectIdentifier):
        return str(value)
    try:
        return int(value)
    except (TypeError, ValueError, PySnmpError):
        return None
