"""What a network engineer and a duty operator look for first, of devices that were really recorded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from readings.catalogue import load_catalogue
from readings.model import Gap
from readings.units import show
from server.times import to_ns
from server.web.equipment.interfaces import ORDER
from tests.pages.equipment import PORT, ROOM, SECOND, Machine, read, seen, values_of

if TYPE_CHECKING:
    from tests.pages.equipment_shown.conftest import Room

RoomOf = Callable[..., "Room"]
ROW = re.compile(r'<tr id="port-[^"]*" class="[^"]*" data-state="(\w+)" data-text="([^"]*)">(.*?)</tr>', re.DOTALL)


def rows(page: str) -> dict[str, tuple[str, str]]:
    """Interface → (state, what its row says), in the order of the page."""
    return {seen(text).split(" ")[1]: (state, seen(text)) for state, _, text in ROW.findall(page)}


def test_every_interface_stands_once_the_worst_first(room_of: RoomOf) -> None:
    page = room_of("SW-0101").page("/devices/SW-0101")
    found = rows(page)
    told = {sample.part for sample in read("huawei-s5720").samples if sample.metric == "interface_state"}
    assert set(found) == told
    states = [state for state, _ in found.values()]
    assert states == sorted(states, key=ORDER.index)
    assert found[f"{PORT}5"][0] == "down"
    assert "开启，但没有连接" in found[f"{PORT}5"][1]
    assert "至 A07 机柜" in found[f"{PORT}5"][1]
    assert found[f"{PORT}21"][0] == "off"
    assert found[f"{PORT}22"][0] == "unused", "it is on, and never carried anything: nobody's trouble"
    assert "2 个断开" in seen(page)
    names = [name for name, (state, _) in found.items() if state == "up" and name.startswith(PORT)]
    assert names == sorted(names, key=lambda name: int(name.rpartition("/")[2]))


def test_traffic_is_a_rate_and_its_share_of_the_speed(room_of: RoomOf) -> None:
    room = room_of("SW-0101")
    machine = next(one for one in ROOM if one.device_no == "SW-0101")
    now_s = to_ns(room.clock()) / SECOND - 1
    series, port = "network_receive_bytes_total", f"{PORT}1"
    newest, before = values_of(machine, now_s), values_of(machine, now_s - 60)
    rate = (newest[series, port] - before[series, port]) / 60
    share = rate / newest["network_speed_bytes_per_second", port]
    number, unit = show(rate * 8, "bits_per_second")
    said = rows(room.page("/devices/SW-0101"))[port][1]
    assert f"{number} {unit}" in said
    assert (f"{share * 100:.1f} %" if share < 0.1 else f"{share * 100:.0f} %") in said


def test_a_neighbour_of_the_ledger_is_a_link_and_a_stranger_is_not(room_of: RoomOf) -> None:
    page = room_of("SW-0101", "SW-0102").page("/devices/SW-0101")
    assert '<a href="/devices/SW-0102">DUMSYS-90 Gi1/0/1</a>' in page
    assert "ap-lobby<img src=x> eth0 不在台账" in seen(page)


def test_light_in_the_ports_stands_with_the_port(room_of: RoomOf) -> None:
    said = rows(room_of("SW-0102").page("/devices/SW-0102"))["Gi1/0/1"][1]
    assert "-6.0 / -6.0" in said
    assert "42 ℃" in said
    assert "E-DJ-1F-101indoor" in said


def test_every_board_of_a_chassis_has_its_processor_and_memory(room_of: RoomOf) -> None:
    page = seen(room_of("SW-0103").page("/devices/SW-0103"))
    assert "CPU 使用率 Board 0 24.0 %" in page
    assert "另有 12 项" in page, "eighteen boards, six of them open"
    assert re.search(r"温度 在限内 38 · 最高 49.0 ℃", page)


@pytest.mark.parametrize(
    ("device_no", "sentences"),
    [
        ("UPS-0401", ("市电供电，负载 21 %，电池 100 %。", "市电 正在供电", "旁路 待命", "电池 正常")),
        ("UPS-0402", ("电池供电，负载 83 %，电池 64 %，可供电 23 分钟。", "电池 正在供电", "市电 待命")),
        ("AC-0601", ("空调运行，23.0 ℃，湿度 42 %，没有告警。", "空调运行状态 运行")),
        ("PDU-0501", ("插座 1 2 3", "第 1 相 121 V 1.40 A 160 W 正常")),
        ("ENV-0602", ("Above Rack 02 18.5 ℃", "Watchdog Rack 01 39.0 %")),
        ("STO-0701", ("/vol/Mail1/ 86.6 %", "热备磁盘数 4", "nvram 正常")),
        ("BMC-0801", ("Ambient Temp 20.0 ℃ 上限 40.0 ℃ 在限内", "Planar 12V 11.8 V")),
        ("FC-0201", ("光纤端口 1 2 3", "FAN #1 14673 rpm 正常")),
        ("FW-0301", ("CPU 使用率 合计 3.0 %",)),
    ],
)
def test_each_kind_says_first_what_it_is_there_for(room_of: RoomOf, device_no: str, sentences: tuple[str, ...]) -> None:
    page = seen(room_of(device_no).page(f"/devices/{device_no}"))
    assert [sentence for sentence in sentences if sentence not in page] == []


def test_a_changed_configuration_is_a_diff_with_signs(room_of: RoomOf) -> None:
    room = room_of("SW-0101")
    page = room.page("/devices/SW-0101")
    assert (
        '<div class="removed"><span class="sign">-</span><span> description to &lt;b&gt;old&lt;/b&gt; rack</span>'
        in page
    )
    assert '<div class="added"><span class="sign">+</span><span> port link-type access</span>' in page
    assert "配置已变更：增 3 行，减 1 行" in seen(page)
    assert "9c41d2ab8f03" in page
    room.boss.post("/preferences/language", data={"language": "en", "csrf": room.boss.http.headers["X-CSRF-Token"]})
    assert "The configuration changed: 3 lines came, 1 went" in seen(room.page("/devices/SW-0101"))


def test_a_trap_is_told_in_the_readers_language(room_of: RoomOf) -> None:
    room = room_of("UPS-0402")
    chinese = seen(room.page("/devices/UPS-0402"))
    room.boss.post("/preferences/language", data={"language": "en", "csrf": room.boss.http.headers["X-CSRF-Token"]})
    english = seen(room.page("/devices/UPS-0402"))
    assert "Trap 严重 UPS 转电池供电：预计还可供电 23 分钟" in chinese
    assert "runs on battery" not in chinese
    assert "the UPS runs on battery: 23 min left" in english
    assert "转电池" not in english


def test_what_a_device_says_never_becomes_markup(room_of: RoomOf) -> None:
    room = room_of("SW-0101", "SW-0102")
    for path in ("/devices/SW-0101", "/devices", "/collection", "/devices/SW-0101/all-readings"):
        page = room.page(path)
        for markup in ("<script>alert", "<img src=x", "<b>old"):
            assert markup not in page, path
    assert "行情网关二 <script>alert(1)</script>" in seen(room.page("/devices/SW-0101"))


def test_no_key_of_the_catalogue_is_shown_to_people(room_of: RoomOf) -> None:
    room = room_of(*(machine.device_no for machine in ROOM))
    keys = {key for key in load_catalogue() if "_" in key}
    for path in (
        *(f"/devices/{machine.device_no}{more}" for machine in ROOM for more in ("", "/all-readings")),
        "/devices",
        "/collection",
        "/collection/devices/SW-0101",
    ):
        words = set(re.findall(r"[a-z0-9_]+", seen(room.page(path))))
        assert words & keys == set(), path


def test_it_says_how_it_is_asked_and_which_way_brings_nothing(room_of: RoomOf) -> None:
    room = room_of("SW-0101")
    page = seen(room.page("/devices/SW-0101"))
    assert "部分有应答" in page
    assert "SSH 命令行 huawei_vrp · 每天备份配置 被拒绝" in page
    assert "CLI 192.0.2.10 端口 22 用户 backup：口令不对" in page
    assert "识别为 华为 VRP" in page
    assert "主用 · 正在采 col-1 在报" in page
    assert "192.0.2.10" in page
    assert "修改采集方式与凭据" in page
    assert "修改采集方式与凭据" not in seen(room.page("/devices/SW-0101", room.reader))


def test_a_collector_that_is_cut_off_is_not_held_against_the_device(room_of: RoomOf) -> None:
    room = room_of("UPS-0401")
    assert "没有消息" not in seen(room.page("/devices/UPS-0401"))
    room.clock.forward(minutes=10, seconds=-1)
    page = seen(room.page("/devices/UPS-0401"))
    assert "采集器 col-1 已 10 分钟 没有消息" in page
    assert "不说明设备有故障" in page


def test_a_device_that_never_answered_says_why_at_its_head(room_of: RoomOf) -> None:
    page = seen(room_of("SW-0902").page("/devices/SW-0902"))
    assert "SNMP 被拒绝 SNMP v3 192.0.2.92：用户或口令不对" in page


def test_four_hundred_ports_stand_and_begin_with_those_in_use(room_of: RoomOf) -> None:
    big = {
        (metric, f"Gi{slot}/0/{port}"): value
        for slot in range(1, 9)
        for port in range(1, 51)
        for metric, value in (
            ("interface_state", 1.0 if port % 3 else 2.0),
            ("interface_admin_state", 1.0),
            ("network_speed_bytes_per_second", 125e6),
            ("network_receive_bytes_total", 1e9 if port % 3 else 0.0),
            ("network_transmit_bytes_total", 1e9 if port % 3 else 0.0),
        )
    }
    machine = replace(Machine("SW-9000", "四百口", "switch", "bdcom-s5612"), over=big)
    page = room_of(machine).page("/devices/SW-9000")
    found = rows(page)
    assert len([name for name in found if name.startswith("Gi") and name.count("/") == 2]) == 400
    assert 'data-show="used"' in page
    assert page.count('class="square unused"') >= 128


def test_readings_that_are_gaps_are_gaps_on_the_page(room_of: RoomOf) -> None:
    over = {("ups_output_source", ""): float("nan")}
    machine = Machine("UPS-1", "UPS", "ups", "phoenixtec-power", over=over)
    page = seen(room_of(machine).page("/devices/UPS-1"))
    assert "供电来源未知" in page
    assert "正在供电" not in page


def test_a_source_that_failed_makes_no_port_look_up(room_of: RoomOf) -> None:
    room = room_of("SW-0102")
    room.clock.forward(minutes=1)
    room.play(
        [replace(next(one for one in ROOM if one.device_no == "SW-0102"), gap=(Gap.TIMED_OUT, "no answer"))], ticks=1
    )
    assert {state for state, _ in rows(room.page("/devices/SW-0102")).values()} == {"unknown"}
