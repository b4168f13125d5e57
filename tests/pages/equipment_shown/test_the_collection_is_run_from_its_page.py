"""Administrators say on a page what is asked and how; everybody else sees it; a secret is seen by nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from server.collection.tables import CollectedDevice, CollectionShare
from server.device_secrets.keeping import open_secrets
from server.devices.tables import Device
from tests.fixtures_centre import PASSWORD
from tests.pages.equipment import seen
from tests.pages.equipment_shown.forms import HTML, PLANTED, SWITCH, acts, send

if TYPE_CHECKING:
    from tests.pages.equipment_shown.conftest import Room

RoomOf = Callable[..., "Room"]


def row(room: Room, table: type[Any], key: str) -> Any:
    with room.centre.records.session() as session:
        return session.get(table, key)


def test_one_form_takes_a_device_in_whole(room: Room) -> None:
    answer = send(room.boss, "/collection/add-device", **SWITCH)
    assert (answer.status_code, answer.headers["location"]) == (303, "/devices/SW-1")
    assert row(room, Device, "SW-1").kind == "switch"
    asked = row(room, CollectedDevice, "SW-1")
    assert (asked.address, asked.interval_s) == ("192.0.2.7", 30.0)
    assert asked.protocols == {"snmp": {"port": 1161}, "icmp": {}}
    assert open_secrets(room.centre.records, room.centre.vault, ["SW-1"]) == {"SW-1": {"snmp": {"community": PLANTED}}}
    listed = room.collector.get("/api/v1/collectors/self/devices").json()["devices"]
    assert [one["device_no"] for one in listed] == ["SW-1"]


def test_the_audit_chain_tells_it_as_if_it_had_come_over_the_api(room: Room) -> None:
    send(room.boss, "/collection/add-device", **SWITCH)
    over_api = {
        "share": "room",
        "address": "192.0.2.7",
        "interval_s": 30,
        "protocols": {"snmp": {"port": 1161}, "icmp": {}},
    }
    room.api.post("/api/v1/devices", json={"device_no": "SW-2", "name": "x", "kind": "switch", "location": "A07"})
    room.api.request("PUT", "/api/v1/devices/SW-2/collection", json=over_api)
    room.api.request("PUT", "/api/v1/devices/SW-2/secrets/snmp", json={"community": PLANTED})
    page, api = acts(room.centre.records, "device/SW-1"), acts(room.centre.records, "device/SW-2")
    assert (
        [act for act, _, _ in page] == [act for act, _, _ in api] == ["device.added", "device.collected", "secret.set"]
    )
    assert {actor for _, actor, _ in page} == {"guan"}
    without = {"device_no"}
    assert {key: value for key, value in page[1][2].items() if key not in without} == {
        key: value for key, value in api[1][2].items() if key not in without
    }
    assert page[2][2] == api[2][2] == {"kind": "snmp", "replaced": False}


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        pytest.param({"way.snmp.port": "99999"}, "way.snmp.port", "不能大于 65535", id="a port beyond all ports"),
        pytest.param({"way.snmp.port": "snmp"}, "way.snmp.port", "要填一个数", id="a word for a number"),
        pytest.param({"way.snmp.timeout_s": "0"}, "way.snmp.timeout_s", "必须大于 0", id="no time at all"),
        pytest.param({"way.snmp.version": "4"}, "way.snmp.version", "不在可选的值之中", id="an unknown version"),
        pytest.param({"address": "not an address"}, "address", "既不是 IP 地址，也不是主机名", id="no address"),
        pytest.param({"interval_s": "1"}, "interval_s", "要在 5 与 3600 秒之间", id="too often"),
        pytest.param({"interval_s": "often"}, "interval_s", "要填一个数", id="a word for an interval"),
        pytest.param({"type": "Huawei!"}, "type", "不是设备类型的名字", id="no type"),
        pytest.param({"share": "elsewhere"}, "share", "没有这个分组", id="no such share"),
        pytest.param({"device_no": "../etc"}, "device_no", "编号只能用文字", id="no number"),
        pytest.param({"device_no": "COL-1"}, "device_no", "台账里已有这个编号", id="a number that is taken"),
        pytest.param({"way.tcp": "1", "way.tcp.ports": ""}, "way.tcp.ports", "至少填一个", id="no ports"),
        pytest.param(
            {"way.tcp": "1", "way.tcp.ports": "22, x"}, "way.tcp.ports", "要填一个数", id="a port that is none"
        ),
        pytest.param({"way.trap": "1", "way.trap.sources": "here"}, "way.trap.sources", "不是 IP 地址", id="no source"),
        pytest.param({"way.http": "1", "way.http.path": "index"}, "way.http.path", "要以 / 开头", id="no path"),
        pytest.param({"way.cli": "1"}, "way.cli.platform", "必须填写", id="no platform"),
        pytest.param(
            {"way.sql": "1", "way.sql.engine": "mysql"}, "way.sql.port", "必须填写", id="a database without a port"
        ),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_typed_is_lost(
    room: Room, change: dict[str, str], field: str, said: str
) -> None:
    sent = SWITCH | change
    answer = send(room.boss, "/collection/add-device", **sent)
    assert answer.status_code == 422
    page = answer.text
    at = page.index(f'name="{field}"')
    assert 0 < page.find(said, at) - at < 1200, "the sentence stands at the field"
    assert page.count('role="alert"') == 2, "once at the field, once on top"
    for name in ("name", "location", "address", "device_no"):
        assert f'name="{name}" value="{html_of(sent[name])}"' in page
    assert 'name="way.icmp" value="1" checked' in page
    assert PLANTED not in page
    assert row(room, CollectedDevice, "SW-1") is None
    assert row(room, Device, "SW-1") is None, "all of it or nothing"


def html_of(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ({"snmp.community": "", "snmp.user": "w", "snmp.auth": "SHA", "snmp.auth_key": "short"}, "密钥至少 8 个字符"),
        ({"snmp.user": "w"}, "团体名（v1、v2c）与用户（v3）二者填一"),
        (
            {"snmp.community": "", "snmp.user": "w", "snmp.privacy": "AES", "snmp.privacy_key": PLANTED},
            "SNMPv3 没有不认证的加密",
        ),
        ({"way.cli": "1", "way.cli.platform": "zte", "ssh.user": "backup"}, "缺少口令"),
    ],
)
def test_a_secret_that_cannot_be_is_refused_without_repeating_it(room: Room, secret: dict[str, str], said: str) -> None:
    answer = send(room.boss, "/collection/add-device", **(SWITCH | secret))
    assert answer.status_code == 422
    assert said in answer.text
    assert "口令与密钥不回显" in answer.text
    assert PLANTED not in answer.text
    assert row(room, Device, "SW-1") is None


def test_an_english_reader_reads_the_servers_own_sentence(room: Room) -> None:
    send(room.boss, "/preferences/language", language="en")
    answer = send(room.boss, "/collection/add-device", **(SWITCH | {"way.snmp.port": "99999"}))
    assert "Expected `int` &lt;= 65535" in answer.text


def test_how_a_device_is_asked_is_changed_and_shown_as_it_is(room: Room) -> None:
    send(room.boss, "/collection/add-device", **SWITCH)
    page = room.page("/collection/devices/SW-1")
    assert 'name="way.snmp.port" value="1161"' in page
    sent = {
        "address": "sw-1.example", "share": "room", "interval_s": "60", "way.snmp": "1", "way.snmp.version": "3",
        "way.snmp.port": "161", "way.tcp": "1", "way.tcp.ports": "22、443", "way.cli": "1",
        "way.cli.platform": "huawei_vrp", "way.cli.backup": "1",
    }  # fmt: skip
    assert send(room.boss, "/collection/devices/SW-1", **sent).status_code == 303
    assert row(room, CollectedDevice, "SW-1").protocols == {
        "snmp": {"version": "3"},
        "tcp": {"ports": [22, 443]},
        "cli": {"platform": "huawei_vrp", "backup": True},
    }
    again = room.page("/collection/devices/SW-1")
    assert 'name="way.tcp.ports" value="22, 443"' in again
    assert 'name="way.cli.backup" value="1" checked' in again
    assert "SSH 登录" in seen(again), "a way that signs in asks for its secret"
    refused = send(room.boss, "/collection/devices/SW-1", **(sent | {"way.tcp.ports": "0"}))
    assert refused.status_code == 422
    assert "不能小于 1" in refused.text
    assert row(room, CollectedDevice, "SW-1").protocols["tcp"] == {"ports": [22, 443]}


def test_a_secret_is_set_replaced_and_removed_and_never_seen(room: Room) -> None:
    send(room.boss, "/collection/add-device", **SWITCH)
    path = "/collection/devices/SW-1/secrets/snmp"
    assert send(room.boss, path, user="w", auth="SHA", auth_key=f"{PLANTED}-2").status_code == 303
    page = seen(room.page("/collection/devices/SW-1"))
    assert "已设置" in page
    assert "guan" in page
    assert open_secrets(room.centre.records, room.centre.vault, ["SW-1"])["SW-1"]["snmp"]["user"] == "w"
    bad = send(room.boss, path, community=f"{PLANTED}-3", auth_key=f"{PLANTED}-4")
    told = room.page("/collection/devices/SW-1")
    assert "团体名不带密钥" in told
    assert bad.status_code == 303
    send(room.boss, f"{path}/remove", password="not mine at all")
    assert "snmp" in open_secrets(room.centre.records, room.centre.vault, ["SW-1"])["SW-1"]
    send(room.boss, f"{path}/remove", password=PASSWORD)
    assert open_secrets(room.centre.records, room.centre.vault, ["SW-1"]) == {}
    assert [act for act, _, _ in acts(room.centre.records, "device/SW-1")][-2:] == ["secret.set", "secret.dropped"]
    everywhere = ["/collection", "/collection/devices/SW-1", "/devices/SW-1", "/devices", "/collection/add-device"]
    assert [path for path in everywhere if PLANTED in room.page(path)] == []
    assert PLANTED not in json.dumps([new for _, _, new in acts(room.centre.records, "device/SW-1")])


def test_a_device_is_asked_no_more_after_the_password_once_more(room: Room) -> None:
    send(room.boss, "/collection/add-device", **SWITCH)
    assert "将以 管工 的名义记入审计链" in seen(room.page("/collection/devices/SW-1"))
    send(room.boss, "/collection/devices/SW-1/stop", password="wrong")
    assert row(room, CollectedDevice, "SW-1") is not None
    send(room.boss, "/collection/devices/SW-1/stop", password=PASSWORD)
    assert row(room, CollectedDevice, "SW-1") is None
    assert acts(room.centre.records, "device/SW-1")[-1][:2] == ("device.not_collected", "guan")
    assert room.collector.get("/api/v1/collectors/self/devices").json()["devices"] == []
    assert "现在不由采集器采集" in seen(room.page("/collection/devices/SW-1"))
    send(room.boss, "/collection/devices/SW-1/stop", password=PASSWORD)
    assert "asked by no collector" in seen(room.page("/collection"))


def test_a_share_is_made_and_passed_on(room: Room) -> None:
    wanted = {"share": "branch", "active_id": room.standby_id, "standby_id": "", "interval_s": "60"}
    assert send(room.boss, "/collection/add-share", **wanted).status_code == 303
    assert row(room, CollectionShare, "branch").active_id == room.standby_id
    assert acts(room.centre.records, "share/branch")[-1][:2] == ("share.set", "guan")
    page = seen(room.page("/collection"))
    assert "2 个分组，1 个无人在采" in page
    assert page.index("无人在采 分组 branch") < page.index("分组 room"), "what nobody asks comes first"
    send(room.boss, "/collection/shares/room", active_id=room.standby_id, standby_id="", interval_s="60")
    assert row(room, CollectionShare, "room").holder_id == "", "whoever held it holds it no more"
    for form, said in (
        ({"active_id": room.active_id, "standby_id": room.active_id, "interval_s": "60"}, "不能与主用相同"),
        ({"active_id": "nobody", "standby_id": "", "interval_s": "60"}, "没有这个已批准的采集器"),
        ({"active_id": room.active_id, "standby_id": "", "interval_s": "x"}, "要填一个数"),
    ):
        answer = send(room.boss, "/collection/shares/room", **form)
        assert (answer.status_code, said in answer.text) == (422, True)
    for name, said in (("Room!", "只能用小写字母"), ("branch", "is there already")):
        answer = send(room.boss, "/collection/add-share", **(wanted | {"share": name}))
        assert (answer.status_code, said in answer.text) == (422, True)
    assert room.boss.get("/collection/shares/nowhere", headers=HTML).status_code == 404
