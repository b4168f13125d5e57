"""``zhishou collector check --recording``: the answer has its shape, and says what was neither understood nor asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import zhishou
from collector.device_type import DeviceType
from readings.model import GAP_WORDS
from tests.recordings import recordings

GEIST = recordings()["geist-temperature-sensor"]


def check(*words: str) -> int:
    return zhishou.main(["collector", "check", *words])


def test_the_answer_has_its_shape(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("--recording", str(GEIST), "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert list(said) == ["type", "vendor", "model", "readings", "unmapped", "unasked"]
    assert (said["type"], said["vendor"]) == ("geist_environment", "Geist")
    assert {"metric": "temperature_celsius", "part": "Above Rack 02", "value": 18.5} in said["readings"]
    for row in said["readings"]:
        assert set(row) in ({"metric", "part", "value"}, {"metric", "part", "gap"})
        assert row.get("gap", "lost") in GAP_WORDS
    assert said["unasked"] == ["1.3.6.1.2.1.2.1", "1.3.6.1.2.1.2.2", "1.3.6.1.4.1.21239.5"]


def test_a_value_nobody_has_mapped_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "odd.snmprec"
    oid = "1.3.6.1.4.1.2011.5.25.31.1.1.10.1"
    file.write_text(f"1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.2011.2.23\n{oid}.6.0.1|2|1\n{oid}.7.0.1|2|99\n")
    assert check("--recording", str(file), "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["unmapped"] == [{"metric": "fan_state", "oid": f"{oid}.7.0.1", "value": "99"}]
    assert {"metric": "fan_state", "part": "fan 0.1", "gap": "unreadable"} in said["readings"]


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", ("类型", "设备信息", "正常")), ("en", ("type", "this device", "up"))]
)
def test_people_read_a_table(lang: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert check("--recording", str(GEIST), "--lang", lang) == 0
    out = capsys.readouterr().out
    assert [word for word in words if word not in out] == []
    assert "18.5 ℃" in out


def test_a_device_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "odd.snmprec"
    name = b"\x1b[2Jevil".hex()
    file.write_text(f"1.3.6.1.2.1.1.5.0|4x|{name}\n1.3.6.1.2.1.2.2.1.8.1|2|1\n1.3.6.1.2.1.2.2.1.2.1|4x|{name}\n")
    assert check("--recording", str(file)) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_what_is_no_recording_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("--recording", str(tmp_path / "missing.snmprec")) == 1
    assert "missing.snmprec: cannot be read" in capsys.readouterr().err


def test_every_type_asks_for_little_enough(types: dict[str, DeviceType]) -> None:
    """A subtree of a whole MIB would take a large device minutes: what is asked are columns and objects."""
    wide = {"1.3.6.1.2.1.1", "1.3.6.1.4.1.2021.4", *(f"1.3.6.1.2.1.33.1.{group}" for group in range(1, 6))}
    short = {
        one.id: [root for root in one.roots() if root.count(".") < 9 and root not in wide] for one in types.values()
    }
    assert {name: roots for name, roots in short.items() if roots} == {}
