"""A recording that may be given away: names, serial numbers, addresses and communities replaced, the rest as it was.

First everything is learnt (what this device is called, which addresses and serials occur), then every line is written
with each of them replaced by the same stand-in everywhere, also inside object identifiers. Subtrees that are made of
other people's addresses, of users or of command lines are left out whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from collector.recording import ADDRESS, OCTETS, OID
from collector.subtrees import Subtrees
from collector.walk import index_order

MIB2 = "1.3.6.1.2.1"
LEFT_OUT = Subtrees(
    (
        *(f"{MIB2}.{branch}" for branch in (3, 4, 6, 7, 14, 15, 55)),  # address tables, routes, connections
        *(f"{MIB2}.17.{branch}" for branch in (4, 7)),  # who was seen behind which port
        *(f"{MIB2}.25.{branch}" for branch in (4, 5, 6)),  # command lines and installed software
        "1.3.6.1.6.3.12", "1.3.6.1.6.3.15", "1.3.6.1.6.3.16", "1.3.6.1.6.3.18",  # targets, users, views, communities
        "1.3.6.1.4.1.2021.2", "1.3.6.1.4.1.2021.8", "1.3.6.1.4.1.8072.1.3", "1.3.6.1.4.1.8072.1.9",
    )
)  # fmt: skip
# Columns and objects whose texts are names people gave: of the device, its place, its people, its lines, neighbours.
NAMES = Subtrees(
    (
        f"{MIB2}.1.4", f"{MIB2}.1.5", f"{MIB2}.1.6",  # contact, name, location
        f"{MIB2}.31.1.1.1.18",  # ifAlias
        "1.0.8802.1.1.2.1.4.1.1.8", "1.0.8802.1.1.2.1.4.1.1.9", "1.0.8802.1.1.2.1.4.1.1.10", "1.0.8802.1.1.2.1.3.3",
        "1.3.6.1.4.1.9.9.23.1.2.1.1.6",  # CDP neighbours
        f"{MIB2}.33.1.1.6",  # upsIdentAttachedDevices
    )
)  # fmt: skip
SERIALS = Subtrees((f"{MIB2}.47.1.1.1.1.11", f"{MIB2}.33.1.1.5"))
SHORTEST = 4  # a shorter name or serial would be found in every other word
_IPV4 = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
_MAC = re.compile(
    r"\b[0-9a-fA-F]{2}(?:([:-])[0-9a-fA-F]{2})(?:\1[0-9a-fA-F]{2}){4}\b"
    r"|\b(?:[0-9a-fA-F]{4}[.-]){2}[0-9a-fA-F]{4}\b"
)
_SERIAL = re.compile(r"(?i)\b(S/?N|serial(?: (?:number|no\.?))?)([:= ]+)([A-Z0-9-]{6,})")
_KEPT_ADDRESSES = re.compile(r"0\.0\.0\.0|127\..*|255\..*")

Line = tuple[str, str, bytes]  # object identifier, tag of snmprec, octets as they are


class Scrubber:
    """``also_serials``: further objects and columns that hold serial numbers, as the device's type knows them."""

    def __init__(self, lines: Iterable[Line], also_serials: Iterable[str] = ()) -> None:
        self._lines = [line for line in lines if line[0] not in LEFT_OUT]
        self._serials = Subtrees(also_serials)
        self._stand_ins: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        self._hardware: dict[bytes, bytes] = {}
        for line in self._lines:
            self._learn(*line)
        # The longest first: a name may be a piece of another.
        found = sorted(self._stand_ins, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, found))) if found else None

    def written(self) -> Iterator[str]:
        """Lines of a ``.snmprec``, in the order of the agent's tree."""
        scrubbed = [(self._in_oid(oid), tag, self._value(oid, tag, octets)) for oid, tag, octets in self._lines]
        for oid, tag, octets in sorted(scrubbed, key=lambda line: index_order(line[0])):
            plain = all(32 <= octet < 127 for octet in octets)
            yield f"{oid}|{tag}|{octets.decode('ascii')}" if plain else f"{oid}|{tag}x|{octets.hex()}"

    def _learn(self, oid: str, tag: str, octets: bytes) -> None:
        if tag == ADDRESS:
            self._address(octets.decode("ascii"))
        if tag != OCTETS:
            return
        text = octets.decode("utf-8", "ignore").strip(" \0")
        if len(text) >= SHORTEST:
            if oid in NAMES:
                self._stand_ins.setdefault(text, f"NAME-{len(self._stand_ins) + 1}")
            elif oid in SERIALS or oid in self._serials:
                self._stand_ins.setdefault(text, f"SERIAL-{len(self._stand_ins) + 1}")
        for found in _SERIAL.finditer(text):
            self._stand_ins.setdefault(found[3], f"SERIAL-{len(self._stand_ins) + 1}")

    def _address(self, address: str) -> str:
        """Addresses of documentation (RFC 5737), one for each."""
        if _KEPT_ADDRESSES.fullmatch(address):
            return address
        if address not in self._addresses:
            number = len(self._addresses) + 1
            self._addresses[address] = f"198.51.{100 + number // 250 % 100}.{number % 250 + 1}"
        return self._addresses[address]

    def _hardware_address(self, octets: bytes) -> bytes:
        if not any(octets):
            return octets
        return self._hardware.setdefault(octets, bytes([2, 0, 0]) + len(self._hardware).to_bytes(3, "big"))

    def _in_oid(self, oid: str) -> str:
        for address, stand_in in self._addresses.items():
            if f".{address}" in oid:
                oid = re.sub(rf"(?<=\.){re.escape(address)}(?=\.|$)", stand_in, oid)
        return oid

    def _value(self, oid: str, tag: str, octets: bytes) -> bytes:
        if tag == ADDRESS:
            return self._address(octets.decode("ascii")).encode()
        if tag == OID:
            return self._in_oid(octets.decode("ascii")).encode()
        if tag != OCTETS:
            return octets
        if (len(octets) == 6 and not octets.isascii()) or oid.startswith(f"{MIB2}.2.2.1.6."):
            return self._hardware_address(octets)
        try:
            text = octets.decode("utf-8")
        except UnicodeDecodeError:
            return b"" if oid in NAMES else octets
        return self._text(text, named=oid in NAMES).encode()

    def _text(self, text: str, *, named: bool) -> str:
        if self._known is not None:
            text = self._known.sub(lambda found: self._stand_ins[found[0]], text)
        if named and not re.fullmatch(r"NAME-\d+", text.strip(" \0")):
            text = ""  # too short to be looked for elsewhere, still somebody's name
        text = _IPV4.sub(lambda found: self._address(found[0]), text)
        return _MAC.sub("02:00:00:00:00:00", text)
