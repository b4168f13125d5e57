"""The boot id is a record's moment and does not move with the clock; how Windows stopped before stands beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.hardware.command import Answer
from agent.host.root import Root
from agent.system.restarts import Restarts
from agent.windows.sources import windows_logs
from agent.windows.starts import boot_id, look
from readings.model import Clocks, Event, Gap, Sample, Severity, SourceFailed

Windows = Any  # the one of conftest, which a test folder without packages cannot import
PLANNED = Path(__file__).parents[1] / "fixtures" / "windows" / "planned_stop.xml"
SINCE, NOW = 22_600 * 10**9, 1_795_521_600 * 10**9
MINUTE = 60 * 10**9
THIS = "windows-2026-11-24T05:43:20.500000000"


@pytest.mark.parametrize("set_by", [0, 10**9, -3 * 10**9, 9 * MINUTE], ids=["not", "1 s", "-3 s", "9 min"])
def test_a_clock_that_is_set_changes_no_boot_id(set_by: int, windows: Windows) -> None:
    assert boot_id(windows, SINCE, NOW + set_by) == THIS


def test_another_start_is_another_boot_id(windows: Windows) -> None:
    first = next(record for record in windows.log if "Kernel-General" in record)
    windows.log.append(first.replace("T05:43:20.5", "T11:58:00.5").replace("4101", "4118"))
    assert boot_id(windows, 2 * MINUTE, NOW) == "windows-2026-11-24T11:58:00.500000000"


@pytest.mark.parametrize(
    "lose",
    [
        pytest.param(lambda windows: windows.log.pop(0), id="its record is gone"),
        pytest.param(lambda windows: windows.missing.add("wevtutil.exe"), id="nobody can ask"),
        pytest.param(lambda windows: setattr(windows, "answer", Answer(5, "", "")), id="refused"),
    ],
)
def test_without_the_record_the_moment_is_about(lose: Callable[[Windows], object], windows: Windows) -> None:
    lose(windows)
    assert boot_id(windows, SINCE, NOW) == "windows-about-2026-11-24T05:43"


def test_the_record_of_an_earlier_start_is_not_taken_for_this_one(windows: Windows) -> None:
    assert boot_id(windows, 2 * MINUTE, NOW) == "windows-about-2026-11-24T11:58"


def test_a_stop_that_41_or_6008_speaks_of_was_unplanned(windows: Windows, clocks: Callable[[], Clocks]) -> None:
    ended = look(windows, clocks)
    assert ended.orderly is False
    assert "EventLog 6008" in ended.witness


def test_a_planned_stop_names_who_asked_for_it(windows: Windows, clocks: Callable[[], Clocks]) -> None:
    windows.log = PLANNED.read_text(encoding="utf-8").splitlines()
    ended = look(windows, clocks)
    assert ended.orderly is True
    assert "User32 1074: 进程 shutdown.exe" in ended.witness


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(slice(0, 0), id="an empty log"),
        pytest.param(slice(0, 4), id="no record of this start"),
        pytest.param(slice(4, 5), id="nothing before it"),
        pytest.param(slice(0, 5, 4), id="two starts and nothing between"),
    ],
)
def test_where_nothing_says_how_nobody_knows(kept: slice, windows: Windows, clocks: Callable[[], Clocks]) -> None:
    windows.log = PLANNED.read_text(encoding="utf-8").splitlines()[kept]
    assert look(windows, clocks).orderly is None


def test_a_stop_of_an_earlier_boot_excuses_no_later_one(windows: Windows, clocks: Callable[[], Clocks]) -> None:
    first, *stop, last = PLANNED.read_text(encoding="utf-8").splitlines()
    windows.log = [first, *stop, first.replace("2026-11-01", "2026-11-24"), last]
    assert look(windows, clocks).orderly is None


def restarts(windows: Windows, clocks: Callable[[], Clocks], mark: str) -> Restarts:
    logs = windows_logs(Root(), clocks, {"restarts": mark}, windows, wait_s=20)
    return next(log for log in logs if isinstance(log, Restarts))


def test_a_restart_is_an_event_with_its_witness(windows: Windows, clocks: Callable[[], Clocks]) -> None:
    log = restarts(windows, clocks, "windows-2026-11-01T01:00:00.000000000")
    items = list(log.read())
    (event,) = [item for item in items if isinstance(item, Event)]
    assert (event.kind, event.severity, event.cursor) == ("restart", Severity.CRITICAL, THIS)
    assert [item.value for item in items if isinstance(item, Sample)] == [0]
    assert [item for item in restarts(windows, clocks, log.mark).read() if isinstance(item, Event)] == []


def test_a_log_that_is_refused_is_said_in_the_restart(windows: Windows, clocks: Callable[[], Clocks]) -> None:
    windows.answer = Answer(5, "", "")
    told: list[object] = []
    with pytest.raises(SourceFailed, match="Event Log Readers") as failed:
        told.extend(restarts(windows, clocks, "another boot").read())
    assert failed.value.gap is Gap.NOT_OFFERED
