"""The topology: drawn as the devices tell of each other, each link with its state, everything in the table too."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.pages.equipment import PORT, seen

if TYPE_CHECKING:
    from tests.pages.equipment_shown.conftest import Room

RoomOf = Callable[..., "Room"]
TOPOLOGY = "/collection/topology"


def table(page: str) -> list[str]:
    found = re.search(r'<table class="[^"]*links-table">.*?<tbody>(.*?)</tbody>', page, re.DOTALL)
    return [seen(row) for row in re.findall(r"<tr>(.*?)</tr>", found[1], re.DOTALL)] if found else []


def test_a_link_is_up_where_its_port_is_and_down_where_it_is_not(room_of: RoomOf) -> None:
    rows = table(room_of("SW-0101", "SW-0102").page(TOPOLOGY))
    assert f"核心交换机一 {PORT}1 汇聚交换机二 Gi1/0/1 连通" in rows
    assert f"核心交换机一 {PORT}5 acc-a07 不在台账 Gi0/1 断开" in rows


def test_the_first_sentence_counts_devices_links_and_strangers(room_of: RoomOf) -> None:
    page = room_of("SW-0101", "SW-0102").page(TOPOLOGY)
    links, strangers = len(table(page)), sum("不在台账" in row for row in table(page))
    assert f"2 台设备，{links} 条链路，1 条断开；{strangers} 个邻居不在台账。" in seen(page)


def test_every_device_is_drawn_with_its_state_and_a_stranger_hollow(room_of: RoomOf) -> None:
    page = room_of("SW-0101", "SW-0102").page(TOPOLOGY)
    drawn = re.findall(r'<g class="node (\w+)"><title>(.*?)</title>', page)
    assert ("stranger", "acc-a07 不在台账") in drawn
    assert {title.split(" ")[0] for sign, title in drawn if sign != "stranger"} == {"核心交换机一", "汇聚交换机二"}
    assert page.count('class="wire fault"') == 1


def test_what_a_neighbour_calls_itself_is_text_and_nothing_else(room_of: RoomOf) -> None:
    page = room_of("SW-0101").page(TOPOLOGY)
    assert "<img src=x>" not in page
    assert "ap-lobby&lt;img" in page


def test_old_readings_leave_the_state_of_a_link_unknown(room_of: RoomOf) -> None:
    room = room_of("SW-0101", "SW-0102")
    room.clock.forward(hours=1)
    assert {row.rpartition(" ")[2] for row in table(room.page(TOPOLOGY))} == {"无数据"}


def test_a_network_device_that_tells_of_nobody_is_named(room_of: RoomOf) -> None:
    page = seen(room_of("SW-0101", "FW-0301", "UPS-0401").page(TOPOLOGY))
    assert "没有邻居的网络设备 1 台 边界防火墙" in page


def test_without_a_neighbour_it_says_what_to_do(room: Room) -> None:
    page = room.page(TOPOLOGY, room.reader)
    assert "交换机开启 LLDP 或 CDP 后" in seen(page)
    assert "<figure" not in page


def test_a_broken_link_is_crossed_out_and_says_so(room_of: RoomOf) -> None:
    page = room_of("SW-0101", "SW-0102").page(TOPOLOGY)
    assert page.count('class="cut"') == 1
    assert re.search(r'class="wire fault" d="[^"]*"><title>[^<]*acc-a07 Gi0/1 断开</title>', page)


def test_those_not_drawn_lead_to_the_list_of_neighbours(room_of: RoomOf) -> None:
    room = room_of("SW-0101", "SW-0102")
    link = re.search(r'href="(/devices/SW-0102)(#[\w-]+)"', room.page(TOPOLOGY))
    assert link is not None
    assert f'id="{link[2][1:]}"' in room.page(link[1])
