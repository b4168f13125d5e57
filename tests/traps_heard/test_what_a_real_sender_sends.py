"""Notifications of net-snmp's snmptrap, v1, v2c, v3 and informs, end as events of the device they come from."""

from __future__ import annotations

import pytest

from readings.delivery.collection import ListedDevice
from readings.model import Severity
from tests.traps_heard.conftest import AS_V3, ENGINE, LINK_DOWN, V3, MakeEar, switch

pytestmark = pytest.mark.peer("snmptrap")

LINK = ["1.3.6.1.2.1.2.2.1.1.7", "i", "7", "1.3.6.1.2.1.2.2.1.2.7", "s", "Gi0/7"]
STATUS = ["1.3.6.1.2.1.2.2.1.7.7", "i", "1", "1.3.6.1.2.1.2.2.1.8.7", "i", "2"]
TEXT = (
    "接口 Gi0/7（索引 7）断开：管理状态 开启，运行状态 断开 / interface Gi0/7 (index 7) went down: admin up, oper down"
)


def test_a_v1_trap_is_converted_and_told_in_both_languages(ear: MakeEar) -> None:
    listening = ear([switch()])
    listening.hear("-v", "1", "-c", "area51", listening.at, "", "127.0.0.1", "2", "0", "123", *LINK, *STATUS)
    [(device_no, event)] = listening.events
    assert device_no == "SW-1"
    assert (event.source, event.kind, event.severity) == ("trap", "link_down", Severity.WARNING)
    assert event.text == TEXT


def test_a_v1_trap_of_an_enterprise_finds_the_same_text(ear: MakeEar) -> None:
    listening = ear([switch()])
    ups = "1.3.6.1.2.1.33.2"
    listening.hear(
        "-v", "1", "-c", "area51", listening.at, ups, "127.0.0.1", "6", "1", "9", f"{ups[:-2]}.1.2.3.0", "i", "12"
    )
    [(_, event)] = listening.events
    assert (event.kind, event.severity) == ("ups_on_battery", Severity.CRITICAL)
    assert "12 分钟" in event.text
    assert "12 min left" in event.text
    assert "已供电 — 秒" in event.text, "what the UPS did not say is not invented"


def test_a_v2c_trap(ear: MakeEar) -> None:
    listening = ear([switch()])
    listening.hear("-v", "2c", "-c", "area51", listening.at, "123", LINK_DOWN, *LINK, *STATUS)
    assert [(no, event.text) for no, event in listening.events] == [("SW-1", TEXT)]


@pytest.mark.parametrize(
    ("words", "secret"),
    [
        pytest.param(["-v", "2c", "-c", "area51"], {"community": "area51"}, id="v2c"),
        pytest.param(AS_V3, V3, id="v3"),
    ],
)
def test_an_inform_is_acknowledged(ear: MakeEar, words: list[str], secret: dict[str, str]) -> None:
    listening = ear([switch(**secret)])
    sent = listening.hear(*words, "-Ci", listening.at, "123", LINK_DOWN, *LINK)
    assert (sent.returncode, sent.stdout) == (0, ""), "snmptrap says so when nobody acknowledges"
    assert [event.kind for _, event in listening.events] == ["link_down"]


def test_an_inform_that_nobody_acknowledges_is_noticed_by_its_sender(ear: MakeEar) -> None:
    listening = ear([switch()])
    command = ("-v", "2c", "-c", "another", "-t", "1", "-Ci", listening.at, "123", LINK_DOWN)
    assert listening.hear(*command).returncode != 0


def test_a_v3_trap_of_an_engine_never_heard_of_proves_itself(ear: MakeEar) -> None:
    listening = ear([switch(**V3)])
    listening.hear(*AS_V3, "-e", ENGINE, listening.at, "123", LINK_DOWN, *LINK, *STATUS)
    assert [event.text for _, event in listening.events] == [TEXT]


