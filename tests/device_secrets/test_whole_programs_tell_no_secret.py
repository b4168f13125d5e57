"""A centre and a collector as programs, logging all they can, ask real devices with planted secrets.

The secrets are looked for in everything both keep, log, answer, show and start. Every right one read something, every
wrong one reached its device, and a word that is no secret is found by the same search: it cannot pass by looking away.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.cli_backup.conftest import loop_of_devices, switched_on
from tests.cli_backup.device import PASSWORD as SSH_PASSWORD
from tests.cli_backup.device import Device
from tests.collecting.programs import wait
from tests.device_secrets.peers import (
    AUTH_KEY,
    COMMUNITY,
    CONTROL,
    PRIVACY_KEY,
    Arguments,
    Sink,
    in_a_loop,
    snmp_agent,
)
from tests.device_secrets.programs import Programs, programs
from tests.device_secrets.search import contents, holding
from tests.probes.conftest import certificates
from tests.probes.redfish_server import PASSWORD as REDFISH_PASSWORD
from tests.probes.redfish_server import RedfishServer, redfish
from tests.probes.simulated_bmc import PASSWORD as IPMI_PASSWORD
from tests.probes.simulated_bmc import USER as IPMI_USER
from tests.probes.simulated_bmc import simulated_bmc
from tests.probes.test_a_database_answers import PASSWORD as SQL_PASSWORD
from tests.probes.test_a_database_answers import postgresql

__all__ = ["certificates", "loop_of_devices", "postgresql", "programs", "switched_on"]  # fixtures, for these tests too

WRONG = "planted-wrong-7Q"
PLANTED = (COMMUNITY, AUTH_KEY, PRIVACY_KEY, SSH_PASSWORD, REDFISH_PASSWORD, IPMI_PASSWORD, SQL_PASSWORD, WRONG[:15])
PEERS = ("snmpd", "ipmi_sim", "ipmitool", "postgres")
# What is a person's or an agent's own, is not there over plain HTTP, was not closed, or of which nothing was read.
NOT_FOR_US = re.compile(
    r"(401 .*/self/.*|403 .*/me|404 .*/(ca|readings)|40[49] .*/(runs|verifications)/.*/(record|export))"
)
OWN_PASSWORD = "correct horse battery"


@contextmanager
def signed_in(here: Programs, name: str) -> Iterator[httpx.Client]:
    """A system admin of the house."""
    here.zhishou("person", "create", name, "--post", "sysadmin", ZHISHOU_PERSON_PASSWORD=OWN_PASSWORD)
    with httpx.Client(base_url=here.url, timeout=30, trust_env=False) as client:
        told = client.post("/api/v1/sign-in", json={"name": name, "password": OWN_PASSWORD}).json()
        client.headers["X-CSRF-Token"] = told["csrf"]
        yield client


def closed_run(li: httpx.Client, wang: httpx.Client, wanted: dict[str, object]) -> str:
    """The number of a run that one confirmed, the other reviewed, and that is closed."""

    def said(who: httpx.Client, path: str, **words: object) -> dict[str, Any]:
        answer = who.post(f"/api/v1/runs{path}", json=words)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()
        return found

    number = said(li, "", **wanted)["number"]
    for item in li.get(f"/api/v1/runs/{number}").json()["items"]:
        path, result = f"/{number}/items/{quote(item['item'])}", item["verdict"] or "normal"
        judged = {} if result == "normal" and item["verdict"] else {"result": result, "note": "seen"}
        said(li, f"{path}/confirm", version=item["version"], **judged)
    for item in wang.get(f"/api/v1/runs/{number}").json()["items"]:
        if item["state"] == "confirmed":
            said(wang, f"/{number}/items/{quote(item['item'])}/review", version=item["version"], agree=True)
    said(li, f"/{number}/close", password=OWN_PASSWORD)
    return str(number)


@pytest.fixture
def asked(
    programs: Programs,
    tmp_path: Path,
    peer: Callable[[str], str],
    switched_on: Callable[[Device], Any],
    postgresql: dict[str, Any],
    certificates: Callable[[int], Path],
) -> Iterator[tuple[Programs, Sink, Device, RedfishServer, Arguments]]:
    """Devices with the right secrets, with wrong ones, and some that answer nonsense; all asked at least once."""
    peers = tmp_path / "peers"
    (peers / "bmc").mkdir(parents=True)
    switch, controller = Device(), RedfishServer()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates(30))
    with ExitStack() as end:
        snmp = end.enter_context(snmp_agent(peer("snmpd"), peers))
        bmc = end.enter_context(simulated_bmc(peers / "bmc", peer("ipmi_sim")))
        enter = end.enter_context(in_a_loop())
        enter(lambda: redfish(controller, tls))
        ssh = switched_on(switch).port
        broken = RedfishServer(instead={"Systems/1": (200, "{nonsense")})
        enter(lambda: redfish(broken, tls))
        sink = Sink()
        end.callback(sink.close)
        arguments = Arguments()
        end.callback(arguments.close)

        # A wrong privacy key is silence: it must end before the next poll is due.
        v2c, v3 = {"snmp": {"port": snmp}}, {"snmp": {"port": snmp, "version": "3", "timeout_s": 0.5}}
        keys = {"user": "watch", "auth": "SHA", "auth_key": AUTH_KEY, "privacy": "AES", "privacy_key": PRIVACY_KEY}
        cli = {"cli": {"platform": "huawei_vrp", "port": ssh, "backup": True}}
        red = {"redfish": {"port": controller.port, "verify": False}}
        ipmi = {"ipmi": {"port": bmc.port}}
        sql = {"sql": {"engine": "postgresql", "port": postgresql["port"], "database": postgresql["database"]}}
        log_in = {"watch": {"user": "watch", "password": REDFISH_PASSWORD}, "no": {"user": "watch", "password": WRONG}}

        programs.add("V2C", v2c, {"snmp": {"community": COMMUNITY}}, "server")
        programs.add("V3", v3, {"snmp": keys})
        programs.add("SSH", cli, {"ssh": {"user": "watch", "password": SSH_PASSWORD}})
        programs.add("RED", red, {"bmc": log_in["watch"]})
        programs.add("IPMI", ipmi, {"bmc": {"user": IPMI_USER, "password": IPMI_PASSWORD}})
        programs.add("SQL", sql, {"sql": {"user": postgresql["user"], "password": SQL_PASSWORD}})
        programs.add("V2C-NO", {"snmp": {"port": sink.port}}, {"snmp": {"community": WRONG}})
        programs.add("V3-NO", v3, {"snmp": {**keys, "auth_key": WRONG}})
        programs.add("V3-NO-2", v3, {"snmp": {**keys, "privacy_key": WRONG}})
        programs.add("SSH-NO", cli, {"ssh": log_in["no"]})
        programs.add("RED-X", {"redfish": {"port": broken.port, "verify": False}}, {"bmc": log_in["watch"]})
        programs.add("RED-NO", red, {"bmc": log_in["no"]})
        programs.add("IPMI-NO", ipmi, {"bmc": {"user": IPMI_USER, "password": WRONG[:15]}})
        programs.add("SQL-NO", sql, {"sql": {"user": postgresql["user"], "password": WRONG}})
        programs.add(
            "TOLERANT-NO",
            {"snmp": {"port": sink.port, "transport": "tolerant", "timeout_s": 0.5}},
            {"snmp": {"community": WRONG}},
        )
        programs.add("KEY-NO", cli, {"ssh": {"user": "watch", "private_key": pem(WRONG)}})

        wait(lambda: not programs.unasked())
        yield programs, sink, switch, controller, arguments


def pem(text: str) -> str:
    return f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"


@pytest.mark.peer(*PEERS)
def test_planted_secrets_are_found_nowhere(
    asked: tuple[Programs, Sink, Device, RedfishServer, Arguments], tmp_path: Path
) -> None:
    here, sink, switch, controller, arguments = asked

    # Every right secret opened its device, every wrong one came there.
    right = ("V2C", "V3", "SSH", "RED", "IPMI", "SQL")
    wait(lambda: all(here.sources(no)[way][0] is None for no in right for way in here.devices[no]))
    assert WRONG.encode() in sink.heard
    for device_no in ("V3-NO", "SSH-NO", "RED-NO", "SQL-NO", "KEY-NO"):
        [(gap, detail)] = [told for name, told in here.sources(device_no).items() if name in here.devices[device_no]]
        assert gap == "refused", (device_no, gap, detail)
    assert "display current-configuration" in switch.heard
    assert controller.asked

    # What people make of it: a run, a verification with its record, an export, and the pages.
    with signed_in(here, "li") as li, signed_in(here, "wang") as wang:
        closed = closed_run(li, wang, {"template": "host_round", "devices": ["V2C"]})
        begun = li.post("/api/v1/devices/V2C/verifications", json={"window": "1 h"})
        assert begun.status_code == 201, begun.text
        number = begun.json()["number"]
        handed_in = li.post(f"/api/v1/verifications/{number}/submit", json={"password": OWN_PASSWORD})
        assert handed_in.status_code == 200, handed_in.text
        paths = ["/", "/devices", "/runs", "/verifications", f"/verifications/{number}"]
        paths += [f"/api/v1/runs/{closed}/{what}" for what in ("record", "export")] + [f"/runs/{closed}"]
        paths += [f"/verifications/{number}/report", "/metrics", "/metrics/readings"]
        paths += [f"/devices/{device_no}{part}" for device_no in here.devices for part in ("", "/all-readings")]
        shown = [(path, li.get(path)) for path in paths]
    shown += list(here.answers())
    assert [path for path, answer in shown if answer.status_code >= 500] == []
    missed = [f"{answer.status_code} {path}" for path, answer in shown if answer.status_code != 200]
    assert [each for each in missed if NOT_FOR_US.fullmatch(each) is None] == []
    assert [path for path, answer in shown if path.endswith("/readings") and answer.status_code == 200]
    kept = {f"/api/v1/verifications/{number}/export", f"/api/v1/runs/{closed}/record", f"/api/v1/runs/{closed}/export"}
    assert {path for path, answer in shown if path in kept and answer.status_code == 200} == kept
    pages = tmp_path / "answers"
    pages.mkdir()
    for index, (path, answer) in enumerate(shown):
        (pages / f"{index}").write_bytes(path.encode() + b"\n" + answer.content)

    # What the commands say of a device.
    agent = here.http.get("/api/v1/devices/V3/collection").json()["protocols"]["snmp"]["port"]
    keys = {"ZHISHOU_SNMP_AUTH": AUTH_KEY, "ZHISHOU_SNMP_PRIV": PRIVACY_KEY}
    checked = here.zhishou("collector", "check", f"127.0.0.1:{agent}", "--user", "watch", "--json", **keys)
    recording = pages / "recorded.snmprec"
    here.zhishou("collector", "record", f"127.0.0.1:{agent}", "-o", str(recording), ZHISHOU_SNMP_COMMUNITY=COMMUNITY)
    (pages / "checked.json").write_text(checked)
    assert json.loads(checked)["readings"]
    assert "1.3.6.1.2.1.1.1.0|" in recording.read_text()

    # The search finds what is no secret, packed or not, in each of the places.
    wait(lambda: list((here.folder / "data" / "history").rglob("*.parquet")))
    found = holding(here.folder, CONTROL.encode())
    assert {"data/records.db", "data/inbox.db"} <= set(found), found
    assert any(name.startswith("state/spool.db") for name in found), found
    segments = [list(contents(file)) for file in (here.folder / "data").rglob("*.parquet")]
    assert any(rows.startswith(b"[(") for _, rows in segments), "segments are opened"
    assert "state/known_hosts" in holding(here.folder, b"ssh-ed25519")
    assert "centre.log" in holding(here.folder, b"listening address=")
    assert "collector.log" in holding(here.folder, b" DEBUG ")
    assert holding(pages, b"uptime_seconds")
    assert holding(pages, b"V2C")
    assert any(b"ipmitool" in words and IPMI_USER.encode() in words for words in arguments.seen)

    # And no secret, anywhere.
    for secret in PLANTED:
        assert holding(here.folder, secret.encode()) == [], secret
        assert holding(pages, secret.encode()) == [], secret
        assert [words for words in arguments.seen if secret.encode() in words] == [], secret
    key = (tmp_path / "key").read_bytes().partition(b":")[2].strip()
    assert len(key) > 40
    assert holding(here.folder, key) == []
