"""Who sees the collection and who may change it; what wants a hand there stands first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from collector.cli.platforms import PLATFORMS
from collector.probes.registers import FOLDER
from server.web.collection.way_fields import FIELD_WORDS, SUGGESTED, way_fields
from server.web.collection.ways import WAY_WORDS
from tests.fixtures_centre import PASSWORD, Client
from tests.pages.equipment import seen
from tests.pages.equipment_shown.forms import HTML, SWITCH, acts, send

if TYPE_CHECKING:
    from tests.pages.equipment_shown.conftest import Room

RoomOf = Callable[..., "Room"]
FORMS = (
    "/collection/add-device",
    "/collection/add-share",
    "/collection/shares/room",
    "/collection/devices/SW-1",
    "/collection/devices/SW-1/stop",
    "/collection/devices/SW-1/secrets/snmp",
    "/collection/devices/SW-1/secrets/snmp/remove",
)


def test_who_may_only_read_sees_everything_and_changes_nothing(room: Room) -> None:
    send(room.boss, "/collection/add-device", **SWITCH)
    before = len(acts(room.centre.records, "device/SW-1"))
    page = room.page("/collection", room.reader)
    assert "SW-1" in page
    for word in ("添加设备", "新建分组", "修改分组", "/collection/devices/SW-1"):
        assert word not in page
    for path in FORMS:
        assert send(room.reader, path, password=PASSWORD, **SWITCH).status_code == 403, path
    for path in FORMS[:4]:
        assert room.reader.get(path, headers=HTML).status_code == 403, path
    assert len(acts(room.centre.records, "device/SW-1")) == before


def test_neither_a_stranger_nor_a_token_nor_another_site_gets_in(room: Room, client: Client) -> None:
    send(room.boss, "/collection/add-device", **SWITCH)
    for path in ("/collection", "/events/collection", *FORMS[:4]):
        assert client.get(path, headers=HTML).status_code == 303, path
        assert room.api.get(path, headers=HTML).status_code == 303, "a token is nobody's eyes"
    for path in FORMS:
        room.boss.http.headers.pop("X-CSRF-Token", None)
        assert room.boss.post(path, data=SWITCH, headers=HTML).status_code == 403, path


def test_a_fresh_centre_says_how_the_first_collector_comes_in(empty_room: Room) -> None:
    page = seen(empty_room.page("/collection"))
    assert "还没有采集分组" in page
    assert "zhishou collector enrol" in page


def test_what_wants_a_hand_comes_first_with_the_devices_own_sentence(room_of: RoomOf) -> None:
    page = seen(room_of("SW-0101", "SW-0901", "SW-0902", "BMC-0801", "UPS-0401").page("/collection"))
    assert "1 个分组；5 台设备，1 台被拒绝，1 台没有应答，2 台部分有应答。" in page
    needs = page[page.index("先处理") : page.index("分组 room")]
    order = [needs.index(text) for text in ("用户或口令不对", "5 秒内没有应答", "带外控制器凭据", "backup：口令不对")]
    assert order[:2] == sorted(order[:2])
    assert max(order[:2]) < min(order[2:])
    assert "来源不在名册 3 0" in page
    assert "风暴中，只计数 1" in page
    assert "有应答 / 在采 3 / 5" in page
    assert "租约还有" in page


def test_the_lease_is_said_in_words_as_time_goes_by(room: Room) -> None:
    room.clock.forward(minutes=5)
    page = seen(room.page("/collection"))
    assert "租约已过期 4 分钟" in page
    assert "在采的采集器失联" in page or "从未上报" in page


def test_the_forms_know_every_way_and_what_collectors_know() -> None:
    assert set(way_fields()) == set(WAY_WORDS)
    assert {field.name for fields in way_fields().values() for field in fields} == set(FIELD_WORDS)
    assert set(SUGGESTED["platform"]) == set(PLATFORMS)
    assert set(SUGGESTED["map"]) == {path.stem for path in FOLDER.glob("*.yaml")}
