"""What a device answered is a number, a text or a gap with its reason; nothing becomes zero by itself."""

from __future__ import annotations

import bz2
import struct
from pathlib import Path

import pytest

from collector.recording import RecordingError, decoded, read_recording
from collector.subtrees import Subtrees, outermost
from collector.walk import Value, Walk, address_of, number_of, text_of
from readings.model import Gap

OPAQUE = bytes.fromhex("9f7804") + struct.pack(">f", 23.5)
DOUBLE = bytes.fromhex("9f7908") + struct.pack(">d", -0.25)


@pytest.mark.parametrize(
    ("tag", "written", "value"),
    [
        ("2", b"-5", -5),
        ("65", b"4294967295", 4294967295),
        ("66", b"7", 7),
        ("67", b"100", 100),
        ("70", b"18446744073709551615", 18446744073709551615),
        ("4", b"a|b", b"a|b"),
        ("4x", b"B7BF", b"\xb7\xbf"),
        ("4", b"", b""),
        ("6", b".1.3.6.1", "1.3.6.1"),
        ("64", b"10.0.0.1", "10.0.0.1"),
        ("64x", b"0a000001", "10.0.0.1"),
        ("68x", OPAQUE.hex().encode(), OPAQUE),
        ("5", b"", None),
        ("128", b"", None),
        ("129", b"", None),
        ("130", b"", None),
        ("2", b"twelve", Gap.UNREADABLE),
        ("4x", b"xyz", Gap.UNREADABLE),
        ("99", b"1", Gap.UNREADABLE),
        ("2:numeric", b"min=1,max=2,wrap=1,initial=2", 2),
        ("2:writecache", b"value=3", 3),
        ("2:notification", b"op=set", Gap.UNREADABLE),
    ],
)
def test_a_line_of_a_recording_is_read(tag: str, written: bytes, value: Value | None) -> None:
    assert decoded(tag, written) == value


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (42, 42.0),
        (b"23.5 ", 23.5),
        (b"-64.000000", -64.0),
        (OPAQUE, 23.5),
        (DOUBLE, -0.25),
        (b"n/a", Gap.UNREADABLE),
        (b"", Gap.UNREADABLE),
        (b"35 %", Gap.UNREADABLE),
        ("1.3.6.1", Gap.UNREADABLE),
        (float("nan"), Gap.UNREADABLE),
        (Gap.REFUSED, Gap.REFUSED),
    ],
)
def test_a_number_is_a_number_or_a_gap(value: Value, number: float | Gap) -> None:
    assert number_of(value) == number


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("机房 A 列".encode(), "机房 A 列"),
        ("上海张江机房".encode("gbk"), "上海张江机房"),
        (b"eth0\0\0", "eth0"),
        (b"two\r\n lines", "two lines"),
        (bytes.fromhex("7485c4dfc002"), "74:85:c4:df:c0:02"),
        (b"\xff\xfe\xfd", "ff:fe:fd"),
    ],
    ids=["utf-8", "gbk", "padded", "lines", "an address", "neither"],
)
def test_a_text_is_readable_in_every_encoding(octets: bytes, text: str) -> None:
    assert text_of(octets) == text


def test_an_address_is_one_even_when_its_octets_are_letters() -> None:
    assert address_of(b"ABCDEF") == "41:42:43:44:45:46"


def test_a_sentinel_and_a_missing_row_are_gaps() -> None:
    walk = Walk({"1.3.1.0": 65535, "1.3.2.0": 235}, {"1.3.9": Gap.TIMED_OUT})
    assert walk.number("1.3.1.0", gaps=(65535,)) is Gap.NOT_OFFERED
    assert walk.number("1.3.2.0", times=0.1) == 23.5
    assert walk.number("1.3.3.0") is Gap.NOT_OFFERED
    assert walk.number("1.3.9.1.7") is Gap.TIMED_OUT
    assert walk.text("1.3.3.0") == ""


def test_a_column_is_in_the_order_of_the_table_and_ends_with_it() -> None:
    walk = Walk({"1.3.1.10": 10, "1.3.1.9": 9, "1.3.10.1": 1, "1.3.1.2.5": 5})
    assert list(walk.column("1.3.1")) == ["2.5", "9", "10"]
    assert walk.has("1.3.10")
    assert not walk.has("1.3.2")


def test_a_recording_is_read_for_what_is_wanted_and_counted_for_the_rest(tmp_path: Path) -> None:
    text = (
        b"# a comment\r\n1.3.6.1.2.1.1.5.0|4|core\r\nrubbish\n1.3.6.1.4.1.9.9.1.1.1.1|2|1\n1.3.6.1.4.1.9.9.1.1.1.2|2|2"
    )
    for name, octets in (("a.snmprec", text), ("a.snmprec.bz2", bz2.compress(text))):
        (tmp_path / name).write_bytes(octets)
        recorded = read_recording(tmp_path / name, Subtrees(["1.3.6.1.2.1.1"]).__contains__)
        assert recorded.answers == {"1.3.6.1.2.1.1.5.0": b"core"}
        assert dict(recorded.unasked) == {"1.3.6.1.4.1.9.9": 2}


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("a.snmprec", b"nothing of the kind"),
        ("a.snmprec", b""),
        ("a.snmprec.bz2", b"not bz2"),
        ("missing.snmprec", None),
    ],
    ids=["prose", "empty", "no bz2", "no file"],
)
def test_what_is_no_recording_is_refused_by_name(tmp_path: Path, name: str, octets: bytes | None) -> None:
    if octets is not None:
        (tmp_path / name).write_bytes(octets)
    with pytest.raises(RecordingError, match=name):
        read_recording(tmp_path / name)


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    whole = bz2.compress(b"1.3.6.1.2.1.1.5.0|4|core\n" * 100_000)
    (tmp_path / "a.snmprec.bz2").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecordingError, match=r"a\.snmprec\.bz2"):
        read_recording(tmp_path / "a.snmprec.bz2")


def test_subtrees_hold_what_is_beneath_them() -> None:
    subtrees = Subtrees(["1.3.6.1.2.1.1", "1.3.6.1.2.1.1.5", "1.3.6.1.2.1.11"])
    asked = ["1.3.6.1.2.1.1", "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.11.0", "1.3.6.1.2.1.10.0", "1.3.6.1.2.1"]
    assert [oid in subtrees for oid in asked] == [True, True, True, False, False]
    assert outermost(["1.3.6", "1.3.6.1", "1.4"]) == ("1.3.6", "1.4")
