"""In the fleet a switch stands with its ports, a UPS with its battery, an air conditioner with its warmth."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from readings.catalogue import load_catalogue
from server.web.equipment.signs import SIGNS
from tests.pages.equipment import seen

if TYPE_CHECKING:
    from tests.pages.equipment_shown.conftest import Room

RoomOf = Callable[..., "Room"]


def row_of(page: str, device_no: str) -> str:
    found = re.search(rf'<li class="device" id="row-{device_no}">(.*?)<span class="brief', page, re.DOTALL)
    assert found is not None
    return seen(found[1])


@pytest.mark.parametrize(
    ("device_no", "said"),
    [
        ("SW-0101", r"端口 10 / 33 断开 2 CPU 38.0 %"),
        ("FW-0301", r"端口 2 / 22 会话 无数据 CPU 3.0 %"),
        ("UPS-0401", r"供电 市电 电池 100.0 % 负载 21.0 %"),
        ("UPS-0402", r"供电 电池 电池 64.0 % 负载 83.0 %"),
        ("AC-0601", r"温度 23.0 ℃ 湿度 42.0 % 状态 运行"),
        ("PDU-0501", r"功率 160 W 电流 1.40 A 负载 正常"),
        ("STO-0701", r"容量 86.6 % 故障盘 0 CPU 22.0 %"),
        ("BMC-0801", r"硬件 正常 温度 20.0 ℃"),
    ],
)
def test_the_figures_are_those_of_its_kind(room_of: RoomOf, device_no: str, said: str) -> None:
    assert said in row_of(room_of(device_no).page("/devices"), device_no)


def test_a_family_of_kinds_is_a_filter_that_keeps_the_others(room_of: RoomOf) -> None:
    room = room_of("SW-0901", "UPS-0401", "AC-0601")
    everything = room.page("/devices")
    assert "网络 1" in seen(everything)
    assert "供配电 1" in seen(everything)
    power = room.page("/devices?kind=power")
    assert "UPS-0401" in power
    assert "SW-0901" not in power
    assert 'name="kind" value="power"' in power, "a search keeps the family"
    assert "SW-0901" in room.page("/devices?kind=nonsense"), "a family nobody knows is no filter"


def test_a_silent_device_shows_no_old_figures(room_of: RoomOf) -> None:
    room = room_of("UPS-0401")
    room.clock.forward(minutes=10)
    assert "供电 无数据 电池 无数据 负载 无数据" in row_of(room.page("/devices"), "UPS-0401")


def test_every_state_with_a_sign_is_one_of_the_catalogue() -> None:
    catalogue = load_catalogue()
    for metric, signs in SIGNS.items():
        known = set(catalogue[metric].states)
        assert not known or set(signs) == known, metric


def test_an_alarm_told_in_words_names_no_source(room_of: RoomOf) -> None:
    page = seen(room_of("UPS-0402").page("/devices"))
    assert "最近：UPS 转电池供电" in page
