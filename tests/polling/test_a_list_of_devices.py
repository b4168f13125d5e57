"""The list of devices is read strictly, tells no secret, and is polled into the spool."""

from __future__ import annotations

from pathlib import Path

import pytest

import zhishou
from collector.device_fields import DeviceFileError
from collector.device_list import load_device_list
from collector.device_type import DeviceType
from readings.delivery.spool import Spool
from tests.polling.conftest import Responder


def listed(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "devices.yaml"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def test_a_device_is_read_with_its_credential(tmp_path: Path, types: dict[str, DeviceType]) -> None:
    file = listed(
        tmp_path,
        "devices:\n"
        "  - {device_no: SW-1, address: '10.0.0.1:1161', community: secret, interval: 30 s, type: huawei_vrp}\n"
        "  - {device_no: UPS-1, address: 10.0.0.2, version: v3, user: watcher, authentication_key: k1, privacy_key: k2,"
        " transport: tolerant}\n",
    )
    switch, ups = load_device_list(file, types)
    assert (switch.target.host, switch.target.port, switch.interval_s, switch.type_id) == (
        "10.0.0.1", 1161, 30.0, "huawei_vrp",
    )  # fmt: skip
    assert switch.target.credential.community == "secret"
    assert (ups.target.credential.version, ups.target.credential.privacy, ups.target.tolerant) == (3, "aes128", True)
    assert "secret" not in repr(switch)


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("devices: []", "devices: 0 of them"),
        ("devices: [{device_no: A}]", "devices[0].address: is missing"),
        ("devices: [{device_no: A, address: 'h:x'}]", "devices[0].address: 'h:x': 'x' is no port"),
        ("devices: [{device_no: A, address: h, colour: blue}]", "devices[0].colour: no such field"),
        ("devices: [{device_no: A, address: h, type: toaster}]", "devices[0].type: no device type"),
        ("devices: [{device_no: A, address: h, version: v4}]", "devices[0].version: 'v4' is none of v1, v2c, v3"),
        ("devices: [{device_no: A, address: h, version: v3}]", "devices[0].user: is missing"),
        (
            "devices: [{device_no: A, address: h, version: v3, user: u, privacy_key: planted}]",
            "devices[0].privacy_key: nothing is secret",
        ),
        ("devices: [{device_no: A, address: h, interval: 2 h}]", "devices[0].interval: '2 h' is not between"),
        ("devices: [{device_no: A, address: h}, {device_no: A, address: i}]", "devices: 'A' stands twice"),
        ("devices: [{device_no: A, community: planted", "not YAML: ParserError"),
    ],
    ids=[
        "nobody",
        "no address",
        "no port",
        "a field",
        "a type",
        "a version",
        "no user",
        "privacy",
        "an interval",
        "twice",
        "YAML",
    ],
)
def test_a_wrong_list_is_refused_because(text: str, because: str, tmp_path: Path, types: dict[str, DeviceType]) -> None:
    with pytest.raises(DeviceFileError) as refused:
        load_device_list(listed(tmp_path, text), types)
    assert str(refused.value).startswith(f"devices.yaml: {because}")
    assert "planted" not in str(refused.value)


def test_a_list_others_may_read_is_refused(tmp_path: Path, types: dict[str, DeviceType]) -> None:
    with pytest.raises(DeviceFileError, match="others may read it"):
        load_device_list(listed(tmp_path, "devices: [{device_no: A, address: h}]", 0o640), types)


def test_a_list_is_polled_into_the_spool(responder: Responder, tmp_path: Path) -> None:
    address = f"127.0.0.1:{responder.port}"
    file = listed(
        tmp_path,
        f"devices:\n  - {{device_no: T-1, address: '{address}', community: geist}}\n"
        f"  - {{device_no: U-1, address: '{address}', community: eaton}}\n",
    )
    state = tmp_path / "state"
    assert zhishou.main(["collector", "poll", "--devices", str(file), "--state", str(state), "--once"]) == 0
    spool = Spool(state / "spool.db")
    try:
        assert spool.counters().waiting == 2
    finally:
        spool.close()