def test_a_device_whose_engine_was_replaced_is_heard_again(ear: MakeEar) -> None:
    now = [0.0]
    listening = ear([switch(**V3)], monotonic=lambda: now[0])
    for engine in (ENGINE, "0x8000000001020399"):
        now[0] += 60
        listening.hear(*AS_V3, "-e", engine, listening.at, "123", LINK_DOWN)
    assert [event.kind for _, event in listening.events] == ["link_down"] * 2


@pytest.mark.parametrize(
    "how",
    [
        pytest.param("-a SHA -A wrongpass12 -x AES -X privpass12 -l authPriv -u tu", id="wrong key"),
        pytest.param("-a SHA -A authpass12 -x AES -X wrongpass12 -l authPriv -u tu", id="wrong privacy key"),
        pytest.param("-a SHA -A authpass12 -l authNoPriv -u tu", id="not encrypted"),
        pytest.param("-l noAuthNoPriv -u tu", id="not even signed"),
        pytest.param("-a SHA -A authpass12 -x AES -X privpass12 -l authPriv -u stranger", id="another user"),
    ],
)
def test_a_v3_trap_that_does_not_prove_itself_is_counted_and_not_told(ear: MakeEar, how: str) -> None:
    listening = ear([switch(**V3)])
    listening.hear("-v", "3", *how.split(), "-e", ENGINE, listening.at, "123", LINK_DOWN)
    assert listening.events == []
    assert listening.counts()["refused"] == 1


@pytest.mark.parametrize(
    ("words", "device", "word"),
    [
        pytest.param(["-c", "wrong"], switch(), "refused", id="wrong community"),
        pytest.param(["-c", "area51"], switch(address="192.0.2.7"), "unknown_sender", id="another address"),
        pytest.param(["-c", "area51"], switch(**V3), "refused", id="v2c where v3 is due"),
    ],
)
def test_who_is_not_known_is_counted_and_not_told(
    ear: MakeEar, words: list[str], device: ListedDevice, word: str
) -> None:
    listening = ear([device])
    listening.hear("-v", "2c", *words, listening.at, "123", LINK_DOWN)
    assert listening.events == []
    assert listening.counts() == {"received": 1, word: 1}


def test_what_no_text_knows_is_kept_as_it_came(ear: MakeEar) -> None:
    listening = ear([switch()])
    name = "接口".encode("gbk").hex()
    listening.hear(
        *("-v", "2c", "-c", "area51", listening.at, "123", "1.3.6.1.4.1.99999.1.2"),
        *(
            "1.3.6.1.4.1.99999.2.1",
            "i",
            "-5",
            "1.3.6.1.4.1.99999.2.2",
            "x",
            name,
            "1.3.6.1.4.1.99999.2.3",
            "x",
            "000102",
        ),
    )
    [(_, event)] = listening.events
    assert (event.kind, event.severity) == ("trap", Severity.NOTICE)
    assert event.text == (
        "1.3.6.1.4.1.99999.1.2 1.3.6.1.4.1.99999.2.1=-5; 1.3.6.1.4.1.99999.2.2=接口; 1.3.6.1.4.1.99999.2.3=00:01:02"
    )


def test_a_ups_alarm_is_as_bad_as_what_it_says(ear: MakeEar) -> None:
    listening = ear([switch()])
    alarm = "1.3.6.1.2.1.33.1.6"
    for trap, number in (("3", 3), ("3", 16), ("4", 3)):
        listening.hear(
            *("-v", "2c", "-c", "area51", listening.at, "1", f"1.3.6.1.2.1.33.2.{trap}"),
            *(f"{alarm}.2.1.2.1", "o", f"{alarm}.3.{number}"),
        )
    assert [(event.kind, event.severity, event.text) for _, event in listening.events] == [
        ("ups_alarm", Severity.CRITICAL, "UPS 告警：电池电量低 / UPS alarm: battery low"),
        ("ups_alarm", Severity.ERROR, "UPS 告警：风扇故障 / UPS alarm: fan failed"),
        ("ups_alarm_over", Severity.NOTICE, "UPS 告警解除：电池电量低 / UPS alarm over: battery low"),
    ]
