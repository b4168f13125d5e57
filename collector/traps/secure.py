"""SNMPv3 notifications: proven and decrypted by pysnmp's engine, which also answers informs and discovery.

A trap's authority is its sender, so the key of a user is made for the engine id that a message names; an engine id
that is new for a known device (it was replaced, or reset) is learnt, and believed only if the message then proves
itself. An inform's authority is we.
"""

from __future__ import annotations

import socket
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from pyasn1.error import PyAsn1Error
from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.carrier.base import AbstractTransport, AbstractTransportDispatcher
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413.ntfrcv import NotificationReceiver
from pysnmp.error import PySnmpError
from pysnmp.proto.api import v2c
from pysnmp.proto.rfc1902 import OctetString

from collector.traps.bindings import Binding, plain
from readings.delivery.device_secrets import SnmpSecret

AUTH = {
    "": config.USM_AUTH_NONE,
    "MD5": config.USM_AUTH_HMAC96_MD5,
    "SHA": config.USM_AUTH_HMAC96_SHA,
    "SHA224": config.USM_AUTH_HMAC128_SHA224,
    "SHA256": config.USM_AUTH_HMAC192_SHA256,
    "SHA384": config.USM_AUTH_HMAC256_SHA384,
    "SHA512": config.USM_AUTH_HMAC384_SHA512,
}
PRIVACY = {
    "": config.USM_PRIV_NONE,
    "DES": config.USM_PRIV_CBC56_DES,
    "AES": config.USM_PRIV_CFB128_AES,
    "AES192": config.USM_PRIV_CFB192_AES_BLUMENTHAL,
    "AES256": config.USM_PRIV_CFB256_AES_BLUMENTHAL,
}
MOST_ENGINES = 20_000
LEARN_EVERY_S = 10.0  # an engine id a device: making a key hashes a megabyte


@dataclass(frozen=True, slots=True)
class Proven:
    """A notification that proved itself. ``inform``: it was answered."""

    request_id: int
    oid: str
    uptime: int
    bindings: list[Binding]
    inform: bool


class _Wire(AbstractTransport):  # type: ignore[misc]  # pysnmp has no types
    """Where the engine sends its answers."""

    PROTO_TRANSPORT_DISPATCHER = AbstractTransportDispatcher

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def send_message(self, message: bytes, address: Any) -> None:
        try:
            self._sock.sendto(message, tuple(address))
        except OSError:
            return  # it asks again


class _Receiver(NotificationReceiver):  # type: ignore[misc]  # as above
    """Keeps the PDU and the security level, which the library's callback does not hand over."""

    def __init__(self, engine: SnmpEngine) -> None:
        super().__init__(engine, lambda *_told: None)
        self.taken: list[tuple[str, int, Any]] = []

    def process_pdu(self, engine: Any, model: Any, security: Any, name: Any, level: Any, *rest: Any) -> Any:
        self.taken.append((str(name), int(level), rest[3]))
        return super().process_pdu(engine, model, security, name, level, *rest)


class SecureReceiver:
    """One engine for all devices. ``use`` says which users there are; ``take`` gives what proved itself."""

    def __init__(self, sock: socket.socket) -> None:
        self._engine = SnmpEngine()
        self._dispatcher = AbstractTransportDispatcher()
        self._wire = _Wire(sock)
        self._dispatcher.register_transport(udp.DOMAIN_NAME, self._wire)
        self._engine.register_transport_dispatcher(self._dispatcher)
        self._receiver = _Receiver(self._engine)
        self._own = bytes(self._engine.snmpEngineID)
        self._keyed: OrderedDict[tuple[bytes, str], SnmpSecret] = OrderedDict()
        self._learnt_s: dict[str, float] = {}

    def take(
        self,
        packet: bytes,
        address: tuple[Any, ...],
        engine_id: bytes,
        secret: SnmpSecret,
        *,
        device: str,
        now_s: float,
    ) -> Proven | None:
        """None: it did not prove itself, or it was discovery."""
        if not self._knows(engine_id, secret, device, now_s):
            return None
        self._receiver.taken.clear()
        try:
            self._dispatcher._callback_function(self._wire, address, packet)
        except (PySnmpError, PyAsn1Error):
            return None
        wanted = 1 + bool(secret.auth) + bool(secret.privacy)
        for name, level, pdu in self._receiver.taken:
            if name == secret.user and level >= wanted:
                oid, uptime, bindings = plain(v2c.apiPDU.get_varbinds(pdu))
                inform = pdu.tagSet == v2c.InformRequestPDU.tagSet
                return Proven(int(v2c.apiPDU.get_request_id(pdu)), oid, uptime, bindings, inform)
        return None

    def _knows(self, engine_id: bytes, secret: SnmpSecret, device: str, now_s: float) -> bool:
        """Whether a key of this user is there for the engine the message names; made if need be, seldom."""
        ours = not engine_id or engine_id == self._own
        authority = self._own if ours else engine_id
        if self._keyed.get((authority, secret.user)) == secret:
            return True
        if not ours and now_s - self._learnt_s.get(device, -LEARN_EVERY_S) < LEARN_EVERY_S:
            return False
        self._learnt_s[device] = now_s
        named = None if ours else OctetString(authority)
        if (authority, secret.user) in self._keyed:
            config.delete_v3_user(self._engine, secret.user, securityEngineId=named)
        elif len(self._keyed) >= MOST_ENGINES:
            (oldest, user), _ = self._keyed.popitem(last=False)
            config.delete_v3_user(self._engine, user, securityEngineId=OctetString(oldest))
        config.add_v3_user(
            self._engine,
            secret.user,
            AUTH[secret.auth],
            secret.auth_key or None,
            PRIVACY[secret.privacy],
            secret.privacy_key or None,
            securityEngineId=named,
        )
        self._keyed[authority, secret.user] = secret
        return True
