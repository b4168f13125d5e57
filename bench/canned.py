"""Switches that are not there: SNMP v2c agents that answer from tables made beforehand, many in one thread.

Every value says whose it is, where it stands and in which walk it was read, so that what is stored can be held against
what was told. A walk begins where sysUpTime alone is asked for; until the next one nothing moves.

``python -m bench.canned COUNT ROWS`` prints where they listen, as JSON [[address, port], …], and answers until its
standard input ends.
"""

from __future__ import annotations

import ipaddress
import json
import selectors
import socket
import sys
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from collector.sources.if_mib import COUNTERS, IF, IFX

SYSTEM = "1.3.6.1.2.1.1"
UPTIME = f"{SYSTEM}.3.0"
PORTS_BRIDGED = "1.3.6.1.2.1.17.1.2.0"
INTEGER, OCTETS, OID, COUNTER, GAUGE, TICKS, WIDE = 0x02, 0x04, 0x06, 0x41, 0x42, 0x43, 0x46
GET, NEXT, RESPONSE, BULK = 0xA0, 0xA1, 0xA2, 0xA5
NO_SUCH_INSTANCE, END = b"\x81\x00", b"\x82\x00"
FIRST = int(ipaddress.IPv4Address("127.1.0.1"))
# Offsets that keep every number of a kind in the same count of octets, whatever is added.
WIDE_FROM, NARROW_FROM = 2**41, 2**24
LARGEST_REPLY = 65_000


def tlv(tag: int, octets: bytes) -> bytes:
    """One BER element.

    >>> tlv(0x02, b"\\x05").hex(), tlv(0x04, bytes(200))[:3].hex()
    ('020105', '0481c8')
    """
    length = len(octets)
    if length < 128:
        return bytes((tag, length)) + octets
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 128 | size)) + length.to_bytes(size, "big") + octets


def oid_octets(oid: str) -> bytes:
    """What stands in an OID's element.

    >>> oid_octets("1.3.6.1.4.1.8072").hex()
    '2b06010401bf08'
    """
    first, second, *rest = map(int, oid.split("."))
    found = bytearray()
    for number in (first * 40 + second, *rest):
        pieces = [number & 127]
        while number := number >> 7:
            pieces.append(128 | number & 127)
        found += bytes(reversed(pieces))
    return bytes(found)


def numbers(octets: bytes) -> tuple[int, ...]:
    """An OID to be compared: its numbers, the first two in one as they are encoded."""
    found, number = [], 0
    for octet in octets:
        number = number << 7 | octet & 127
        if octet < 128:
            found.append(number)
            number = 0
    return tuple(found)


def element(octets: bytes, at: int) -> tuple[int, int, int]:
    """(tag, where its content begins, where it ends) of what stands at ``at``."""
    tag, length = octets[at], octets[at + 1]
    begins = at + 2
    if length & 128:
        begins += length & 127
        length = int.from_bytes(octets[at + 2 : begins], "big")
    return tag, begins, begins + length


def counted(switch: int, place: int, walk: int, *, wide: bool) -> int:
    """What the counter at ``place`` of the table says in the ``walk``-th walk: no two are the same."""
    if wide:
        return WIDE_FROM + switch * 2**26 + place * 2**12 + walk
    return NARROW_FROM + (switch % 1024) * 2**20 + place * 2**8 + walk % 256


