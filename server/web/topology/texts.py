"""What stands on the picture: devices and ports in words, cut to where they stand."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from server.web.health import HEALTH_WORDS
from server.web.i18n import N_, Words
from server.web.kinds import kind_word
from server.web.sight import Ledger, Standing
from server.web.topology.layout import LEAF, WIDTH, Box
from server.web.topology.links import STRANGER, Link, short

FOLDED = f"{STRANGER}…"  # and a device number: those strangers of it that are not drawn one by one
INSIDE = 10
PORT_UNITS, NAME_UNITS, UNDER_UNITS = 13, 24, 34  # what fits, in widths of a Latin letter
LINK_WORDS: dict[str, str] = {"normal": N_("连通"), "fault": N_("断开"), "unknown": N_("无数据")}
Stood = tuple[Ledger, Standing]


@dataclass(frozen=True, slots=True)
class Port:
    """``anchor``: start or end, as SVG aligns texts. ``whole``: its name uncut."""

    x: float
    y: float
    anchor: str
    text: str
    whole: str


@dataclass(frozen=True, slots=True)
class Node:
    """``sign`` "stranger": it is in no ledger."""

    x: float
    y: float
    height: float
    title: str
    whole: str
    under: str
    sign: str
    word: str
    href: str
    ports: Sequence[Port]


@dataclass(frozen=True, slots=True)
class Row:
    near: str
    near_href: str
    near_port: str
    far: str
    far_href: str
    far_port: str
    sign: str
    word: str


class Labels:
    """Texts of devices and ports, cut to where they stand."""

    def __init__(self, devices: Mapping[str, Stood], drawn: Sequence[tuple[Link, int]], words: Words) -> None:
        self._devices, self._words = devices, words
        self._folded = {link.b.node: int(link.b.port) for link, place in drawn if place < 0}

    def name(self, node: str) -> str:
        if node in self._folded:
            return self._words.many("另有 %(n)s 个", self._folded[node])
        if node.startswith(STRANGER):
            return node[len(STRANGER) :] or "?"
        ledger, _ = self._devices[node]
        return ledger.name or node

    def href(self, node: str) -> str:
        if node in self._folded:
            return f"/devices/{quote(node[len(FOLDED) :])}#neighbours-title"
        return "" if node.startswith(STRANGER) else f"/devices/{quote(node)}"

    def node(self, box: Box) -> Node:
        name = self.name(box.node)
        sign, word = "stranger", self._words("不在台账")
        leaf = [short(slot.port) for slot in (*box.left, *box.right)] if box.height == LEAF else []
        under = " · ".join(text for text in (*leaf, word) if text and box.node not in self._folded) or word
        if not box.node.startswith(STRANGER):
            ledger, standing = self._devices[box.node]
            sign, word = standing.health, self._words(HEALTH_WORDS.get(standing.health, standing.health))
            under = " · ".join(dict.fromkeys((word, ledger.device_no, kind_word(ledger.kind, self._words))))
        ports = [
            Port(x, slot.y + box.y, anchor, cut(short(slot.port), PORT_UNITS), slot.port)
            for side, x, anchor in ((box.left, box.x + INSIDE, "start"), (box.right, box.x + WIDTH - INSIDE, "end"))
            for slot in side
            if not leaf
        ]
        return Node(
            box.x, box.y, box.height, cut(name, NAME_UNITS), name, cut(under, UNDER_UNITS), sign, word,
            self.href(box.node), ports,
        )  # fmt: skip

    def says(self, link: Link) -> str:
        return " — ".join(f"{self.name(end.node)} {end.port}".strip() for end in (link.a, link.b))

    def row(self, link: Link, sign: str) -> Row:
        a, b = link.a, link.b
        return Row(
            self.name(a.node), self.href(a.node), a.port, self.name(b.node), self.href(b.node), b.port, sign,
            self._words(LINK_WORDS[sign]),
        )  # fmt: skip


def cut(text: str, units: int) -> str:
    """``text``, or its beginning with … where it is wider than so many Latin letters.

    >>> cut("核心交换机一号楼", 9), cut("Gi1/0/1", 9)
    ('核心交换…', 'Gi1/0/1')
    """
    width = 0
    for place, letter in enumerate(text):
        width += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if width > units:
            kept = text[:place]
            while kept and _width(kept) > units - 1:
                kept = kept[:-1]
            return f"{kept}…"
    return text


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
