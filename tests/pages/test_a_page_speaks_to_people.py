"""No key of a program stands where a person reads: parts, sources and acts are words, and a line's speed is in bits."""

from __future__ import annotations

from typing import Any

from server.web.device import all_readings
from server.web.device_tables import source_word
from server.web.i18n import words_of
from server.web.ledger import said
from server.web.sight import Value

ZH, EN = words_of("zh"), words_of("en")


def test_the_speed_of_a_line_is_in_bits_in_the_table_of_all_readings(now_ms: int) -> None:
    values = [
        Value("network_speed_bytes_per_second", "eth0", 125e6, None, now_ms, False, "bytes_per_second", {}),
        Value("cpu_busy_ratio", "total", 0.5, None, now_ms, False, "ratio", {}),
    ]
    shown: list[Any] = all_readings(values, ZH)
    assert [(one.part, one.number, one.unit) for one in shown] == [("合计", "50.0", "%"), ("eth0", "1", "Gbit/s")]


def test_where_something_was_read_is_a_word() -> None:
    assert [source_word(source, ZH) for source in ("centre", "host", "kernel_log", "smart")] == [
        "中心", "主机", "内核", "smart",
    ]  # fmt: skip
    assert source_word("centre", EN) == "Centre"


def test_an_entry_of_the_ledger_tells_an_act_in_words() -> None:
    assert [said(text, ZH) for text in ("started", "pass", "verifying", "", "location: A07")] == [
        "启动", "合格", "验证中", "–", "位置 A07",
    ]  # fmt: skip