class Table:
    """What switches of ``rows`` ports have in common: their objects in order, and the beginning of each in a reply."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        fixed: dict[str, tuple[int, bytes]] = {
            f"{SYSTEM}.1.0": (OCTETS, b"a switch that is not there"),
            f"{SYSTEM}.2.0": (OID, oid_octets("0.0")),
            PORTS_BRIDGED: (INTEGER, bytes([rows])),
        }
        self.counters: dict[str, bool] = {}
        self.texts: dict[str, str] = {f"{SYSTEM}.5.0": "switch-{switch:04}"}
        for row in range(1, rows + 1):
            fixed[f"{IF}.5.{row}"] = GAUGE, (10**9).to_bytes(4, "big")
            fixed[f"{IF}.7.{row}"] = fixed[f"{IF}.8.{row}"] = INTEGER, b"\x01"
            fixed[f"{IFX}.15.{row}"] = GAUGE, (1000).to_bytes(2, "big")
            fixed[f"{IFX}.19.{row}"] = TICKS, b"\x00"
            self.texts[f"{IF}.2.{row}"] = f"GigabitEthernet0/0/{row}"
            self.texts[f"{IF}.6.{row}"] = f"{{switch:04}}{row:02}"
            self.texts[f"{IFX}.1.{row}"] = f"GE0/0/{row}"
            self.texts[f"{IFX}.18.{row}"] = f"port {row:02} of switch {{switch:04}}"
            for wide, narrow in COUNTERS.values():
                self.counters |= {f"{narrow}.{row}": False} | ({f"{wide}.{row}": True} if wide else {})
        known = {oid: oid_octets(oid) for oid in (*fixed, *self.texts, *self.counters, UPTIME)}
        self.order = sorted(known, key=lambda oid: numbers(known[oid]))
        self.place = {oid: place for place, oid in enumerate(self.order)}
        self.at = {known[oid]: place for oid, place in self.place.items()}
        self._numbers = [numbers(known[oid]) for oid in self.order]
        self._after: dict[bytes, int] = {}
        self.beginnings = [self._beginning(known[oid], oid, fixed) for oid in self.order]
        self.fixed = {self.place[oid]: octets for oid, (_, octets) in fixed.items()}

    def _beginning(self, octets: bytes, oid: str, fixed: dict[str, tuple[int, bytes]]) -> bytes:
        if oid in fixed:
            tag, length = fixed[oid][0], len(fixed[oid][1])
        elif oid in self.counters:
            tag, length = (WIDE, 6) if self.counters[oid] else (COUNTER, 4)
        elif oid == UPTIME:
            tag, length = TICKS, 4
        else:
            tag, length = OCTETS, len(self.texts[oid].format(switch=0))
        return tlv(0x30, tlv(OID, octets) + tlv(tag, bytes(length)))[:-length]

    def after(self, octets: bytes) -> int:
        """The place of the first object behind this one."""
        if (place := self._after.get(octets)) is None:
            place = self._after[octets] = bisect_right(self._numbers, numbers(octets))
        return place


class Switch:
    """One agent. ``asked`` counts its requests, ``walk`` its walks, ``repetitions`` the last GETBULK of each OID."""

    def __init__(self, number: int, table: Table) -> None:
        self.number = number
        self.walk = self.asked = 0
        self.repetitions: dict[bytes, int] = {}
        self._table = table
        self._told: list[bytes] = []

    @cached_property
    def _standing(self) -> dict[int, bytes]:
        """What does not move, by its place."""
        table = self._table
        texts = {table.place[oid]: text.format(switch=self.number).encode() for oid, text in table.texts.items()}
        return {**table.fixed, **texts}

    def value(self, place: int) -> bytes:
        standing = self._standing.get(place)
        if standing is not None:
            return standing
        oid = self._table.order[place]
        if oid == UPTIME:
            return (NARROW_FROM + self.walk * 100).to_bytes(4, "big")
        wide = self._table.counters[oid]
        return counted(self.number, place, self.walk, wide=wide).to_bytes(6 if wide else 4, "big")

    def rows(self, first: int, last: int) -> Iterator[bytes]:
        for place in range(first, min(last, len(self._table.order))):
            yield self._table.beginnings[place] + self.value(place)

    def answer(self, request: bytes) -> bytes | None:
        """The reply to a GET, GETNEXT or GETBULK of v2c; anything else is not answered."""
        try:
            _, at, _ = element(request, 0)
            _, _, community = element(request, at)
            _, _, at = element(request, community)
            kind, at, _ = element(request, at)
            _, begins, at_second = element(request, at)
            id_ = request[begins:at_second]
            _, _, at_third = element(request, at_second)
            _, begins, ends = element(request, at_third)
            most = int.from_bytes(request[begins:ends], "big")
            asked = list(_asked(request, ends))
        except IndexError:
            return None
        self.asked += 1
        bound = b"".join(self._bound(kind, most, asked))
        reply = tlv(INTEGER, id_) + b"\x02\x01\x00\x02\x01\x00" + tlv(0x30, bound)
        head = request[element(request, 0)[1] : community]
        _, _, after_community = element(request, community)
        return tlv(0x30, head + request[community:after_community] + tlv(RESPONSE, reply))

    def _bound(self, kind: int, most: int, asked: Sequence[bytes]) -> Iterator[bytes]:
        table = self._table
        if kind == GET:
            if asked == [oid_octets(UPTIME)]:
                self.walk += 1
            for octets in asked:
                place = table.at.get(octets)
                if place is None:
                    yield tlv(0x30, tlv(OID, octets) + NO_SUCH_INSTANCE)
                else:
                    yield from self.rows(place, place + 1)
            return
        for octets in asked:
            place = table.after(octets)
            if kind == BULK:
                self.repetitions[octets] = most
            yield from self.rows(place, place + (most if kind == BULK else 1))
            if place + (most if kind == BULK else 1) > len(table.order):
                yield tlv(0x30, tlv(OID, octets) + END)


def _asked(request: bytes, at: int) -> Iterator[bytes]:
    _, at, ends = element(request, at)
    while at < ends:
        _, begins, at = element(request, at)
        _, begins, end = element(request, begins)
        yield request[begins:end]


Answer = Callable[[bytes], bytes | None]


class Answering:
    """A socket for each way to answer; ``where`` is (address, port) of each. ``serve`` until ``end``."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._selector = selectors.DefaultSelector()
        self._sockets: list[socket.socket] = []
        self._ended = threading.Event()
        for number, answer in enumerate(answers):
            listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            listening.bind((str(ipaddress.IPv4Address(FIRST + number)), 0))
            listening.setblocking(False)
            self._selector.register(listening, selectors.EVENT_READ, answer)
            self._sockets.append(listening)
        self.where: list[tuple[str, int]] = [one.getsockname() for one in self._sockets]

    def serve(self) -> None:
        while not self._ended.is_set():
            for key, _ in self._selector.select(0.05):
                listening, answer = key.fileobj, key.data
                assert isinstance(listening, socket.socket)
                request, sender = listening.recvfrom(LARGEST_REPLY)
                if (reply := answer(request)) is not None:
                    listening.sendto(reply, sender)

    def end(self) -> None:
        self._ended.set()

    def close(self) -> None:
        self._selector.close()
        for listening in self._sockets:
            listening.close()


def main() -> None:
    count, rows = map(int, sys.argv[1:3])
    table = Table(rows)
    answering = Answering([Switch(number, table).answer for number in range(1, count + 1)])
    print(json.dumps(answering.where), flush=True)
    serving = threading.Thread(target=answering.serve)
    serving.start()
    sys.stdin.read()
    answering.end()
    serving.join()
    answering.close()


if __name__ == "__main__":
    main()
