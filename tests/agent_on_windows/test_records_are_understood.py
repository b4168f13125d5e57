"""One element Event after the other: what is whole is understood, what is damaged takes no other with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.windows.meaning import CORRECTED_IDS, FATAL_IDS, UNCORRECTED_IDS, WHEA, meaning
from agent.windows.programs import decoded
from agent.windows.records import LONGEST_MESSAGE, Record, parse, wall_ns
from readings.model import Severity

RECORDED = (Path(__file__).parents[1] / "fixtures" / "windows" / "system.xml").read_text(encoding="utf-8")
Make = Callable[..., str]


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(RECORDED.encode("utf-16"), id="UTF-16 with its mark"),
        pytest.param(RECORDED.encode("utf-16-le"), id="UTF-16 without"),
        pytest.param(RECORDED.encode(), id="UTF-8"),
        pytest.param(RECORDED.encode("gbk"), id="GBK"),
        pytest.param(RECORDED.replace("\n", "\r\n").encode("gbk"), id="GBK with the line ends of Windows"),
    ],
)
def test_every_encoding_of_a_chinese_windows_says_the_same(encoded: bytes) -> None:
    assert parse(decoded(encoded), 100) == parse(RECORDED, 100)


@pytest.mark.parametrize("said", [b"\xff", b"\x81", b"\xff\xfe\x00", b"", b"a\0b"], ids=repr)
def test_bytes_of_no_encoding_raise_nothing(said: bytes) -> None:
    assert isinstance(decoded(said), str)


@pytest.mark.parametrize("kept", range(0, 700, 23))
def test_an_answer_cut_off_anywhere_keeps_what_is_whole(kept: int) -> None:
    first = RECORDED.splitlines()[0]
    parsed = parse(f"{first}\n{RECORDED.splitlines()[1][:kept]}", 100)
    assert [record.id for record in parsed.records] == [4101]
    assert parsed.damaged <= 1


def test_one_cut_off_in_the_middle_costs_only_itself() -> None:
    one, two, three = RECORDED.splitlines()[:3]
    parsed = parse(one + two[:300] + three, 100)
    assert [record.id for record in parsed.records] == [4101, 4103]
    assert parsed.damaged == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("<EventRecordID>7<", "<EventRecordID>seven<", id="a number in words"),
        pytest.param("<EventRecordID>7<", "<EventRecordID>-7<", id="a number below zero"),
        pytest.param("<EventRecordID>7<", "<EventRecordID>٧<", id="digits of another script"),
        pytest.param("<EventRecordID>7<", f"<EventRecordID>{'9' * 40}<", id="a number beyond all measure"),
        pytest.param("<EventRecordID>7</EventRecordID>", "", id="no number"),
        pytest.param("<EventID>1</EventID>", "<EventID/>", id="no event"),
        pytest.param("<Level>2<", "<Level>bad<", id="a level in words"),
        pytest.param("<System>", "<system>", id="tags that do not meet"),
        pytest.param("broken", "&unknown;", id="an entity nobody named"),
        pytest.param("broken", "x" * 300_000, id="longer than any event"),
        pytest.param("<Event ", "<Other ", id="no event at all"),
    ],
)
def test_a_record_of_wrong_types_is_damaged(old: str, new: str, record: Make) -> None:
    written = record(7)
    assert old in written
    parsed = parse(written.replace(old, new) + record(8), 10)
    assert ([found.id for found in parsed.records], parsed.damaged) == ([8], 1)


def test_a_document_type_expands_nothing(record: Make) -> None:
    bomb = "<!DOCTYPE e [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>]>" + record(7, "&b;")
    assert parse(bomb, 10).records == ()


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        pytest.param("2026-11-24T12:00:00.1234567Z", 1_795_521_600_123_456_700, id="as Windows writes it"),
        pytest.param("2026-11-24T12:00:00Z", 1_795_521_600_000_000_000, id="whole seconds"),
        pytest.param("2026-11-24 12:00", None, id="another form"),
        pytest.param("2026-13-24T12:00:00Z", None, id="no such month"),
        pytest.param("", None, id="none"),
    ],
)
def test_a_stamp_is_utc_to_a_hundred_nanoseconds(stamp: str, expected: int | None) -> None:
    assert wall_ns(stamp) == expected


def test_control_characters_and_long_messages_are_bounded(record: Make) -> None:
    (found,) = parse(record(7, "a\x01b " + "c" * 5000), 10).records
    assert found.text.startswith("a\ufffdb c")
    assert len(found.text) == LONGEST_MESSAGE


def test_a_hundred_thousand_records_are_read_to_the_bound(record: Make) -> None:
    parsed = parse("".join(record(number) for number in range(100_000)), 200)
    assert [found.id for found in parsed.records] == list(range(200))


def test_a_hundred_thousand_beginnings_without_an_end_are_one_damage(record: Make) -> None:
    parsed = parse("<Event xmlns='" * 100_000, 200)
    assert parsed.records == ()
    assert parsed.damaged == 1


def test_each_number_of_whea_is_of_one_weight() -> None:
    said = {
        number: meaning(Record(1, WHEA, number, 3, None, "")) for number in FATAL_IDS | UNCORRECTED_IDS | CORRECTED_IDS
    }
    weights = {number: found[:2] for number, found in said.items() if found is not None}
    assert weights == {
        **dict.fromkeys((1, 16, 18, 20), ("kernel_log", Severity.ALERT)),
        **dict.fromkeys((4, 6, 8, 10, 12, 13, 14, 15), ("kernel_log", Severity.CRITICAL)),
        **dict.fromkeys((2, 5, 7, 9, 11, 17, 19), ("hardware_corrected", Severity.ERROR)),
    }
    assert meaning(Record(1, WHEA, 3, 4, None, "")) is None
