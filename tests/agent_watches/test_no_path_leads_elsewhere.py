"""Links, pipes, devices and dots under the named roots: none leads anywhere else, and nothing of it is told."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from agent.watched.beneath import Outside, open_beneath
from readings.model import Gap
from tests.agent_watches.settling import INITIALISED, matches, settle

Host = Any  # the one of conftest, which a test folder without packages cannot import


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text("初始化成功 root:$y$secret\n")
    return file


def link_out(inbox: Path, secret: Path) -> None:
    (inbox / "settle.csv").symlink_to(secret)


def link_out_by_dots(inbox: Path, secret: Path) -> None:
    (inbox / "settle.csv").symlink_to(f"../{secret.name}")


def link_out_by_a_folder(inbox: Path, secret: Path) -> None:
    (inbox / "there").symlink_to(secret.parent)
    (inbox / "settle.csv").symlink_to(f"there/{secret.name}")


def link_out_by_proc(inbox: Path, secret: Path) -> None:
    (inbox / "settle.csv").symlink_to(f"/proc/self/root{secret}")


def link_to_itself(inbox: Path, secret: Path) -> None:
    (inbox / "settle.csv").symlink_to("settle.csv")


def pipe(inbox: Path, secret: Path) -> None:
    os.mkfifo(inbox / "settle.csv")


def folder(inbox: Path, secret: Path) -> None:
    (inbox / "settle.csv").mkdir()


def unix_socket(inbox: Path, secret: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(inbox)
        made.bind("settle.csv")
        os.chdir(here)


def device(inbox: Path, secret: Path) -> None:
    os.mknod(inbox / "settle.csv", 0o600 | 0o020000, os.makedev(1, 3))


@pytest.mark.parametrize(
    "trick",
    [
        link_out,
        link_out_by_dots,
        link_out_by_a_folder,
        link_out_by_proc,
        link_to_itself,
        pipe,
        folder,
        unix_socket,
        pytest.param(device, marks=pytest.mark.peer("root")),
    ],
)
def test_a_trick_under_a_root_is_a_gap_and_tells_nothing(host: Host, inbox: Path, secret: Path, trick: Any) -> None:
    settle(host, inbox, patterns=INITIALISED)
    host.look()
    try:
        trick(inbox, secret)
    except PermissionError:
        pytest.skip("this machine makes no devices")
    for _ in range(2):
        said = host.look()
        assert said["watched_file_present", "settle"] in {Gap.REFUSED, Gap.UNREADABLE}
        assert said["watched_file_size_bytes", "settle"] in {Gap.REFUSED, Gap.UNREADABLE}
        assert said["watched_log_matches_total", "settle/done"] in {Gap.REFUSED, Gap.UNREADABLE}
        assert host.told("watched_pattern_seen") == []
        assert not any("secret" in event.text for event in host.events)


def test_a_root_that_was_made_a_link_is_not_followed(host: Host, inbox: Path, tmp_path: Path) -> None:
    settle(host, inbox)
    inbox.rmdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "settle.csv").write_text("")
    inbox.symlink_to(tmp_path / "elsewhere")
    assert host.look()["watched_file_present", "settle"] is Gap.REFUSED


def test_a_link_that_stays_under_the_root_is_followed(host: Host, inbox: Path) -> None:
    (inbox / "logs").mkdir()
    (inbox / "logs" / "20261124.log").write_text("12345")
    (inbox / "settle.csv").symlink_to("logs/today")
    (inbox / "logs" / "today").symlink_to(f"{inbox}/logs/../logs/20261124.log")
    settle(host, inbox)
    assert host.look()["watched_file_size_bytes", "settle"] == 5


def test_a_glob_counts_no_link_that_leads_out(host: Host, inbox: Path, secret: Path) -> None:
    (inbox / "a.csv").write_text("")
    (inbox / "b.csv").symlink_to(secret)
    settle(host, inbox, "*.csv")
    assert host.look()["watched_file_count", "settle"] == 1


def test_a_rotated_file_is_not_looked_for_outside(host: Host, inbox: Path) -> None:
    log = inbox / "settle.csv"
    log.write_text("")
    settle(host, inbox, patterns=INITIALISED)
    host.look()
    log.rename(inbox.parent / "moved")
    (inbox.parent / "moved").write_text("初始化成功\n")
    (inbox / "settle.csv.1").symlink_to(inbox.parent / "moved")
    log.write_text("")
    assert matches(host) == 0
    assert any("its last lines may be missing" in text for text in host.told("log_lost"))


def test_dots_never_climb_above_a_root(inbox: Path, secret: Path) -> None:
    for path in (f"{inbox}/../secret", f"{inbox}/x/../../secret", "/etc/passwd"):
        with pytest.raises((Outside, OSError)):
            open_beneath(path, (str(inbox),))
