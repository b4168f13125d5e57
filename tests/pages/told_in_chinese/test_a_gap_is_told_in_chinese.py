"""Every sentence with which a source can fail has its Chinese; what a device said stays its own words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.happenings.chinese import HOLE, in_chinese, phrases
from server.web.gap_words import gap_words
from server.web.i18n import words_of

ROOT = Path(__file__).resolve().parents[3]
COMMAND = re.compile(r"^(ipmitool|storcli|chronyc|systemctl)[ a-z-]*")  # as it was run
PROSE = re.compile(r"(?<![\w'/.-])[a-z]{2,}(?: [a-z]{2,})+")  # two small words side by side: a piece of a sentence


def template(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(template(part) if isinstance(part, ast.Constant) else "⟦1⟧" for part in node.values)
    return "⟦1⟧"


def sentences() -> Iterator[tuple[str, str]]:
    """(where, what) of each failure in the code of agent and collector that is not put together elsewhere."""
    for folder in ("agent", "collector", "readings"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "SourceFailed":
                    text = template(node.args[-1])
                    if PROSE.search(text):
                        yield f"{Path(file).relative_to(ROOT)}:{node.lineno}", text


def test_every_failure_of_a_source_has_its_chinese() -> None:
    found = dict(sentences())
    assert len(found) > 100
    left = {where: said for where, text in found.items() if PROSE.search(said := COMMAND.sub("", in_chinese(text)))}
    assert left == {}


@pytest.mark.parametrize(
    ("detail", "chinese"),
    [
        ("192.0.2.91:161: no answer within 5 s (asked 2 times)", "192.0.2.91:161：5 秒内没有应答（问了 2 次）"),
        ("SNMP: the centre keeps no secret snmp of SW-1", "SNMP：中心没有存 SW-1 的 SNMP 凭据"),
        (
            "CLI 192.0.2.7 port 22 as backup: sign-in: no common SSH: key exchange",
            "CLI 192.0.2.7 端口 22 用户 backup：登录：SSH 算法谈不拢：key exchange",
        ),
        (
            "Modbus 192.0.2.8 port 502 unit 1: function 3 address 40: exception 2 (illegal data address)",
            "Modbus 192.0.2.8 端口 502 站号 1：功能码 3 地址 40：异常码 2（没有这个地址）",
        ),
        (
            "this collector reaches none of its 12 devices; 192.0.2.9:161: no answer within 2 s (asked 2 times)",
            "采集器一台也够不着（共 12 台）；192.0.2.9:161：2 秒内没有应答（问了 2 次）",
        ),
        ("upsd: some words of a device nobody knows", "upsd: some words of a device nobody knows"),
    ],
)
def test_what_was_tried_and_what_came_back_are_told(detail: str, chinese: str) -> None:
    assert gap_words(detail, words_of("zh")) == chinese
    assert gap_words(detail, words_of("en")) == detail


def test_each_phrase_fills_as_many_holes_as_it_has() -> None:
    for english, chinese in phrases():
        holes = HOLE.findall(chinese)
        assert len(holes) == english.groups, chinese
        assert sorted(holes) in ([""] * len(holes), [str(number) for number in range(len(holes))]), chinese


@given(st.text(max_size=400))
def test_whatever_a_device_says_is_told_and_nothing_breaks(text: str) -> None:
    assert in_chinese(f"upsd says {text}x").startswith("upsd 说")


def test_a_device_cannot_make_the_telling_long() -> None:
    assert len(in_chinese("a: b; " * 5000)) < 100_000
