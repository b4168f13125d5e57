"""The varbinds of a notification as plain values, and how a value is shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyasn1.type import univ
from pysnmp.proto.rfc1902 import IpAddress

from collector.listening.wording import readable_text

MOST_BINDINGS = 200
LONGEST_VALUE = 200
TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"
UPTIME = "1.3.6.1.2.1.1.3.0"
# What the conversion of a v1 trap adds (RFC 3584): a community must not end in a text.
ADDED = {TRAP_OID, UPTIME, "1.3.6.1.6.3.18.1.3.0", "1.3.6.1.6.3.18.1.4.0", "1.3.6.1.6.3.1.1.4.3.0"}

Value = int | str | bytes
Binding = tuple[str, Value]


def plain(var_binds: Iterable[tuple[Any, Any]]) -> tuple[str, int, list[Binding]]:
    """(OID of the trap, uptime in hundredths, the varbinds besides); OID "" when it carries none."""
    oid, uptime = "", 0
    bindings: list[Binding] = []
    for name, value in var_binds:
        dotted = str(name)
        if dotted == TRAP_OID:
            oid = str(value)
        elif dotted == UPTIME:
            uptime = int(value)
        elif dotted not in ADDED and len(bindings) < MOST_BINDINGS:
            bindings.append((dotted, _value(value)))
    return oid, uptime, bindings


def _value(value: Any) -> Value:
    if isinstance(value, univ.Integer):
        return int(value)
    if isinstance(value, IpAddress):
        return str(value.prettyPrint())
    if isinstance(value, univ.OctetString):
        return bytes(value)
    return str(value)


def readable(value: Value) -> str:
    """For people: text as UTF-8 or GBK, other bytes in hexadecimal."""
    if isinstance(value, bytes):
        return readable_text(value, LONGEST_VALUE)
    return str(value)[:LONGEST_VALUE]
