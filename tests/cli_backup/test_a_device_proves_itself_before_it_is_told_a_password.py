"""SSH to a device: the key it shows is kept and insisted on, or the one its settings name; and signing in by a key."""

from __future__ import annotations

import asyncio
import logging
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from collector.cli.ssh import CliAnswer, CliSettings, Sessions
from collector.probe_settings import asked_by
from collector.probes.stated import NO_SECRET, Secret
from readings.delivery.collection import ListedDevice
from readings.delivery.device_secrets import check_secret
from readings.delivery.protocols import CollectionRefused, protocols_from
from readings.model import SourceFailed
from tests.cli_backup.device import CONFIGURATION, Device

SHOW = "display current-configuration"
PASSPHRASE = "planted-passphrase"
SwitchedOn = Callable[[Device], CliSettings]


def look(sessions: Sessions, settings: CliSettings, **changed: Any) -> CliAnswer:
    return asyncio.run(sessions.ask(msgspec.structs.replace(settings, **changed), (SHOW,)))


def refused(sessions: Sessions, settings: CliSettings, match: str, **changed: Any) -> str:
    with pytest.raises(SourceFailed, match=match) as failure:
        look(sessions, settings, **changed)
    assert failure.value.gap.word == "refused"
    return failure.value.detail


def shows(*keys: asyncssh.SSHKey) -> Device:
    return Device(options={"server_host_keys": [*keys]})


def made(kind: str = "ssh-ed25519") -> asyncssh.SSHKey:
    return asyncssh.generate_private_key(kind)


def public(key: asyncssh.SSHKey) -> str:
    return key.export_public_key().decode().strip()


