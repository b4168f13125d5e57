"""Versions of configurations: kept when they change, compared, told without secrets, never kept when cut off."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.cli.backup import Kept, ask, difference, keep, read, versions, whole
from collector.cli.masking import masked
from collector.cli.platforms import PLATFORMS
from collector.cli.ssh import CliAnswer, CliSettings, Sessions
from readings.catalogue import Catalogue
from readings.model import Event, Fact, Sample, SourceFailed
from tests.cli_backup.device import CONFIGURATION, Device

VRP = PLATFORMS["huawei_vrp"]
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
SHOW = "display current-configuration"


def events(kept: Kept) -> list[Event]:
    return [item for item in read(kept, NOON) if isinstance(item, Event)]


def test_a_changed_configuration_of_a_device_is_a_version_and_an_event(
    sessions: Sessions, switched_on: Callable[[Device], CliSettings], tmp_path: Path, catalogue: Catalogue
) -> None:
    device = Device()
    settings = switched_on(device)
    first = keep(tmp_path, asyncio.run(ask(sessions, settings)), VRP, NOON)
    assert (first.first, events(first)) == (True, [])
    same = keep(tmp_path, asyncio.run(ask(sessions, settings)), VRP, NOON + timedelta(hours=1))
    assert (same.newest, events(same)) == (first.newest, [])
    device.answers[SHOW] = CONFIGURATION.replace("核心上联", "备用上联").replace("planted-user", "planted-new")
    changed = keep(tmp_path, asyncio.run(ask(sessions, settings)), VRP, NOON + timedelta(hours=2))
    (event,) = events(changed)
    assert event.kind == "configuration_changed"
    assert event.text.startswith("the configuration changed: 2 lines came, 2 went")
    assert "- description 核心上联\n+ description 备用上联" in event.text
    assert "+local-user li password irreversible-cipher ***" in event.text
    assert "planted" not in event.text
    assert [version.text() for version in versions(tmp_path)] == [
        CONFIGURATION + "\n",
        device.answers[SHOW] + "\n",
    ]
    told = [item for item in read(changed, NOON + timedelta(hours=5)) if isinstance(item, Sample)]
    assert [(item.metric, item.value) for item in told] == [
        ("configuration_versions_count", 2.0),
        ("configuration_age_seconds", 3 * 3600.0),
    ]
    assert all(item.metric in catalogue for item in told)
    assert Fact("configuration_revision", changed.newest.hash[:12]) in list(read(changed, NOON))


@pytest.mark.parametrize(
    ("platform", "before", "after"),
    [
        pytest.param(
            "cisco_ios",
            "Current configuration : 10 bytes\n! Last configuration change at 1\nhostname a\nntp clock-period 1\nend\n",
            "Current configuration : 12 bytes\n! Last configuration change at 2\nhostname a\nntp clock-period 2\nend\n",
            id="cisco",
        ),
        pytest.param(
            "cisco_nxos", "!Time: Mon 1\nhostname a\nboot x\n", "!Time: Tue 2\nhostname a\nboot x\n", id="nexus"
        ),
        pytest.param("huawei_vrp", "sysname a\n\nreturn\n", "sysname a\nreturn\n", id="empty lines"),
    ],
)
def test_lines_that_change_by_themselves_make_no_version(
    tmp_path: Path, platform: str, before: str, after: str
) -> None:
    keep(tmp_path, before, PLATFORMS[platform], NOON)
    kept = keep(tmp_path, after, PLATFORMS[platform], NOON + timedelta(hours=1))
    assert (kept.before, kept.count) == (None, 1)
    changed = keep(tmp_path, after.replace(" a\n", " b\n"), PLATFORMS[platform], NOON + timedelta(hours=2))
    assert (changed.before is not None, changed.count) == (True, 2)


def test_a_configuration_that_goes_back_is_a_change_too(tmp_path: Path) -> None:
    for hours, name in enumerate(("a", "b", "a")):
        kept = keep(tmp_path, f"sysname {name}\nreturn\n", VRP, NOON + timedelta(hours=hours))
    assert [version.text().split()[1] for version in versions(tmp_path)] == ["a", "b", "a"]
    assert len(events(kept)) == 1


def test_a_clock_set_back_leaves_the_newest_version_the_newest(tmp_path: Path) -> None:
    keep(tmp_path, "sysname a\nreturn\n", VRP, NOON)
    keep(tmp_path, "sysname b\nreturn\n", VRP, NOON - timedelta(days=1))
    kept = keep(tmp_path, "sysname b\nreturn\n", VRP, NOON - timedelta(hours=23))
    assert (kept.before, kept.newest.text()) == (None, "sysname b\nreturn\n")


def test_only_the_own_user_may_read_what_is_kept_and_no_half_file_stays(tmp_path: Path) -> None:
    folder = tmp_path / "SW-A"
    kept = keep(folder, "sysname a\nreturn\n", VRP, NOON)
    assert stat.S_IMODE(kept.newest.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [file.name for file in folder.iterdir()] == [kept.newest.file.name]
    (folder / "notes.cfg").write_text("of somebody else")
    assert [version.file for version in versions(folder)] == [kept.newest.file]


def test_a_long_change_is_told_in_part_and_counted_whole(tmp_path: Path) -> None:
    keep(tmp_path, "sysname a\nreturn\n", VRP, NOON)
    long = "".join(f"vlan {number}\n" for number in range(500))
    (event,) = events(keep(tmp_path, f"sysname a\n{long}return\n", VRP, NOON + timedelta(hours=1)))
    assert "500 lines came, 0 went" in event.text
    assert event.text.endswith("more")
    assert len(event.text) <= 4000


@pytest.mark.parametrize(
    ("answer", "gap"),
    [
        pytest.param(CliAnswer({SHOW: "#\nsysname SW-A\n#"}, {}), "unreadable", id="cut off"),
        pytest.param(CliAnswer({SHOW: ""}, {}), "unreadable", id="nothing"),
        pytest.param(CliAnswer({}, {SHOW: "Error: no right to planted"}), "refused", id="refused"),
    ],
)
def test_what_is_no_whole_configuration_is_a_gap_and_not_kept(answer: CliAnswer, gap: str) -> None:
    with pytest.raises(SourceFailed, match=f"CLI x: {SHOW}") as failure:
        whole(answer, VRP, "CLI x")
    assert failure.value.gap.word == gap


@pytest.mark.parametrize(
    "line",
    [
        "enable secret 5 $1$planted",
        "enable secret level 15 5 $1$planted",
        "username li privilege 15 secret 9 $9$planted",
        "username li password planted",
        "snmp-server community planted RO",
        "snmp-server host 10.0.0.9 version 2c planted",
        "snmp-server host 10.0.0.9 planted",
        " standby 1 authentication planted",
        " vrrp 1 authentication text planted",
        " neighbor 10.0.0.2 password 7 planted",
        "snmp-server host 10.0.0.9 traps version 3 priv planted",
        "snmp-server user li ops v3 auth sha planted priv aes 128 planted",
        "snmp-agent community read cipher %^%#planted%^%#",
        "snmp-agent community write planted",
        "snmp-agent target-host trap address udp-domain 10.0.0.9 params securityname planted v2c",
        "snmp-agent usm-user v3 li authentication-mode sha cipher planted",
        "local-user li password irreversible-cipher $1c$planted",
        " set authentication password cipher planted",
        " pre-shared-key cipher planted",
        "tacacs-server key 7 planted",
        "radius-server shared-key cipher planted",
        " ip ospf message-digest-key 1 md5 7 planted",
        " ospf authentication-mode md5 1 cipher planted",
        " key-string 7 planted",
        "crypto isakmp key planted address 10.0.0.1",
        " ppp chap password simple planted",
        " wpa-psk ascii 0 planted",
        "aaa password planted with words planted",
        "-----BEGIN RSA PRIVATE KEY-----\nplanted\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_no_secret_of_a_configuration_is_shown(line: str) -> None:
    shown = masked(f"sysname SW-A\n{line}\nreturn")
    assert "planted" not in shown
    assert "***" in shown
    assert shown.splitlines()[0] == "sysname SW-A"
    assert shown.splitlines()[-1] == "return"


@pytest.mark.parametrize(
    "line",
    [
        "interface GigabitEthernet0/0/1",
        " description 核心上联",
        " ip address 10.0.0.1 255.255.255.0",
        "vlan batch 10 20",
        "ntp-service unicast-server 10.0.0.5",
        "snmp-agent sys-info version v3",
    ],
)
def test_what_is_no_secret_is_shown_as_it_is(line: str) -> None:
    assert masked(line) == line


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("snmp-server community read RO", "snmp-server community *** ***"),
        ("username li password none", "username li password ***"),
        ("aaa authentication login default local", "aaa authentication login default local"),
        ("service password-encryption", "service password-encryption"),
        ("snmp-server host 10.0.0.9 version 2c planted", "snmp-server host 10.0.0.9 version 2c ***"),
    ],
    ids=["a community called read", "a password called none", "ways to sign in", "a service", "a target"],
)
def test_a_secret_that_looks_harmless_is_hidden_and_what_is_none_is_not(line: str, shown: str) -> None:
    assert masked(line) == shown


def test_a_difference_hides_secrets_but_not_that_they_changed() -> None:
    told = difference("a\nenable secret 5 old\nb\n", "a\nenable secret 5 new\nb\n")
    assert told == ["@@ -1,3 +1,3 @@", " a", "-enable secret 5 ***", "+enable secret 5 ***", " b"]
