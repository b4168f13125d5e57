"""Cables as both their ends tell of them (LLDP, CDP): one link each, however many tell of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from server.web.equipment.neighbours import Known, neighbours
from server.web.equipment.newest import natural

STRANGER = "?"  # no device number begins with it (server/devices)
NUMBERS = re.compile(r"(\d+(?:[/:.-]\d+)*)\s*$")
SHORT: tuple[tuple[str, str], ...] = (
    ("TwentyFiveGigE", "Twe"),
    ("HundredGigE", "Hu"),
    ("FortyGigE", "Fo"),
    ("Ten-GigabitEthernet", "XGE"),
    ("TenGigabitEthernet", "Te"),
    ("XGigabitEthernet", "XGE"),
    ("GigabitEthernet", "Gi"),
    ("FastEthernet", "Fa"),
    ("M-GigabitEthernet", "M-Gi"),
    ("Ethernet", "Eth"),
)


@dataclass(frozen=True, slots=True)
class End:
    """``node``: a device number, or ``?`` and the name of somebody who is in no ledger. ``port`` "": nobody said."""

    node: str
    port: str

    @property
    def stranger(self) -> bool:
        return self.node.startswith(STRANGER)


@dataclass(frozen=True, slots=True)
class Link:
    """``a`` is a device that tells of it."""

    a: End
    b: End


def short(port: str) -> str:
    """The name of a port as it stands on a drawing.

    >>> short("Ten-GigabitEthernet1/0/49"), short("10GE1/0/1"), short("GigabitEthernet0/0/24")
    ('XGE1/0/49', '10GE1/0/1', 'Gi0/0/24')
    """
    return next((less + port[len(name) :] for name, less in SHORT if port.startswith(name)), port)


def links(facts: Mapping[str, Mapping[str, str]], known: Known) -> list[Link]:
    """In the order of the devices and their ports. ``facts``: of every device that tells of neighbours, by number."""
    told: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for device_no in sorted(facts, key=natural):
        for one in neighbours(facts[device_no], known, ""):
            if one.device_no == device_no:
                continue  # a loop of one cable, or a stack that sees itself
            far = End(one.device_no, one.port) if one.device_no else _stranger(one.told)
            told[device_no, far.node].append(Link(End(device_no, one.local), far))
    found: list[Link] = []
    done: set[tuple[str, str]] = set()
    for (near, other), ours in told.items():
        if (other, near) not in done:
            found += _once(_distinct(ours), _distinct(told.get((other, near), [])))
            done.add((near, other))
    return found


def _stranger(told: str) -> End:
    name, _, port = told.strip().partition(" ")
    return End(STRANGER + name, port.strip())


def _distinct(told: Iterable[Link]) -> list[Link]:
    """LLDP and CDP of one device may both tell of a port: once is enough."""
    kept: dict[str, Link] = {}
    for link in told:
        if not kept.get(link.a.port, link).b.port or link.a.port not in kept:
            kept[link.a.port] = link
    return list(kept.values())


def _once(ours: Sequence[Link], theirs: Sequence[Link]) -> list[Link]:
    """What both ends tell is one link, with each port as its own device names it.

    Ports are compared by their numbers ("Gi1/0/1" is "GigabitEthernet1/0/1"); where they cannot be (a port told by its
    address), what is left over on both sides is taken for the same cables.
    """
    left = list(theirs)
    found: list[Link] = []
    alone: list[int] = []
    for link in ours:
        match = next((other for other in left if _same(link, other)), None)
        if match is None:
            alone.append(len(found))
            found.append(link)
        else:
            left.remove(match)
            found.append(Link(link.a, match.a))
    if len(alone) == len(left):
        for place, other in zip(alone, left, strict=True):
            found[place] = Link(found[place].a, other.a)
        return found
    return found + [Link(other.b, other.a) for other in left[len(alone) :]]


def _same(link: Link, other: Link) -> bool:
    return (
        _numbers(link.b.port) == _numbers(other.a.port) != "" or _numbers(link.a.port) == _numbers(other.b.port) != ""
    )


def _numbers(port: str) -> str:
    found = NUMBERS.search(port)
    return found[1] if found else port.casefold()
