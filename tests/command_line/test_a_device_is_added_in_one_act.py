"""``zhishou device``: ledger, device list and secrets at once or not at all; secrets are read, never given as words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlmodel import col, select

from server.audit.chain import Actor
from server.audit.tables import AuditEntry
from server.clock import utc_now
from server.collection.roster import put_share
from server.collection.tables import CollectedDevice
from server.device_secrets.keeping import open_secrets
from server.device_secrets.vault import Vault
from server.devices.tables import Device
from server.records import Records
from server.senders.enrolment import create_enrolment, enrol
from tests.command_line.conftest import Run

OURS = Actor("command", "test")
SWITCH = ("SW-1", "192.0.2.7", "--kind", "switch")


@pytest.fixture
def records(run: Run, tmp_path: Path) -> Iterator[Records]:
    """A centre's folder with a key and a share ``local``."""
    assert run("secrets", "init").returncode == 0
    run("token", "list")
    opened = Records(tmp_path / "data" / "records.db")
    _, token = create_enrolment(opened, actor=OURS, now=utc_now(), device_no="COL-1")
    agent = enrol(opened, token, hostname="col", facts={"role": "collector"}, address="", now=utc_now())
    put_share(opened, "local", active=agent.agent_id, standby="", interval_s=60, actor=OURS, now=utc_now())
    yield opened
    opened.close()


def acts(records: Records) -> list[str]:
    with records.session() as session:
        return [entry.act for entry in session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence)))]


def kept(records: Records, device_no: str, tmp_path: Path) -> tuple[Any, Any, Any]:
    """(its row in the ledger, how it is asked, its secrets)."""
    with records.session() as session:
        device, asked = session.get(Device, device_no), session.get(CollectedDevice, device_no)
    secrets = open_secrets(records, Vault(tmp_path / "data.secrets-key"), [device_no]).get(device_no)
    return device, asked, secrets


def test_one_command_adds_it_to_the_ledger_and_has_it_asked(run: Run, records: Records, tmp_path: Path) -> None:
    before = len(acts(records))
    added = run("device", "add", *SWITCH, "--name", "核心", "--also", "icmp", stdin="planted-community\n")
    assert added.returncode == 0, added.stderr
    told = "SW-1: new in the ledger (switch); asked at 192.0.2.7, share local by icmp, snmp; secrets: snmp"
    assert added.stdout.splitlines() == [
        told,
        "no collector has taken share local yet: they are asked as soon as one does",
    ]
    device, asked, secrets = kept(records, "SW-1", tmp_path)
    assert (device.kind, device.name) == ("switch", "核心")
    assert (asked.share, asked.address, asked.protocols) == ("local", "192.0.2.7", {"icmp": {}, "snmp": {}})
    assert secrets == {"snmp": {"community": "planted-community"}}
    assert acts(records)[before:] == ["device.added", "device.collected", "secret.set"]
    assert run("audit", "verify").returncode == 0


def test_every_secret_is_a_line_in_the_told_order(run: Run, records: Records, tmp_path: Path) -> None:
    words = ("--user", "watch", "--ssh", "huawei_vrp", "--ssh-user", "backup", "--bmc", "redfish", "--bmc-user", "root")
    lines = "planted-auth\nplanted-privacy\nplanted-ssh\nplanted-bmc\n"
    added = run("device", "add", *SWITCH, *words, stdin=lines)
    assert added.returncode == 0, added.stderr
    assert "planted" not in added.stdout + added.stderr
    _, asked, secrets = kept(records, "SW-1", tmp_path)
    assert asked.protocols == {
        "snmp": {"version": "3"},
        "cli": {"platform": "huawei_vrp", "backup": True},
        "redfish": {},
    }
    assert secrets == {
        "snmp": {
            "user": "watch",
            "auth": "SHA",
            "auth_key": "planted-auth",
            "privacy": "AES",
            "privacy_key": "planted-privacy",
        },
        "ssh": {"user": "backup", "password": "planted-ssh"},
        "bmc": {"user": "root", "password": "planted-bmc"},
    }