def test_the_first_key_is_kept_and_another_is_refused_before_anything_is_said(
    sessions: Sessions, switched_on: SwitchedOn, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, other = made(), made()
    settings = switched_on(shows(first))
    known = tmp_path / "known_hosts"
    with caplog.at_level(logging.INFO, "collector.cli.host_keys"):
        assert look(sessions, settings).outputs[SHOW] == CONFIGURATION
    assert first.get_fingerprint() in caplog.text
    assert known.read_text() == f"[127.0.0.1]:{settings.port} {public(first)}\n"
    assert known.stat().st_mode & 0o777 == 0o600
    assert look(sessions, settings).outputs[SHOW] == CONFIGURATION

    impostor = shows(other)
    there = switched_on(impostor)
    known.write_text(f"[127.0.0.1]:{there.port} {public(first)}\n")
    told = refused(sessions, there, "shows the host key")
    assert f"{other.get_fingerprint()}, not {first.get_fingerprint()}" in told
    assert f"ssh-keygen -R '[127.0.0.1]:{there.port}' -f {known}" in told
    assert impostor.heard == []
    assert known.read_text() == f"[127.0.0.1]:{there.port} {public(first)}\n", "the right one stays"


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH's client is not installed")
def test_openssh_forgets_a_key_and_the_next_one_is_kept(
    sessions: Sessions, switched_on: SwitchedOn, tmp_path: Path
) -> None:
    settings = switched_on(shows(made()))
    known = tmp_path / "known_hosts"
    known.write_text(f"192.0.2.1 {public(made())}\n[127.0.0.1]:{settings.port} {public(made())}\n")
    told = refused(sessions, settings, "if it was changed rightly: ssh-keygen -R")
    command = told.partition("rightly: ")[2]
    subprocess.run(["sh", "-c", command], check=True, capture_output=True)
    assert look(sessions, settings).outputs[SHOW] == CONFIGURATION
    assert [line.split()[0] for line in known.read_text().splitlines()] == ["192.0.2.1", f"[127.0.0.1]:{settings.port}"]


@pytest.mark.parametrize("of", [public, lambda key: key.get_fingerprint()], ids=["the key", "its fingerprint"])
def test_what_the_settings_name_counts_more_than_what_was_seen(
    sessions: Sessions, switched_on: SwitchedOn, tmp_path: Path, of: Callable[[asyncssh.SSHKey], str]
) -> None:
    key, other = made(), made()
    device = shows(key)
    settings = switched_on(device)
    known = tmp_path / "known_hosts"
    refused(sessions, settings, "shows the (host )?key", host_key=of(other))
    assert device.heard == []
    known.write_text(f"[127.0.0.1]:{settings.port} {public(other)}\n")
    assert look(sessions, settings, host_key=of(key)).outputs[SHOW] == CONFIGURATION
    assert known.read_text() == f"[127.0.0.1]:{settings.port} {public(key)}\n"
    assert look(sessions, settings).outputs[SHOW] == CONFIGURATION, "and without it that one is known"


def test_of_several_keys_the_one_that_is_known_is_asked_for(
    sessions: Sessions, switched_on: SwitchedOn, tmp_path: Path
) -> None:
    preferred, known_one = made(), made("ecdsa-sha2-nistp256")
    settings = switched_on(shows(preferred, known_one))
    assert look(sessions, settings, host_key=public(known_one)).outputs[SHOW] == CONFIGURATION


def test_where_nobody_can_say_which_key_is_right_nobody_signs_in(
    sessions: Sessions, switched_on: SwitchedOn, tmp_path: Path
) -> None:
    device = shows(made())
    (tmp_path / "known_hosts").mkdir()
    refused(sessions, switched_on(device), "known_hosts: cannot be read")
    assert device.heard == []


Private = ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey


@pytest.mark.parametrize(
    ("key", "form", "passphrase"),
    [
        pytest.param(ed25519.Ed25519PrivateKey.generate(), PrivateFormat.OpenSSH, "", id="Ed25519"),
        pytest.param(ed25519.Ed25519PrivateKey.generate(), PrivateFormat.OpenSSH, PASSPHRASE, id="Ed25519, encrypted"),
        pytest.param(rsa.generate_private_key(65537, 2048), PrivateFormat.TraditionalOpenSSL, "", id="RSA, PKCS 1"),
        pytest.param(rsa.generate_private_key(65537, 2048), PrivateFormat.PKCS8, PASSPHRASE, id="RSA, encrypted"),
        pytest.param(ec.generate_private_key(ec.SECP256R1()), PrivateFormat.TraditionalOpenSSL, "", id="ECDSA, SEC 1"),
        pytest.param(ec.generate_private_key(ec.SECP384R1()), PrivateFormat.PKCS8, "", id="ECDSA, PKCS 8"),
    ],
)
def test_a_private_key_signs_in(
    sessions: Sessions, switched_on: SwitchedOn, key: Private, form: PrivateFormat, passphrase: str
) -> None:
    let_in = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    device = Device(options={"authorized_client_keys": asyncssh.import_authorized_keys(let_in)})
    settings = switched_on(device)
    pem = written(key, form, passphrase)
    protocols = protocols_from({"cli": {"platform": "huawei_vrp", "port": settings.port, "backup": True}})
    words = {"user": settings.user, "private_key": pem, **({"password": passphrase} if passphrase else {})}
    secrets = {"ssh": check_secret("ssh", words)}
    listed = ListedDevice("SW-1", "room", "127.0.0.1", protocols=protocols, secrets=secrets)
    [told] = asked_by(listed)["cli"][1]()
    assert told["private_key"] == pem
    opened = {"private_key": Secret(pem), "password": Secret(passphrase)}
    assert look(sessions, settings, **opened).outputs[SHOW] == CONFIGURATION


def written(key: Any, form: PrivateFormat, passphrase: str = "") -> str:
    lock = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return str(key.private_bytes(Encoding.PEM, form, lock).decode())


@pytest.mark.parametrize(
    ("password", "says"),
    [("", "cannot be read, or needs a passphrase|cannot be opened"), ("planted-wrong", "cannot be opened with")],
    ids=["none", "a wrong one"],
)
@pytest.mark.parametrize("form", [PrivateFormat.OpenSSH, PrivateFormat.PKCS8], ids=["OpenSSH", "PKCS 8"])
def test_a_key_that_cannot_be_opened_is_said_without_a_word_of_it(
    sessions: Sessions, switched_on: SwitchedOn, password: str, says: str, form: PrivateFormat
) -> None:
    device = Device()
    pem = written(ed25519.Ed25519PrivateKey.generate(), form, PASSPHRASE)
    settings = switched_on(device)
    told = refused(sessions, settings, says, private_key=Secret(pem), password=Secret(password))
    assert "planted" not in told
    assert pem.split()[5] not in told
    assert device.sessions == 0


def test_a_key_the_device_does_not_know_is_refused(sessions: Sessions, switched_on: SwitchedOn) -> None:
    pem = written(ed25519.Ed25519PrivateKey.generate(), PrivateFormat.OpenSSH)
    refused(sessions, switched_on(Device()), "user or private key refused", private_key=Secret(pem), password=NO_SECRET)


@pytest.mark.parametrize(
    "written",
    ["ssh-ed25519", "SHA256:short", "ssh-dss AAAA", "ssh-ed25519 AAAA\nssh-rsa BBBB", "planted"],
    ids=["no key", "a cut fingerprint", "a type that is too weak", "two", "a word"],
)
def test_a_host_key_that_is_none_is_refused_where_it_is_set(written: str) -> None:
    with pytest.raises(CollectionRefused, match="host_key"):
        protocols_from({"cli": {"platform": "huawei_vrp", "host_key": written}})


def test_what_is_no_private_key_is_refused_where_it_is_set_and_not_repeated() -> None:
    with pytest.raises(CollectionRefused, match="private_key: not a private key in PEM") as refusal:
        check_secret("ssh", {"user": "watch", "private_key": "planted"})
    assert "planted" not in str(refusal.value)
