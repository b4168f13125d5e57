"""A planted secret is looked for in the records, the data folder, logs, answers, the audit chain and arguments."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from server.audit.tables import AuditEntry
from server.centre import Centre
from server.device_secrets.keeping import open_secrets
from server.device_secrets.keys import make_key, write_keys
from tests.fixtures_centre import Client, MakeToken, Visit

PLANTED = "n0b0dy-shall-see-this"
SNMP = {"user": "watch", "auth": "SHA", "auth_key": PLANTED, "privacy": "AES", "privacy_key": f"{PLANTED}-2"}


@pytest.fixture
def boss(visit: Visit, token: MakeToken, centre: Centre) -> Client:
    write_keys(centre.vault.path, [make_key()])
    client = visit().bear(token("admin"))
    client.post("/api/v1/devices", json={"device_no": "SW-1", "kind": "switch"})
    return client


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def put(client: Client, kind: str = "snmp", **words: Any) -> Any:
    return client.request("PUT", f"/api/v1/devices/SW-1/secrets/{kind}", json=words)


def files_of(centre: Centre) -> bytes:
    """Everything of the data folder, as a backup would carry it."""
    return b"".join(file.read_bytes() for file in centre.settings.data.rglob("*") if file.is_file())


def test_it_is_in_no_file_no_log_no_answer_and_no_entry(
    boss: Client, centre: Centre, logged: pytest.LogCaptureFixture
) -> None:
    answers = [put(boss, **SNMP), put(boss, "bmc", user="root", password=PLANTED)]
    assert [answer.status_code for answer in answers] == [200, 200]
    answers += [
        boss.get(path)
        for path in (
            "/api/v1/devices/SW-1/secrets",
            "/api/v1/devices/SW-1",
            "/api/v1/devices/SW-1/entries",
            "/api/v1/devices",
            "/api/v1/openapi.json",
        )
    ]
    assert all(answer.status_code == 200 for answer in answers)
    assert [answer.url for answer in answers if PLANTED in answer.text] == []
    assert PLANTED not in logged.text
    assert PLANTED.encode() not in files_of(centre)
    assert centre.vault.path.read_bytes().strip() not in files_of(centre)
    with centre.records.session() as session:
        entries = [(entry.act, entry.old, entry.new) for entry in session.exec(select(AuditEntry))]
    assert PLANTED not in repr(entries)
    assert ("secret.set", "", '{"kind":"snmp","replaced":false}') in entries
    assert open_secrets(centre.records, centre.vault, ["SW-1"])["SW-1"]["snmp"] == SNMP, "and yet it is there"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        pytest.param("snmp", {"community": PLANTED, "user": PLANTED}, id="both"),
        pytest.param("snmp", {"user": "u", "auth": PLANTED, "auth_key": PLANTED}, id="a key for a protocol"),
        pytest.param("snmp", {"user": "u", "auth_key": PLANTED}, id="key without protocol"),
        pytest.param("snmp", {PLANTED: "x"}, id="as a field"),
        pytest.param("ssh", {"user": {"deep": PLANTED}}, id="of the wrong type"),
        pytest.param("bmc", {"user": "u", "private_key": PLANTED}, id="a private key for a BMC"),
        pytest.param("telnet", {"password": PLANTED}, id="no such kind"),
    ],
)
def test_a_refusal_does_not_repeat_it_and_keeps_nothing(
    boss: Client, kind: str, words: dict[str, Any], logged: pytest.LogCaptureFixture
) -> None:
    refused = put(boss, kind, **words)
    assert refused.status_code == 422
    assert PLANTED not in refused.text
    assert PLANTED not in logged.text
    assert boss.get("/api/v1/devices/SW-1/secrets").json() == {"secrets": []}


def test_what_is_no_json_is_not_repeated_either(boss: Client) -> None:
    refused = boss.request("PUT", "/api/v1/devices/SW-1/secrets/snmp", content=f'{{"community": "{PLANTED}'.encode())
    assert refused.status_code == 422
    assert PLANTED not in refused.text


def test_a_collector_command_has_no_argument_for_it() -> None:
    """Whoever may list processes reads arguments: the commands take no secret in one."""
    zhishou = Path(sys.executable).with_name("zhishou")
    for action in ("init", "rotate", "forget"):
        told = subprocess.run([zhishou, "secrets", action, "--help"], capture_output=True, text=True, check=True)
        assert set(_options(told.stdout)) == {"-h", "--help", "--data"}


def _options(text: str) -> list[str]:
    return [word.rstrip(",") for word in text.split() if word.startswith("-") and word.rstrip(",") != "-"]
