"""By which ways a device is asked, and how: the words of the device list, checked alike where they are set and used."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

MOST_SOURCES = 8

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=120)]
Word = Annotated[str, msgspec.Meta(max_length=200)]
Given = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Path = Annotated[str, msgspec.Meta(max_length=500, pattern="^/")]
KEY_TYPES = "ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)"
HostKey = Annotated[
    str,
    msgspec.Meta(
        max_length=4000, pattern=f"^(SHA256:[A-Za-z0-9+/]{{43}}|({KEY_TYPES}) [A-Za-z0-9+/]+={{0,2}}( [^\r\n]*)?)?$"
    ),
]
Unit = Annotated[int, msgspec.Meta(ge=0, le=247)]


class CollectionRefused(ValueError):  # noqa: N818 - it reads as the sentence it makes
    """A setting, a secret or a list that cannot stand; the text begins with the field."""


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class SnmpSettings(_Words, frozen=True):
    """``transport`` "tolerant": for a device that answers from another address. ``walks``: repetitions at most.

    ``retries``: how often a request is asked again that was not answered within ``timeout_s``.
    """

    version: Literal["1", "2c", "3"] = "2c"
    port: Port = 161
    timeout_s: Seconds = 5.0
    retries: Annotated[int, msgspec.Meta(ge=0, le=5)] = 1
    transport: Literal["fast", "tolerant"] = "fast"
    walks: Annotated[int, msgspec.Meta(ge=1, le=100)] = 50
    context: Word = ""


class TrapSettings(_Words, frozen=True):
    """``sources``: further addresses its traps and syslog lines come from."""

    sources: Annotated[list[Word], msgspec.Meta(max_length=MOST_SOURCES)] = []


class SyslogSettings(_Words, frozen=True):
    """``worst``: lines of this severity (RFC 5424) or worse are kept."""

    worst: Annotated[int, msgspec.Meta(ge=0, le=7)] = 3


class CliSettings(_Words, frozen=True):
    """``platform`` is netmiko's word for it; ``backup``: its configuration is read and kept. ``host_key``: the only one
    that will do, "ssh-ed25519 AAAA…" or its fingerprint "SHA256:…"; without it the first that was shown.
    """

    platform: Given
    port: Port = 22
    timeout_s: Seconds = 30.0
    backup: bool = False
    host_key: HostKey = ""


class ModbusSettings(_Words, frozen=True):
    """Over TCP at the device's address, or, with ``serial``, as RTU on that line of the collector."""

    map: Given
    port: Port = 502
    unit: Unit = 1
    serial: Annotated[str, msgspec.Meta(pattern=r"^(/dev/[A-Za-z0-9/_.-]+)?$", max_length=200)] = ""
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    timeout_s: Seconds = 3.0


class RedfishSettings(_Words, frozen=True):
    port: Port = 443
    verify: bool = True
    timeout_s: Seconds = 20.0


class IpmiSettings(_Words, frozen=True):
    port: Port = 623
    cipher: Annotated[int, msgspec.Meta(ge=0, le=17)] = 3
    timeout_s: Seconds = 20.0


class IcmpSettings(_Words, frozen=True):
    count: Annotated[int, msgspec.Meta(ge=1, le=20)] = 3
    timeout_s: Seconds = 2.0


class TcpSettings(_Words, frozen=True):
    ports: Annotated[list[Port], msgspec.Meta(min_length=1, max_length=32)]
    timeout_s: Seconds = 5.0


class HttpSettings(_Words, frozen=True):
    scheme: Literal["http", "https"] = "https"
    port: Port = 443
    path: Path = "/"
    verify: bool = True
    timeout_s: Seconds = 10.0


class SqlSettings(_Words, frozen=True):
    """``number``: a query that answers with one number, asked besides ``SELECT 1``."""

    engine: Literal["postgresql", "mysql", "oracle", "sqlserver"]
    port: Port
    database: Word = ""
    number: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    timeout_s: Seconds = 10.0


class NutSettings(_Words, frozen=True):
    name: Given
    port: Port = 3493
    timeout_s: Seconds = 5.0


class Protocols(_Words, frozen=True):
    """By which ways the device is asked; what is not there is not used."""

    snmp: SnmpSettings | None = None
    trap: TrapSettings | None = None
    syslog: SyslogSettings | None = None
    cli: CliSettings | None = None
    modbus: ModbusSettings | None = None
    redfish: RedfishSettings | None = None
    ipmi: IpmiSettings | None = None
    icmp: IcmpSettings | None = None
    tcp: TcpSettings | None = None
    http: HttpSettings | None = None
    sql: SqlSettings | None = None
    nut: NutSettings | None = None


def protocols_from(words: Mapping[str, Any]) -> Protocols:
    """Raises CollectionRefused."""
    try:
        told = msgspec.convert(words, Protocols)
    except msgspec.ValidationError as error:
        raise CollectionRefused(f"protocols: {str(error)[:300]}") from error
    for number, source in enumerate(told.trap.sources if told.trap else []):
        try:
            ipaddress.ip_address(source)
        except ValueError as error:
            raise CollectionRefused(
                f"protocols.trap.sources[{number}]: {source[:60]!r} is not an IP address"
            ) from error
    return told
