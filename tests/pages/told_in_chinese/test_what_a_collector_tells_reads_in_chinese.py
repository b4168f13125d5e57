"""Events that a collector tells in its own words, what a controller's log says, and what a device was recognised as."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import collector
from collector.device_files import load_device_types
from collector.probes.ipmi_words import ABSENT, STATES
from readings.catalogue import load_catalogue
from server.happenings.chinese import WORDS, in_chinese
from server.web.equipment.identity import facts_in_words
from server.web.gap_words import event_words
from server.web.i18n import LOCALE_FOLDER, words_of
from server.web.kinds import type_word

ZH, EN = words_of("zh"), words_of("en")
CHINESE = re.compile("[\u4e00-\u9fff]")
SAYING = {"_failure", "refuse", "Rows", "trouble"}  # calls whose last text becomes a gap's sentence or an event


def ends_of_sentences() -> Iterator[str]:
    for file in sorted(Path(collector.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in SAYING and node.args:
                said = node.args[-1]
                parts = said.values if isinstance(said, ast.JoinedStr) else [said]
                text = "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)
                if re.search(r"[a-z]{2,} [a-z0-9]", text):
                    yield text


def test_what_is_put_together_of_pieces_has_its_chinese_too() -> None:
    found = set(ends_of_sentences())
    assert len(found) > 15
    assert sorted(text for text in found if not CHINESE.search(in_chinese(text))) == []


@pytest.mark.parametrize(
    ("kind", "source", "text", "chinese"),
    [
        ("bmc_event", "ipmi", "PS2, Power Supply AC lost, Asserted", "PS2，电源失去交流输入，出现"),
        ("bmc_event", "ipmi", "Fan 1, words of a maker", "Fan 1, words of a maker"),
        ("bmc_event", "redfish", "SEL: no answer", "SEL: no answer"),
        ("bmc_log_erased", "redfish", "SEL was erased: of its 4 entries none is left, now it holds 1",
         "SEL 被清除：原有的 4 条一条不剩，现有 1 条"),
        ("log_begins", "ipmi", "the log holds 9 records from before this watch began; they are not told",
         "日志里有 9 条是开始采集以前的，不再逐条告知"),
        ("walk_incomplete", "snmp", "1.3.6.1: the agent went back to 1.3; it fell silent at 1.4",
         "1.3.6.1：设备的应答倒回到 1.3；问到 1.4 时没有应答了"),
        ("restart", "restarts",
         "this host was started again; unplanned: nothing shut it down in order (wtmp has no record of both starts)",
         "本机重新启动过；非计划：此前没有有序关机（wtmp 里没有两次启动的记录）"),
        ("remounted_read_only", "ext4", "/data (ext4) takes no more writes: it was remounted read-only",
         "/data（ext4）不再可写：被重新挂载为只读"),
        ("kernel_taint", "taint", "taint bit 4: the processor reported a machine check",
         "内核污染位 4：处理器报告了机器检查异常"),
        ("clock_step", "clock", "the wall clock was set back by 3600.000 s", "系统时间被拨慢 3600.000 秒"),
        ("service_restarted", "services", "MSSQL was started again, process 812 instead of 411",
         "MSSQL 重新启动过，进程由 411 变为 812"),
        ("watched_process_ended", "watched_processes", "settle: process 4711 ended, 0 running now",
         "settle：进程 4711 结束，现有 0 个在运行"),
        ("watched_port_closed", "watched_ports", "order: 192.0.2.5 port 9000 no longer accepts",
         "order: 192.0.2.5 端口 9000 不再接受连接"),
        ("error", "kernel", "EXT4-fs error: it was remounted read-only", "EXT4-fs error: it was remounted read-only"),
        ("device_log", "syslog", "no answer", "no answer"),
        ("link_down", "trap", "接口断开 / interface down", "接口断开"),
    ],
)  # fmt: skip
def test_an_event_is_told_as_its_reader_reads(kind: str, source: str, text: str, chinese: str) -> None:
    assert event_words(text, source, kind, ZH) == chinese
    assert not CHINESE.search(event_words(text, source, kind, EN))


def test_every_word_of_a_controllers_log_that_is_understood_has_its_chinese() -> None:
    told = tomllib.loads((WORDS / "events.toml").read_text("utf-8"))["ipmi"]
    assert sorted(STATES.keys() - told.keys() - ABSENT) == []


def test_every_device_type_is_called_something() -> None:
    known = tomllib.loads((LOCALE_FOLDER / "device_types.toml").read_text("utf-8"))
    assert sorted(known) == sorted(load_device_types(load_catalogue()))
    assert type_word("huawei_vrp", ZH) == "华为 VRP"
    assert type_word("of_tomorrow", EN) == "of_tomorrow"


def test_what_a_device_is_stands_in_words() -> None:
    told = [("packages.list.a", "apt=2.6.1 adduser=3.134"), ("os.pretty_name", "Debian 12"),
            ("device_type", "generic_switch"), ("ping_method", "raw socket"), ("model Node 2", "X1"), ("colour", "red"),
            ("tls distrust port 443", "the certificate is not trusted (expired)")]  # fmt: skip
    found = facts_in_words(told, ZH)
    assert found.named == [
        ("型号 Node 2", "X1"),
        ("识别为", "通用交换机"),
        ("Ping 方式", "原始套接字"),
        ("操作系统", "Debian 12"),
        ("不信任的原因 端口 443", "证书不受信任（expired）"),
    ]
    assert found.others == [("colour", "red"), ("packages.list.a", "apt=2.6.1 adduser=3.134")]
