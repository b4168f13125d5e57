"""One duty that fails is said and does not stop the others; what is wrong at start stops the start by name."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from checklists.rule_fields import RuleError
from server.centre import Centre, Settings
from server.rounds import Rounds
from server.serve import StartRefusedError, open_centre


def test_a_failing_duty_is_said_once_and_the_rest_is_done(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def fail() -> None:
        if len(done) < 3:
            raise OSError("no space left")

    rounds = Rounds({"audit": fail, "senders": lambda: done.append("senders")})
    with caplog.at_level(logging.WARNING):
        rounds.once()
        rounds.once()

    assert rounds.healthy() == "audit: OSError: no space left"
    assert len(caplog.records) == 1
    rounds.once()
    rounds.once()
    assert rounds.healthy() is None
    assert len(done) == 4


def test_a_wrong_rule_stops_the_start_with_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(_catalogue: object) -> tuple[()]:
        raise RuleError("cpu_busy.yaml: ceiling: '90 min' is not a ratio")

    monkeypatch.setattr("server.centre.load_rules", wrong)

    with pytest.raises(StartRefusedError, match=r"cpu_busy\.yaml: ceiling"):
        open_centre(Settings(data=tmp_path))


def test_a_centre_opens_again_where_it_was_closed(tmp_path: Path) -> None:
    for _ in range(2):
        centre = Centre.open(Settings(data=tmp_path / "data"))
        try:
            assert centre.troubles() == []
        finally:
            centre.close()
