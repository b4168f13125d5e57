"""Listening ports from the kernel's tables, packages from dpkg's file or from what rpm says."""

from __future__ import annotations

import socket
from functools import partial
from pathlib import Path

import pytest

from agent.host.root import Root
from agent.inventory.listening import address_of, in_table, listening
from agent.inventory.packages import Installed, in_rpm, in_status, told
from agent.watched.child import Ended


def test_a_port_of_this_very_host_is_among_them() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listen:
        assert f"127.0.0.1:{listen.getsockname()[1]}" in listening(Root())["listening.tcp"].split()


@pytest.mark.parametrize("text", ["", "0100007", "0100007F0", "x" * 8])
def test_what_is_no_address_is_passed_over(text: str) -> None:
    with pytest.raises(ValueError):
        address_of(text)
    assert in_table(f"head\n 0: {text}:0016 0:0 0A 0\n".encode(), "0A") == set()


@pytest.mark.parametrize("status", [b"", b"\xff\xfe\0", b"Package: x\n\nVersion: 1", b"Status: install ok installed"])
def test_half_a_status_file_invents_no_package(status: bytes) -> None:
    assert in_status(status) == {}


def test_one_changed_package_changes_its_list_and_the_sum() -> None:
    many = {f"lib{letter}{number}": "1" for letter in "abcxyz" for number in range(300)}
    before, after = told("dpkg", many), told("dpkg", {**many, "liba7": "2"})
    assert {key for key in before if before[key] != after[key]} == {"packages.sha256", "packages.list.liba"}
    assert all(len(value) <= 15_000 for value in before.values())


def test_rpm_is_asked_aside_and_its_failure_is_told(tmp_path: Path) -> None:
    (tmp_path / "lib/rpm").mkdir(parents=True)
    root = Root(var=str(tmp_path))
    assert in_rpm(b"kernel.x86_64\t1\nkernel.x86_64\t2\nbash.x86_64\t5.1\nnoise\n") == {
        "kernel.x86_64": "1,2",
        "bash.x86_64": "5.1",
    }
    answers = {
        "good": Ended(0, b"bash.x86_64\t5.1\n", 0.1),
        "failed": Ended(1, b"", 0.1),
        "late": Ended(-9, b"", 60.0, late=True),
    }
    said: dict[str, object] = {}
    for name, ended in answers.items():
        installed = Installed(root, partial(Ended, ended.code, ended.output, ended.seconds, ended.late))
        installed._turns._patience_s = 5.0
        try:
            said[name] = installed.facts()["packages.list.b"]
        except OSError as error:
            said[name] = error.strerror
    assert said == {
        "good": "bash.x86_64=5.1",
        "failed": "rpm -qa ended with 1 after 0.1 s",
        "late": "rpm -qa ended with -9 after 60.0 s",
    }
