"""Where everything of the picture stands: columns by distance from the core, and a slot for each port."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from server.web.equipment.newest import natural
from server.web.topology.links import End, Link

WIDTH, BETWEEN = 212, 96
HEAD, SLOT, FOOT, LEAF = 38, 17, 7, 40
GAP, APART = 14, 44
EDGE = 1  # a border on the edge of the picture would be cut in half
SWEEPS = 4
KEPT = 4  # cables are moved seldom, and a thousand switches take a second to lay out
AS_NEAR = 1.05  # a second core is hardly further from everything than the first
Near = Mapping[str, Mapping[str, None]]


@dataclass(slots=True)
class Slot:
    port: str
    y: float
    link: int


@dataclass(slots=True)
class Box:
    """A device. ``left`` and ``right``: its ports towards the core and away from it."""

    node: str
    column: int
    x: float = 0.0
    y: float = 0.0
    height: float = 0.0
    left: list[Slot] = field(default_factory=list)
    right: list[Slot] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wire:
    """``link``: its place among the links; ``path`` as SVG draws it; ``x`` and ``y``: its middle."""

    link: int
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    width: float
    height: float
    boxes: Sequence[Box]
    wires: Sequence[Wire]


def lay_out(links: Sequence[Link]) -> Drawing:
    """The same picture for the same links. What hangs together stands together, the largest first."""
    return _laid_out(tuple(links))


@lru_cache(KEPT)
def _laid_out(links: tuple[Link, ...]) -> Drawing:
    near: dict[str, dict[str, None]] = defaultdict(dict)
    for link in links:
        near[link.a.node][link.b.node] = None
        near[link.b.node][link.a.node] = None
    boxes: dict[str, Box] = {}
    top = float(EDGE)
    for island in _islands(near):
        columns = _columns(island, near)
        _order(columns, near)
        made = {node: Box(node, place) for place, column in enumerate(columns) for node in column}
        _slots(made, columns, links)
        top = _stand(made, columns, links, top) + APART
        boxes |= made
    widest = max((box.column for box in boxes.values()), default=-1) + 1
    return Drawing(
        width=max(0, widest * (WIDTH + BETWEEN) - BETWEEN + 2 * EDGE) + (BETWEEN / 2 if _bulges(boxes, links) else 0),
        height=max(0.0, top - APART + EDGE),
        boxes=list(boxes.values()),
        wires=[_wire(boxes, place, link) for place, link in enumerate(links)],
    )


def _islands(near: Near) -> list[list[str]]:
    left = dict.fromkeys(sorted(near, key=natural))
    found: list[list[str]] = []
    while left:
        island = list(_distances([next(iter(left))], near))
        for node in island:
            del left[node]
        found.append(island)
    return sorted(found, key=lambda island: (-len(island), natural(island[0])))


def _distances(begin: Iterable[str], near: Near) -> dict[str, int]:
    far = dict.fromkeys(begin, 0)
    waiting = deque(far)
    while waiting:
        node = waiting.popleft()
        for other in near[node]:
            if other not in far:
                far[other] = far[node] + 1
                waiting.append(other)
    return far


def _core(island: Sequence[str], near: Near) -> list[str]:
    """The device nearest to all others, and those beside it that are hardly further and share what hangs on it."""
    devices = sorted((node for node in island if not End(node, "").stranger), key=natural)
    sums: dict[str, int] = {}
    for node in devices:
        far = _distances([node], near)
        sums[node] = sum(far[other] for other in devices)
    first = min(devices, key=lambda node: (sums[node], -len(near[node])))
    return [first] + [
        node
        for node in devices
        if node != first and sums[node] <= sums[first] * AS_NEAR and near[node].keys() & near[first].keys()
    ]


def _columns(island: Sequence[str], near: Near) -> list[list[str]]:
    far = _distances(_core(island, near), near)
    columns: list[list[str]] = [[] for _ in range(max(far.values()) + 1)]
    for node in sorted(far, key=natural):
        columns[far[node]].append(node)
    return columns


def _order(columns: list[list[str]], near: Near) -> None:
    """Within a column by the mean place of what each hangs on, to and fro, so that few lines cross."""
    for sweep in range(SWEEPS):
        forth = sweep % 2 == 0
        pairs = list(pairwise(columns))
        for before, column in pairs if forth else [(after, one) for one, after in reversed(pairs)]:
            place = {node: number for number, node in enumerate(before)}

            def mean(node: str, place: Mapping[str, int] = place, column: Sequence[str] = column) -> float:
                found = [place[other] for other in near[node] if other in place]
                return sum(found) / len(found) if found else column.index(node)

            means = {node: mean(node) for node in column}
            column.sort(key=lambda node: (means[node], natural(node)))


def _slots(boxes: Mapping[str, Box], columns: Sequence[Sequence[str]], links: Sequence[Link]) -> None:
    rank = {node: place for column in columns for place, node in enumerate(column)}
    wanted: dict[str, list[tuple[bool, tuple[bool, int], End, int]]] = defaultdict(list)
    for number, link in enumerate(links):
        if link.a.node in boxes:
            for end, other in ((link.a, link.b), (link.b, link.a)):
                towards_core = boxes[other.node].column < boxes[end.node].column
                beside = boxes[other.node].column == boxes[end.node].column
                wanted[end.node].append((towards_core, (beside, rank[other.node]), end, number))
    for node, ends in wanted.items():
        box = boxes[node]
        for towards_core, _, end, number in sorted(ends, key=lambda one: (one[1], natural(one[2].port), one[3])):
            side = box.left if towards_core else box.right
            side.append(Slot(end.port, HEAD + SLOT * (len(side) + 0.5), number))
        most = max(len(box.left), len(box.right))
        box.height = HEAD + SLOT * most + FOOT
        if End(node, "").stranger and len(ends) == 1:  # one line of text is enough of it
            box.height, (box.left or box.right)[0].y = LEAF, LEAF / 2


def _stand(boxes: Mapping[str, Box], columns: Sequence[Sequence[str]], links: Sequence[Link], top: float) -> float:
    """Give every box its place, a column on the whole level with what it hangs on. Returns where the island ends."""
    bottom = top
    for place, column in enumerate(columns):
        free, lower = top, 0.0
        for node in column:
            box = boxes[node]
            box.x = EDGE + place * (WIDTH + BETWEEN)
            box.y = max(free, wish := _level(boxes, links, box, free))
            lower += box.y - wish
            free = box.y + box.height + GAP
        lift = round(min(lower / len(column), boxes[column[0]].y - top))
        for node in column:
            boxes[node].y -= lift
        bottom = max(bottom, free - lift - GAP)
    return bottom


def _level(boxes: Mapping[str, Box], links: Sequence[Link], box: Box, otherwise: float) -> float:
    """Where its lines towards the core would run level, in the mean."""
    others = [(slot, _other(boxes, links, slot, box.node)) for slot in box.left]
    level = [other.y + slot_of(other, slot.link, box).y - slot.y for slot, other in others]
    return round(sum(level) / len(level)) if level else otherwise


def _other(boxes: Mapping[str, Box], links: Sequence[Link], slot: Slot, node: str) -> Box:
    link = links[slot.link]
    return boxes[link.b.node if link.a.node == node else link.a.node]


def slot_of(box: Box, link: int, other: Box) -> Slot:
    """The slot of ``box`` in which the link to ``other`` ends."""
    side = box.left if other.column < box.column else box.right
    return next(slot for slot in side if slot.link == link)


def _bulges(boxes: Mapping[str, Box], links: Sequence[Link]) -> bool:
    last = max((box.column for box in boxes.values()), default=0)
    return any(boxes[link.a.node].column == boxes[link.b.node].column == last for link in links)


def _wire(boxes: Mapping[str, Box], number: int, link: Link) -> Wire:
    first, second = boxes[link.a.node], boxes[link.b.node]
    if first.column > second.column:
        first, second = second, first
    y1 = first.y + slot_of(first, number, second).y
    y2 = second.y + slot_of(second, number, first).y
    x1, x2 = first.x + WIDTH, second.x
    if first.column == second.column:  # two of the same rank: round the outside
        out = x1 + BETWEEN / 2 - 6
        path = f"M{x1:g} {y1:g}C{out:g} {y1:g} {out:g} {y2:g} {x1:g} {y2:g}"
        return Wire(number, path, (x1 + 3 * out) / 4, (y1 + y2) / 2)
    middle = (x1 + x2) / 2
    path = f"M{x1:g} {y1:g}C{middle:g} {y1:g} {middle:g} {y2:g} {x2:g} {y2:g}"
    return Wire(number, path, middle, (y1 + y2) / 2)
