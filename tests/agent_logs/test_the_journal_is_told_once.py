"""journalctl's JSON: errors of services from a cursor on, and no process where nothing was written."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.host.root import Root
from agent.oslog.journal import MOST_LINES, Journal, journalctl, parse
from agent.oslog.telling import LogSource
from readings.model import Clocks, Event, Gap, Severity, SourceFailed

Told = Callable[[LogSource], list[Event]]
BOOT = "6f1d0c6e8b5a4f4e9d2f0a1b2c3d4e5f"


def line(number: int, message: Any = "broken pipe", **fields: Any) -> str:
    said = {
        "__CURSOR": f"s=1;i={number}",
        "__REALTIME_TIMESTAMP": str(1_795_400_000_000_000 + number),
        "__MONOTONIC_TIMESTAMP": str(900_000_000 + number),
        "_BOOT_ID": BOOT,
        "PRIORITY": "3",
        "SYSLOG_IDENTIFIER": "matchd",
        "MESSAGE": message,
    }
    return json.dumps({**said, **fields}) + "\n"


class Journalctl:
    """Answers as the program would; remembers how it was asked."""

    def __init__(self) -> None:
        self.answers: list[list[str]] = []
        self.asked: list[list[str]] = []

    def __call__(self, arguments: Sequence[str], most_lines: int, _seconds: float) -> list[str]:
        self.asked.append(list(arguments))
        return (self.answers.pop(0) if self.answers else [])[:most_lines]


@pytest.fixture
def program() -> Journalctl:
    return Journalctl()


@pytest.fixture
def file(logs: Path) -> Path:
    """The journal's file; ``written`` makes it look as after a write."""
    made = logs / "journal" / "machine" / "system.journal"
    made.parent.mkdir(parents=True)
    made.touch()
    return made


def written(file: Path, times: list[int] = [0]) -> None:  # noqa: B006 - a counter of writes is meant
    times[0] += 1
    os.utime(file, ns=(times[0], times[0]))


@pytest.fixture
def open_journal(tmp_path: Path, clocks: Callable[[], Clocks], program: Journalctl) -> Callable[..., Journal]:
    return lambda mark="": Journal(Root.under(tmp_path), clocks, mark, program)


def test_an_entry_is_an_event_with_its_own_times(
    file: Path, program: Journalctl, open_journal: Callable[..., Journal], told: Told
) -> None:
    program.answers = [[line(1)]]
    (event,) = told(open_journal())
    assert (event.source, event.kind, event.severity) == ("journal", "user_log", Severity.ERROR)
    assert event.text == "matchd: broken pipe"
    assert event.wall_ns == 1_795_400_000_000_001_000
    assert event.boottime_ns is not None
    assert event.cursor == "s=1;i=1"


def test_the_next_question_begins_after_the_last_entry(
    file: Path, program: Journalctl, open_journal: Callable[..., Journal], told: Told
) -> None:
    log = open_journal()
    program.answers = [[line(1), line(2, "second")], [line(3, "third")]]
    told(log)
    log.commit()
    written(file)
    assert [event.text for event in told(log)] == ["matchd: third"]
    assert "--after-cursor=s=1;i=2" in program.asked[1]
    assert log.mark == "s=1;i=3"


def test_a_restart_goes_on_from_the_mark_once_it_is_seen_to_be_there(
    file: Path, program: Journalctl, open_journal: Callable[..., Journal], told: Told
) -> None:
    log = open_journal("s=1;i=9")
    program.answers = [[line(9), line(10, "while away")], [line(11, "now")]]
    assert [event.text for event in told(log)] == ["matchd: while away"]
    log.commit()
    written(file)
    assert [event.text for event in told(log)] == ["matchd: now"]
    assert [asked[-6] for asked in program.asked] == ["--cursor=s=1;i=9", "--after-cursor=s=1;i=10"]


@pytest.mark.parametrize("left", [[], [line(40, "later")]], ids=["nothing left", "later ones left"])
def test_a_place_whose_file_is_gone_is_a_loss_that_is_told_once(
    left: list[str], file: Path, program: Journalctl, open_journal: Callable[..., Journal], told: Told
) -> None:
    log = open_journal("s=1;i=9")
    program.answers = [left]
    events = told(log)
    assert [event.kind for event in events] == ["log_lost", *("user_log" for _ in left)]
    log.commit()
    written(file)
    assert told(log) == []


