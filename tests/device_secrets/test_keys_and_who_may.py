"""The key file: private, elsewhere, changed without loss; secrets written by administrators and read by nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server.audit.chain import Actor
from server.centre import Centre
from server.device_secrets.keeping import open_secrets, seal_anew
from server.device_secrets.keys import KeyRefused, key_path, make_key, read_keys, write_keys
from server.device_secrets.tables import DeviceSecret
from server.device_secrets.vault import Vault
from tests.fixtures_centre import Client, HandClock, MakeToken, Visit

OURS = Actor("command", "test")


@pytest.fixture
def boss(visit: Visit, token: MakeToken) -> Client:
    client = visit().bear(token("admin"))
    client.post("/api/v1/devices", json={"device_no": "SW-1"})
    client.post("/api/v1/devices", json={"device_no": "SW-2"})
    return client


def put(client: Client, device_no: str = "SW-1", kind: str = "snmp", **words: Any) -> Any:
    return client.request("PUT", f"/api/v1/devices/{device_no}/secrets/{kind}", json=words)


def kinds(client: Client) -> list[str]:
    return [told["kind"] for told in client.get("/api/v1/devices/SW-1/secrets").json()["secrets"]]


def zhishou(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("zhishou")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ZHISHOU")}
    command = [str(program), *words, "--data", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)


def test_without_a_key_nothing_is_kept(boss: Client) -> None:
    refused = put(boss, community="public")
    assert refused.status_code == 503
    assert "zhishou secrets init" in refused.json()["detail"]
    assert kinds(boss) == []


def test_init_makes_a_private_key_once_and_outside_the_data(centre: Centre, boss: Client) -> None:
    folder = centre.settings.data
    made = zhishou(folder, "secrets", "init")
    assert made.returncode == 0, made.stderr
    path = centre.vault.path
    assert path.stat().st_mode & 0o777 == 0o600
    assert not path.is_relative_to(folder)
    before = path.read_bytes()
    assert zhishou(folder, "secrets", "init").returncode == 0
    assert path.read_bytes() == before
    assert put(boss, community="public").status_code == 200


def test_rotation_seals_everything_anew_while_the_centre_runs(centre: Centre, boss: Client) -> None:
    zhishou(centre.settings.data, "secrets", "init")
    put(boss, community="first")
    with centre.records.session() as session:
        before = session.get(DeviceSecret, ("SW-1", "snmp"))
    rotated = zhishou(centre.settings.data, "secrets", "rotate")
    assert rotated.returncode == 0, rotated.stderr
    with centre.records.session() as session:
        after = session.get(DeviceSecret, ("SW-1", "snmp"))
    assert before is not None
    assert after is not None
    assert before.key_id != after.key_id
    assert after.since_ms == before.since_ms, "the secret is no newer for it"
    assert open_secrets(centre.records, centre.vault, ["SW-1"]) == {"SW-1": {"snmp": {"community": "first"}}}
    assert put(boss, "SW-2", community="second").status_code == 200

    assert zhishou(centre.settings.data, "secrets", "forget").returncode == 0
    assert [key.id for key in read_keys(centre.vault.path)] == [after.key_id]
    assert open_secrets(centre.records, centre.vault, ["SW-2"]) == {"SW-2": {"snmp": {"community": "second"}}}


def test_a_rotation_that_breaks_leaves_every_secret_readable(centre: Centre, boss: Client, clock: HandClock) -> None:
    first = make_key()
    write_keys(centre.vault.path, [first])
    put(boss, community="first")
    with centre.records.writing() as session:
        session.add(DeviceSecret(device_no="SW-2", kind="snmp", key_id="gone", sealed=b"x" * 40, since_ms=0))
    write_keys(centre.vault.path, [make_key(), first])
    with pytest.raises(KeyRefused, match="has no key gone"):
        seal_anew(centre.records, centre.vault, actor=OURS, now=clock())
    assert open_secrets(centre.records, centre.vault, ["SW-1"]) == {"SW-1": {"snmp": {"community": "first"}}}


def test_a_sealed_secret_opens_for_its_own_device_only(tmp_path: Path) -> None:
    write_keys(tmp_path / "key", [make_key()])
    vault = Vault(tmp_path / "key")
    key_id, sealed = vault.seal("SW-1", "ssh", {"user": "u", "password": "p"})
    assert vault.open("SW-1", "ssh", key_id, sealed) == {"user": "u", "password": "p"}
    for device_no, kind, bytes_ in (("SW-2", "ssh", sealed), ("SW-1", "bmc", sealed), ("SW-1", "ssh", sealed[:-1])):
        with pytest.raises(KeyRefused, match="altered"):
            vault.open(device_no, kind, key_id, bytes_)


@pytest.mark.parametrize(
    ("text", "mode", "because"),
    [
        pytest.param(b"a:" + b"A" * 43 + b"=\n", 0o644, "others may read it", id="open to others"),
        pytest.param(b"", 0o600, "0 keys", id="empty"),
        pytest.param(b"a:short\n", 0o600, "line 1 is no key", id="too short"),
        pytest.param(b"\xff" * 50, 0o600, "line 1 is no key", id="garbage"),
        pytest.param(b"a" * 20_000, 0o600, "more than", id="too long"),
    ],
)
def test_a_key_file_that_cannot_be_trusted_is_not_used(tmp_path: Path, text: bytes, mode: int, because: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(text)
    path.chmod(mode)
    with pytest.raises(KeyRefused, match=because):
        read_keys(path)


def test_the_key_is_looked_for_outside_the_data(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with pytest.raises(KeyRefused, match="inside the data folder"):
        key_path(data, {"ZHISHOU_SECRETS_KEY": str(data / "key")})
    assert key_path(data, {}) == tmp_path / "data.secrets-key"
    (tmp_path / "zhishou-secrets").touch()
    assert key_path(data, {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == tmp_path / "zhishou-secrets"


def test_only_an_administrator_writes_and_nobody_reads(
    boss: Client, centre: Centre, visit: Visit, token: MakeToken
) -> None:
    write_keys(centre.vault.path, [make_key()])
    writer, reader = visit().bear(token("write")), visit().bear(token("read"))
    assert put(writer, community="public").status_code == 403
    assert put(visit(), community="public").status_code == 401
    assert kinds(boss) == []
    put(boss, community="public")
    assert kinds(reader) == ["snmp"]
    assert set(reader.get("/api/v1/devices/SW-1/secrets").json()["secrets"][0]) == {"kind", "since"}
    assert reader.get("/api/v1/devices/SW-1/secrets/snmp").status_code == 405
    assert writer.delete("/api/v1/devices/SW-1/secrets/snmp").status_code == 403
    assert boss.delete("/api/v1/devices/SW-1/secrets/snmp").status_code == 204
    assert kinds(boss) == []
    assert boss.delete("/api/v1/devices/SW-1/secrets/snmp").status_code == 404
