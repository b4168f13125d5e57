"""However many ends, protocols and spellings tell of a cable, it is one link with the port of each of its ends."""

from __future__ import annotations

import pytest

from server.web.equipment.neighbours import Known
from server.web.topology.links import End, Link, links, short

KNOWN = Known([("core-1", "C1"), ("core-2", "C2"), ("acc-1", "A1"), ("acc 2", "A2")])
Facts = dict[str, dict[str, str]]


def told(**devices: dict[str, str]) -> list[Link]:
    return links(
        {no: {f"neighbour.{port}": who for port, who in ports.items()} for no, ports in devices.items()}, KNOWN
    )


def test_what_both_ends_tell_is_one_link_with_the_ports_as_their_own_devices_name_them() -> None:
    found = told(
        C1={"Ten-GigabitEthernet1/0/1": "acc-1 Gi1/0/49"}, A1={"GigabitEthernet1/0/49": "core-1.example.com XGE1/0/1"}
    )
    assert found == [Link(End("A1", "GigabitEthernet1/0/49"), End("C1", "Ten-GigabitEthernet1/0/1"))]


def test_what_one_end_tells_is_a_link_too() -> None:
    assert told(C1={"Te1/1": "acc 2 Gi0/24"}) == [Link(End("C1", "Te1/1"), End("A2", "Gi0/24"))]


def test_parallel_cables_stay_apart_and_meet_their_own_ends() -> None:
    found = told(C1={"1/0/47": "core-2 1/0/48", "1/0/48": "core-2 1/0/47"}, C2={"1/0/47": "core-1 1/0/48"})
    assert found == [Link(End("C1", "1/0/47"), End("C2", "1/0/48")), Link(End("C1", "1/0/48"), End("C2", "1/0/47"))]


def test_a_port_told_by_its_address_is_still_the_same_cable() -> None:
    found = told(C1={"Te1/1": "acc-1 d4:94:e8:0d:e1:20"}, A1={"Gi0/49": "core-1 d4:94:e8:0d:e1:21"})
    assert found == [Link(End("A1", "Gi0/49"), End("C1", "Te1/1"))]


def test_more_cables_told_by_one_end_than_by_the_other_are_all_there() -> None:
    found = told(C1={"Te1/1": "acc-1 Gi0/49"}, A1={"Gi0/49": "core-1 Te1/1", "Gi0/50": "core-1 Te1/2"})
    assert [(link.a.port, link.b.port) for link in found] == [("Gi0/49", "Te1/1"), ("Gi0/50", "Te1/2")]


def test_two_protocols_that_tell_of_one_port_tell_of_one_link() -> None:
    assert len(told(C1={"Te1/1": "acc-1 Gi0/49; acc-1.example.com GigabitEthernet0/49"})) == 1


def test_who_is_in_no_ledger_is_a_stranger_by_name() -> None:
    found = told(A1={"Gi0/1": "ap-7 eth0", "Gi0/2": "ap-7 eth1", "Gi0/3": "00:11:22:33:44:55"})
    assert [(link.b.node, link.b.port) for link in found] == [
        ("?ap-7", "eth0"), ("?ap-7", "eth1"), ("?00:11:22:33:44:55", ""),
    ]  # fmt: skip


def test_a_device_that_hears_itself_is_wired_to_nobody() -> None:
    assert told(C1={"Te1/1": "core-1 Te1/2"}) == []


@pytest.mark.parametrize(
    ("port", "shown"),
    [("GigabitEthernet0/0/1", "Gi0/0/1"), ("XGigabitEthernet2/0/0", "XGE2/0/0"), ("Ethernet1/1", "Eth1/1"), ("", "")],
)
def test_a_port_stands_short_on_the_drawing(port: str, shown: str) -> None:
    assert short(port) == shown