def test_no_process_is_started_while_nothing_is_written(
    file: Path, program: Journalctl, open_journal: Callable[..., Journal], told: Told
) -> None:
    log = open_journal()
    for _ in range(5):
        told(log)
    assert len(program.asked) == 1
    written(file)
    told(log)
    assert len(program.asked) == 2


def test_a_flood_is_taken_in_pieces(
    file: Path, program: Journalctl, open_journal: Callable[..., Journal], told: Told
) -> None:
    flood = [line(number, f"error {number}") for number in range(MOST_LINES + 5)]
    program.answers = [flood, flood[MOST_LINES:]]
    log = open_journal()
    told(log)
    log.commit()
    assert [event.text for event in told(log)] == [
        f"matchd: error {number}" for number in range(MOST_LINES, MOST_LINES + 5)
    ]


def test_an_entry_of_an_earlier_boot_has_no_boottime(
    file: Path, program: Journalctl, open_journal: Callable[..., Journal], told: Told
) -> None:
    program.answers = [[line(1, _BOOT_ID="0" * 32)]]
    (event,) = told(open_journal())
    assert event.boottime_ns is None
    assert event.wall_ns is not None


def test_a_cursor_the_journal_forgot_is_a_loss_that_is_told(
    file: Path, program: Journalctl, open_journal: Callable[..., Journal], told: Told
) -> None:
    program.answers = [["Failed to seek to cursor: Invalid argument\n"], [line(1)]]
    log = open_journal("s=gone")
    (event,) = told(log)
    assert event.kind == "log_lost"
    log.commit()
    assert [event.text for event in told(log)] == ["matchd: broken pipe"]
    assert not any(argument.startswith("--after-cursor") for argument in program.asked[1])


def test_a_journal_that_cannot_be_read_is_a_gap(
    file: Path, program: Journalctl, open_journal: Callable[..., Journal]
) -> None:
    program.answers = [["Failed to open files: Permission denied\n"]]
    with pytest.raises(SourceFailed, match="Permission denied") as failed:
        open_journal().read()
    assert failed.value.gap is Gap.UNREADABLE


def test_a_host_without_a_journal_says_so(open_journal: Callable[..., Journal]) -> None:
    assert not open_journal().offered
    with pytest.raises(SourceFailed) as failed:
        open_journal().read()
    assert failed.value.gap is Gap.NOT_OFFERED


@pytest.mark.parametrize(
    ("message", "text"),
    [
        pytest.param([228, 184, 173, 255], "matchd: 中\ufffd", id="bytes"),
        pytest.param(None, "matchd: (longer than the journal shows)", id="too long"),
        pytest.param(["one", "two"], "matchd: one", id="given twice"),
        pytest.param("", "matchd: ", id="empty"),
    ],
)
def test_a_message_may_be_more_than_text(message: Any, text: str) -> None:
    entry = parse(line(1, message))
    assert entry is not None
    assert entry.text == text


@pytest.mark.parametrize("odd", ["", "{", "[]", "null", '{"__CURSOR": 1}', "Failed to…", line(1, PRIORITY="x")])
def test_what_is_no_entry_is_passed_over(odd: str) -> None:
    assert parse(odd) is None


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A shell script in the place of journalctl."""

    def place(script: str) -> None:
        program = tmp_path / "bin" / "journalctl"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(shutil, "which", lambda _: str(program))

    return place


def test_a_program_that_never_ends_is_ended(stand_in: Callable[[str], None]) -> None:
    stand_in("exec sleep 60")
    with pytest.raises(SourceFailed) as failed:
        journalctl([], 10, 0.2)
    assert failed.value.gap is Gap.TIMED_OUT


def test_only_so_many_lines_are_taken(stand_in: Callable[[str], None]) -> None:
    stand_in("exec yes '{}'")
    assert journalctl([], 3, 10) == ["{}\n"] * 3


@pytest.mark.peer("journald", "systemd-cat")
def test_the_real_program_understands_how_it_is_asked() -> None:
    assert not [line for line in journalctl(["--quiet", "-n1", "--output=json"], 5, 10) if line.startswith("Failed")]
