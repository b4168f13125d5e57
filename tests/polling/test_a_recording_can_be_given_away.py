"""A recorded device reads as the device did, and says neither its names, serials, addresses nor communities."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import zhishou
from collector.actions.check import explain_recording
from collector.device_type import DeviceType
from collector.scrubbing import Scrubber
from tests.polling.conftest import Responder

PLANTED = {
    "1.3.6.1.2.1.1.1.0": ("4", b"Linux planted-host 5.10, S/N: PLANTED123, managed at 10.20.30.40"),
    "1.3.6.1.2.1.1.4.0": ("4", b"planted-person@example.org"),
    "1.3.6.1.2.1.1.5.0": ("4", b"planted-host"),
    "1.3.6.1.2.1.1.6.0": ("4", "上海张江".encode("gbk")),
    "1.3.6.1.2.1.2.2.1.6.1": ("4", b"ABCDEF"),
    "1.3.6.1.2.1.4.20.1.1.10.20.30.40": ("64", b"10.20.30.40"),
    "1.3.6.1.2.1.31.1.1.1.18.1": ("4", b"to planted-branch"),
    "1.3.6.1.2.1.47.1.1.1.1.11.1": ("4", b"PLANTED456"),
    "1.3.6.1.4.1.99999.1.10.20.30.41": ("64", b"10.20.30.41"),
    "1.3.6.1.4.1.99999.2.0": ("4", b"unit PLANTED456 of planted-host via 74:85:c4:df:c0:02"),
    "1.3.6.1.4.1.99999.3.0": ("4", bytes.fromhex("7485c4dfc002")),
    "1.3.6.1.4.1.99999.4.0": ("4", b"PLANTED789"),
    "1.3.6.1.4.1.99999.5.0": ("2", b"42"),
    "1.3.6.1.6.3.18.1.1.1.2.1": ("4", b"planted-community"),
}
SECRETS = (
    b"planted",
    b"PLANTED",
    b"10.20.30",
    b"ABCDEF",
    "上海张江".encode("gbk"),
    bytes.fromhex("7485c4"),
    b"7485c4",
    b"74:85",
)


def test_nothing_planted_is_left() -> None:
    lines = [(oid, tag, octets) for oid, (tag, octets) in PLANTED.items()]
    written = list(Scrubber(lines, ["1.3.6.1.4.1.99999.4"]).written())
    everything = "\n".join(written).encode() + b"\n".join(
        bytes.fromhex(line.rpartition("|")[2]) for line in written if "x|" in line
    )
    assert [secret for secret in SECRETS if secret in everything] == []
    assert "1.3.6.1.4.1.99999.5.0|2|42" in written
    assert [line for line in written if line.startswith("1.3.6.1.6.3")] == []
    # The same stand-in everywhere, so that what belongs together still does.
    texts = dict(line.split("|", 1) for line in written)
    serial = texts["1.3.6.1.2.1.47.1.1.1.1.11.1"].removeprefix("4|")
    assert serial in texts["1.3.6.1.4.1.99999.2.0"]
    assert texts["1.3.6.1.2.1.1.5.0"].removeprefix("4|") in texts["1.3.6.1.2.1.1.1.0"]


def test_lines_are_in_the_order_of_the_tree() -> None:
    lines = [("1.3.6.1.4.1.10.1", "2", b"1"), ("1.3.6.1.4.1.9.1", "2", b"1"), ("1.0.8802.1", "2", b"1")]
    assert [line.partition("|")[0] for line in Scrubber(lines).written()] == [
        "1.0.8802.1", "1.3.6.1.4.1.9.1", "1.3.6.1.4.1.10.1",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["geist", "eaton", "cisco"])
def test_a_recorded_device_reads_as_the_device_did(
    name: str, responder: Responder, types: dict[str, DeviceType], tmp_path: Path
) -> None:
    file = tmp_path / "device.snmprec"
    words = ["collector", "record", f"127.0.0.1:{responder.port}", "--community", name, "-o", str(file)]
    assert zhishou.main(words) == 0
    before = explain_recording(responder.folder / f"{name}.snmprec", types).reading
    after = explain_recording(file, types).reading
    assert after.type.id == before.type.id
    kept = {(one.metric, one.part): one.value for one in after.samples}
    expected = {(one.metric, one.part): one.value for one in before.samples}
    assert sorted(map(str, kept.values())) == sorted(map(str, expected.values()))
    assert after.fact("name").startswith("NAME-")
    assert before.fact("name").encode() not in file.read_bytes()
    assert before.fact("serial") == "" or before.fact("serial").encode() not in file.read_bytes()


def test_a_recording_is_never_overwritten(
    responder: Responder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "device.snmprec"
    file.write_text("kept")
    words = ["collector", "record", f"127.0.0.1:{responder.port}", "--community", "geist", "-o", str(file)]
    assert zhishou.main(words) == 1
    assert "never overwritten" in capsys.readouterr().err
    assert file.read_text() == "kept"


def test_the_community_may_come_by_the_environment(
    responder: Responder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(os.environ, "ZHISHOU_SNMP_COMMUNITY", "geist")
    assert zhishou.main(["collector", "check", f"127.0.0.1:{responder.port}"]) == 0
    assert "geist_environment" in capsys.readouterr().out
