"""A token becomes a credential that only this agent's user can read."""

from __future__ import annotations

import io
import stat
from pathlib import Path
from typing import Any

import pytest

from readings.delivery.credential import Credential, CredentialUnusable, keep, kept
from zhishou import main

Centre = Any  # the one of conftest, which a test folder without packages cannot import


def enrol(centre: Centre, state: Path, *more: str) -> int:
    return main(["agent", "enrol", "--server", centre.url, "--state", str(state), *more])


def test_the_credential_is_kept_for_this_user_alone(centre: Centre, tmp_path: Path) -> None:
    assert enrol(centre, tmp_path / "state", "--token", "zse_once") == 0
    file = tmp_path / "state" / "credential.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert kept(tmp_path / "state") == Credential(centre.url, "agent-1", "SRV-1", "zsa_secret")
    (asked,) = centre.enrolments
    assert asked["token"] == "zse_once"
    assert asked["hostname"]
    assert asked["facts"]["kernel.name"]
    assert len(asked["facts"]) <= 50


def test_the_token_may_come_from_the_environment_or_standard_input(
    centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("zse_typed\n"))
    assert enrol(centre, tmp_path) == 0
    monkeypatch.setenv("ZHISHOU_ENROLMENT_TOKEN", "zse_set")
    assert enrol(centre, tmp_path) == 0
    assert [asked["token"] for asked in centre.enrolments] == ["zse_typed", "zse_set"]


def test_a_refusal_says_why_and_keeps_nothing(
    centre: Centre, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    centre.status = 401
    assert enrol(centre, tmp_path, "--token", "zse_used") == 1
    assert "401 as the test wants" in capsys.readouterr().err
    assert kept(tmp_path) is None


def test_an_answer_that_is_no_credential_is_refused(
    centre: Centre, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    centre.body = b"<html>a portal</html>"
    assert enrol(centre, tmp_path, "--token", "zse") == 1
    assert "no credential" in capsys.readouterr().err


def test_nobody_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agent", "enrol", "--server", "http://127.0.0.1:1", "--state", str(tmp_path), "--token", "x"]) == 1
    assert "ConnectError" in capsys.readouterr().err


def test_no_token_is_a_wrong_question(centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert enrol(centre, tmp_path) == 2


def test_a_credential_file_that_was_damaged_is_no_credential(tmp_path: Path) -> None:
    file = keep(tmp_path, Credential("https://a.example", "a", "b", "c"))
    file.write_text(file.read_text()[:20])
    with pytest.raises(CredentialUnusable, match="enrol this host again"):
        kept(tmp_path)
