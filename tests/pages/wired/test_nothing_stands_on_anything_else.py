"""The picture of any wiring: nothing overlaps, every line ends at its ports, and it is the same each time."""

from __future__ import annotations

import re
from itertools import combinations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from server.web.topology.layout import WIDTH, Box, Drawing, lay_out
from server.web.topology.links import End, Link

NODES = [*(f"SW-{number}" for number in range(1, 9)), "?ap-1", "?ap-2", "?phone"]
ends = st.builds(End, st.sampled_from(NODES), st.sampled_from(["Gi1/0/1", "Gi1/0/2", "eth0", ""]))
wirings = st.lists(
    st.builds(Link, ends.filter(lambda end: not end.stranger), ends).filter(lambda link: link.a.node != link.b.node),
    max_size=30,
)


def box_of(drawing: Drawing, node: str) -> Box:
    return next(box for box in drawing.boxes if box.node == node)


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + WIDTH <= other.x
        or other.x + WIDTH <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


@given(wirings)
def test_no_box_stands_on_another_and_all_stand_on_the_picture(links: list[Link]) -> None:
    drawing = lay_out(links)
    assert {box.node for box in drawing.boxes} == {end.node for link in links for end in (link.a, link.b)}
    assert all(apart(one, other) for one, other in combinations(drawing.boxes, 2))
    for box in drawing.boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + WIDTH <= drawing.width
        assert box.y + box.height <= drawing.height


@given(wirings)
def test_every_line_runs_from_a_slot_of_its_own_to_another(links: list[Link]) -> None:
    drawing = lay_out(links)
    assert [wire.link for wire in drawing.wires] == list(range(len(links)))
    taken = []
    for wire, link in zip(drawing.wires, links, strict=True):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", wire.path)]
        first, last = (numbers[0], numbers[1]), (numbers[-2], numbers[-1])
        boxes = [box_of(drawing, end.node) for end in (link.a, link.b)]
        for x, y in (first, last):
            assert any(x in {box.x, box.x + WIDTH} and box.y < y < box.y + box.height for box in boxes)
        taken += [first, last]
    assert len(set(taken)) == len(taken)


@given(wirings, st.randoms())
def test_the_order_of_telling_moves_no_box(links: list[Link], dice: Random) -> None:
    shuffled = list(links)
    dice.shuffle(shuffled)
    stands = [{box.node: (box.x, box.y) for box in lay_out(one).boxes} for one in (links, shuffled)]
    assert stands[0] == stands[1]


def test_two_cores_stand_side_by_side_and_what_hangs_on_both_stands_beyond() -> None:
    cores, access = ("C1", "C2"), ("A1", "A2", "A3", "A4")
    links = [Link(End(core, f"Te1/{number}"), End(one, core)) for core in cores for number, one in enumerate(access)]
    links += [Link(End("A1", f"Gi1/{number}"), End(f"?phone-{number}", "")) for number in range(20)]
    columns = {box.node: box.column for box in lay_out(links).boxes}
    assert {columns[core] for core in cores} == {0}
    assert {columns[one] for one in access} == {1}
    assert columns["?phone-3"] == 2


def test_no_wiring_is_no_picture() -> None:
    assert (lay_out([]).boxes, lay_out([]).height) == ([], 0)
