"""Small squares like a front panel: ports of a device, outlets of a power strip, each with its number and its shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.web.equipment.interfaces import Interface
from server.web.equipment.newest import Newest, natural, shown
from server.web.i18n import Words

VIRTUAL = re.compile(
    r"^(in?loop|lo\d*$|loopback|null|nu\d|vlan|vl\d|bvi|irb|tunnel|tu\d|tun|tap|ip6tnl|sit|virtual|veth|dialer|console"
    r"|cons|aux|register|reg|stack|po\d|port-?channel|bridge-aggregation|route-aggregation|eth-trunk|ae\d|bond|lag"
    r"|aggregat|nve|cpu|cbp|pip|pp\d|esi|fti|demux|dsc|gre|ipip|lsi|mtun|pim|tap|vme|jsrv|vmac|docker|br-|dummy)",
    re.IGNORECASE,
)
LEAST = 4  # fewer ports need no picture


@dataclass(frozen=True, slots=True)
class Square:
    """``kind`` is a class of the style sheet (its colour and shape), ``says`` its words, ``to`` where it leads."""

    label: str
    kind: str
    says: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    title: str
    squares: Sequence[Square]


def port_blocks(rows: Iterable[Interface]) -> list[Block]:
    """Physical ports by what their names begin with, in their natural order; what is only logical is left out."""
    groups: dict[str, list[tuple[str, Interface]]] = {}
    for row in rows:
        found = re.fullmatch(r"(.*?)(\d+)", row.name)
        if found is None or "." in row.name or VIRTUAL.match(row.name):
            continue
        groups.setdefault(found[1], []).append((found[2], row))
    blocks = [
        Block(
            prefix.rstrip("/-: "),
            [
                Square(
                    number, row.state, " · ".join(text for text in (row.name, row.alias, row.word) if text), row.name
                )
                for number, row in sorted(members, key=lambda member: int(member[0]))
            ],
        )
        for prefix, members in sorted(groups.items(), key=lambda group: natural(group[0]))
    ]
    return blocks if any(len(block.squares) >= LEAST for block in blocks) else []


KINDS = {"normal": "up", "fault": "down", "warning": "errors", "off": "off", "unknown": "unknown", "": "unknown"}


def state_block(newest: Newest, metric: str, title: str, words: Words) -> Block | None:
    """One square a part of a state: ports of a fabric, outlets. None where the device has none."""
    squares = []
    offered = [(part, value) for part, value in newest.of(metric).items() if value.gap != "not_offered"]
    for place, (part, value) in enumerate(offered, 1):  # in the device's own order: people name outlets as they like
        said = shown(value, words)
        squares.append(Square(str(place), KINDS[said.sign], f"{part} · {said.number or said.gap}"))
    return Block(title, squares) if squares else None