def test_a_private_key_comes_from_its_file(run: Run, records: Records, tmp_path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    (tmp_path / "key").write_text(pem)
    words = ("--snmp-version", "none", "--ssh", "huawei_vrp", "--ssh-user", "u", "--ssh-key", str(tmp_path / "key"))
    added = run("device", "add", *SWITCH, *words)
    assert added.returncode == 0, added.stderr
    assert kept(records, "SW-1", tmp_path)[2] == {"ssh": {"user": "u", "private_key": pem}}


def test_a_device_of_the_ledger_keeps_its_row(run: Run, records: Records, tmp_path: Path) -> None:
    run("device", "add", *SWITCH, "--name", "first", stdin="planted\n")
    again = run("device", "add", *SWITCH, stdin="planted\n")
    assert again.returncode == 1
    assert "device SW-1 is asked already, at 192.0.2.7 in share local" in again.stderr
    with records.writing() as session:
        session.delete(session.get(CollectedDevice, "SW-1"))
    placed = run("device", "add", *SWITCH, "--name", "second", stdin="planted\n")
    assert placed.stdout.startswith("SW-1: in the ledger already; asked at")
    assert kept(records, "SW-1", tmp_path)[0].name == "first"


@pytest.mark.parametrize(
    ("words", "stdin", "says"),
    [
        pytest.param((*SWITCH, "--share", "romo"), "planted\n", "no share 'romo' (there are: local)", id="a share"),
        pytest.param((*SWITCH,), "", "no SNMP community given", id="no secret"),
        pytest.param((*SWITCH, "--snmp-version", "3"), "", "--user belongs to SNMP v3", id="v3 without a user"),
        pytest.param((*SWITCH, "--ssh", "huawei_vrp"), "planted\n", "--ssh needs --ssh-user", id="ssh without a user"),
        pytest.param((*SWITCH, "--snmp-version", "none"), "", "asked by nothing", id="no way at all"),
        pytest.param((*SWITCH, "--user", "w"), "short\nplanted-key\n", "at least 8 characters", id="a short key"),
        pytest.param(("SW/1", *SWITCH[1:]), "planted\n", "not a device number", id="a number"),
        pytest.param(("SW-1", "no host", *SWITCH[2:]), "planted\n", "neither an IP address", id="an address"),
        pytest.param((*SWITCH[:3], "Switch!"), "planted\n", "kind: 'Switch!' is none", id="a kind"),
        pytest.param((*SWITCH, "--interval", "1"), "planted\n", "interval_s: 1 s is not between", id="an interval"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    run: Run, records: Records, tmp_path: Path, words: tuple[str, ...], stdin: str, says: str
) -> None:
    before = acts(records)
    refused = run("device", "add", *words, stdin=stdin)
    assert refused.returncode == 1
    assert refused.stderr.startswith("zhishou device add: ")
    assert says in refused.stderr
    assert "planted" not in refused.stderr
    assert kept(records, "SW-1", tmp_path) == (None, None, None)
    assert acts(records) == before


def test_a_dry_run_checks_all_and_changes_nothing(run: Run, records: Records, tmp_path: Path) -> None:
    before = acts(records)
    tried = run("device", "add", *SWITCH, "--dry-run", stdin="planted\n")
    assert tried.stdout.startswith("would be added: SW-1: new in the ledger (switch)")
    assert kept(records, "SW-1", tmp_path) == (None, None, None)
    assert acts(records) == before
    (tmp_path / "data.secrets-key").unlink()
    refused = run("device", "add", *SWITCH, "--dry-run", stdin="planted\n")
    assert refused.returncode == 1
    assert "make one (zhishou secrets init)" in refused.stderr


def test_no_command_takes_a_secret_as_a_word(run: Run) -> None:
    told = run("device", "add", "--help").stdout
    assert "--password" not in told
    assert "--community" not in told
    assert "Secrets are asked for" in " ".join(told.split())


FOUND = {"address": "192.0.2.8:1161", "device_no": "SW-2", "type": "generic_switch", "kind": "switch", "serial": "S2"}
Import = Callable[..., Any]


@pytest.fixture
def take(run: Run, tmp_path: Path) -> Import:
    def command(*rows: Any, words: tuple[str, ...] = ()) -> Any:
        (tmp_path / "found.json").write_text(json.dumps(list(rows)))
        return run("device", "import", str(tmp_path / "found.json"), *words, stdin="planted\n")

    return command


def test_what_a_scan_found_is_added_but_not_what_is_known(take: Import, records: Records, tmp_path: Path) -> None:
    first = take(FOUND, {**FOUND, "address": "192.0.2.9", "device_no": "SW-3", "serial": "S3"})
    assert first.returncode == 0, first.stderr
    device, asked, secrets = kept(records, "SW-2", tmp_path)
    assert (device.kind, device.serial) == ("switch", "S2")
    assert (asked.address, asked.device_type, asked.protocols) == (
        "192.0.2.8",
        "generic_switch",
        {"snmp": {"port": 1161}},
    )
    assert secrets == {"snmp": {"community": "planted"}}
    assert kept(records, "SW-3", tmp_path)[1].protocols == {"snmp": {}}

    moved = {**FOUND, "address": "192.0.2.10", "device_no": "SW-4"}
    again = take(FOUND, moved)
    assert again.stdout.splitlines() == [
        "192.0.2.8:1161: asked already as SW-2",
        "192.0.2.10: serial S2 is in the ledger as SW-2",
        "nothing to add",
    ]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        pytest.param([FOUND, {**FOUND, "address": "192.0.2.9", "serial": ""}], "device 2: device_no: SW-2 is taken"),
        pytest.param([{**FOUND, "device_no": ""}], "device 1: '' is not a device number"),
        pytest.param([{**FOUND, "address": "a b"}], "device 1: address: 'a b' is neither"),
        pytest.param([{**FOUND, "colour": "red"}], "not a list of `zhishou collector scan --json`"),
        pytest.param([{**FOUND, "kind": "A"}], "not a list of"),
        pytest.param(
            [FOUND, {**FOUND, "address": "192.0.2.9", "serial": "", "device_no": "SW-9", "type": "No"}], "type:"
        ),
    ],
    ids=["a number twice", "no number", "no address", "an unknown field", "no kind", "no type"],
)
def test_one_that_is_wrong_stops_them_all(
    take: Import, records: Records, tmp_path: Path, rows: list[Any], says: str
) -> None:
    refused = take(*rows)
    assert refused.returncode == 1
    assert says in refused.stderr
    assert kept(records, "SW-2", tmp_path) == (None, None, None)
