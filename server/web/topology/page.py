"""The topology as a page shows it: one sentence, the picture, and the same as a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from sqlmodel import col, select

from server.centre import Centre
from server.happenings.tables import FactRow
from server.live import Live, stale_before
from server.web.collection.known import names_of
from server.web.equipment.neighbours import FACT, INTERFACE, MAC, Known
from server.web.i18n import Words
from server.web.topology.layout import lay_out
from server.web.topology.links import End, Link, links
from server.web.topology.texts import FOLDED, LINK_WORDS, Labels, Node, Row, Stood

UP = 1.0
WORST_FIRST = ("fault", "unknown", "normal")
MOST_STRANGERS = 4
NETWORK = frozenset({"switch", "network", "router", "firewall", "wireless"})


@dataclass(frozen=True, slots=True)
class Line:
    """``sign`` normal, fault (an end of it is down) or unknown; ``says`` both ends. ``x``, ``y``: its middle."""

    path: str
    sign: str
    word: str
    says: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class TopologyView:
    """``answer`` in pieces (sign or "", text). ``lonely``: devices of the network that tell of no neighbour."""

    answer: Sequence[tuple[str, str]]
    width: float
    height: float
    nodes: Sequence[Node]
    lines: Sequence[Line]
    rows: Sequence[Row]
    lonely: Sequence[tuple[str, str]]


def view(centre: Centre, stood: Iterable[Stood], now_ms: int, words: Words) -> TopologyView:
    by_number = {ledger.device_no: (ledger, standing) for ledger, standing in stood}
    told = _facts(centre, by_number)
    found = links(told, Known(names_of(centre.records))) if told else []
    shown = [link for link in found if link.b.stranger or link.b.node in by_number]
    ends = {end.node for link in shown for end in (link.a, link.b) if not end.stranger}
    signs = [_sign(link, centre, now_ms) for link in shown]
    worst_first = sorted(zip(signs, shown, strict=True), key=lambda row: WORST_FIRST.index(row[0]))
    drawn = _folded(shown)
    drawing = lay_out([link for link, _ in drawn])
    labels = Labels(by_number, drawn, words)
    return TopologyView(
        answer=_answer(shown, signs, ends, words),
        width=drawing.width,
        height=drawing.height,
        nodes=[labels.node(box) for box in drawing.boxes],
        lines=[
            Line(wire.path, sign, words(LINK_WORDS[sign]), labels.says(link), wire.x, wire.y)
            for wire in drawing.wires
            for link, place in (drawn[wire.link],)
            for sign in (signs[place] if place >= 0 else "unknown",)
        ],
        rows=[labels.row(link, sign) for sign, link in worst_first],
        lonely=[
            (ledger.device_no, ledger.name or ledger.device_no)
            for ledger, _ in by_number.values()
            if ledger.kind in NETWORK and ledger.device_no not in ends
        ],
    )


def _facts(centre: Centre, known: Mapping[str, Stood]) -> dict[str, dict[str, str]]:
    """Device → what it tells of neighbours, and of its interfaces' addresses where a port is told by one."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    with centre.records.session() as session:
        for row in session.exec(select(FactRow).where(col(FactRow.key).startswith(FACT))).all():
            if row.device_no in known:
                found[row.device_no][row.key] = row.value
        by_address = [no for no, facts in found.items() if any(MAC.fullmatch(key[len(FACT) :]) for key in facts)]
        asked = select(FactRow).where(col(FactRow.device_no).in_(by_address), col(FactRow.key).startswith(INTERFACE))
        for row in session.exec(asked).all() if by_address else ():
            found[row.device_no][row.key] = row.value
    return dict(found)


def _sign(link: Link, centre: Centre, now_ms: int) -> str:
    """Of the ends whose port is read: one that is not up breaks the link, none that is read leaves it unknown."""
    known = [state for end in (link.a, link.b) if (state := _port_state(centre.live, end, now_ms)) is not None]
    return "unknown" if not known else "normal" if all(state == UP for state in known) else "fault"


def _port_state(live: Live, end: End, now_ms: int) -> float | None:
    """As read just now; what is old, a gap or nobody's is not known."""
    device = live.devices.get(end.node)
    if device is None:
        return None
    oldest = stale_before(device, now_ms)
    for source in device.sources.values():
        column = source.series.index.get(("interface_state", end.port))
        if column is not None and source.gap is None and source.at_ms >= oldest and isfinite(source.values[column]):
            return float(source.values[column])
    return None


def _folded(shown: Sequence[Link]) -> list[tuple[Link, int]]:
    """What is drawn, each with its place in ``shown`` (-1: a box that stands for the other strangers of a device)."""
    told_by: dict[str, set[str]] = defaultdict(set)
    for link in shown:
        told_by[link.b.node].add(link.a.node)
    strangers: dict[str, dict[str, None]] = defaultdict(dict)
    for link in shown:
        if link.b.stranger and len(told_by[link.b.node]) == 1:
            strangers[link.a.node][link.b.node] = None
    left_out = {
        node: list(names)[MOST_STRANGERS:] for node, names in strangers.items() if len(names) > MOST_STRANGERS + 1
    }
    hidden = {name for names in left_out.values() for name in names}
    drawn = [(link, place) for place, link in enumerate(shown) if link.b.node not in hidden]
    return drawn + [
        (Link(End(node, "…"), End(f"{FOLDED}{node}", str(len(names)))), -1) for node, names in left_out.items()
    ]


def _answer(shown: Sequence[Link], signs: Sequence[str], devices: set[str], words: Words) -> list[tuple[str, str]]:
    if not shown:
        return [("", words("还没有设备报出邻居。交换机开启 LLDP 或 CDP 后，采集到的邻居会画在这里。"))]
    strangers = {link.b.node for link in shown if link.b.stranger}
    said = [
        ("", words.many("%(n)s 台设备", len(devices))),
        ("", words("，")),
        ("", words.many("%(n)s 条链路", len(shown))),
    ]
    if broken := signs.count("fault"):
        said += [("", words("，")), ("fault", words.many("%(n)s 条断开", broken))]
    if strangers:
        said += [("", words("；")), ("", words.many("%(n)s 个邻居不在台账", len(strangers)))]
    return [*said, ("", words("。"))]
