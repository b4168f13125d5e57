"""Which services should run and do not, by name, and which came back as another process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from agent.hardware.command import Answer
from agent.windows.programs import decoded
from agent.windows.services import MOST_SERVICES, Services, parse
from readings.model import Clocks, Event, Gap, Sample, Severity, SourceFailed

Windows = Any  # the one of conftest, which a test folder without packages cannot import
FIXTURES = Path(__file__).parents[1] / "fixtures" / "windows"
FIRST = (FIXTURES / "services.csv").read_text(encoding="utf-8")
LATER = (FIXTURES / "services_later.csv").read_text(encoding="utf-8")
HEAD = FIRST.splitlines()[0]


def values(items: Iterable[object]) -> dict[tuple[str, str], float | Gap]:
    return {(item.metric, item.part): item.value for item in items if isinstance(item, Sample)}


def events(items: Iterable[object]) -> list[tuple[str, Severity, str]]:
    return [(item.kind, item.severity, item.text) for item in items if isinstance(item, Event)]


@pytest.fixture
def look(windows: Windows, clocks: Callable[[], Clocks]) -> Callable[[str], list[Sample | Event]]:
    """All that is told until the answer to a question asked from now on, with this CSV, has been told."""
    services = Services(clocks, windows, wait_s=20, pace_s=0)

    def settle() -> None:
        for thread in threading.enumerate():
            if thread.name == services.name:
                thread.join(20)

    def read(text: str) -> list[Sample | Event]:
        settle()
        windows.services = text
        told = list(services.read())
        settle()
        return [*told, *services.read()]

    return read


def test_a_service_that_should_run_is_a_state_and_its_stop_an_event(
    look: Callable[[str], list[Sample | Event]],
) -> None:
    told = look(FIRST)
    assert events(told) == [
        (
            "service_stopped",
            Severity.WARNING,
            "行情转发 should run and is stopped, exit code 1067 (when first looked at)",
        )
    ]
    said = values(told)
    assert {key: value for key, value in said.items() if key[0] == "service_running"} == {
        ("service_running", "matchd"): 1,
        ("service_running", "行情转发"): 0,
    }
    assert said["services_count", ""] == 6
    assert said["services_stopped_count", ""] == 1


def test_what_changes_between_two_looks_is_told_once(look: Callable[[str], list[Sample | Event]]) -> None:
    look(FIRST)
    told = look(LATER)
    assert sorted(events(told)) == [
        ("service_recovered", Severity.NOTICE, "行情转发 is running again"),
        ("service_restarted", Severity.WARNING, "matchd was started again, process 3344 instead of 2210"),
        ("service_stopped", Severity.WARNING, "W32Time should run and is stopped, exit code 1460"),
    ]
    assert values(told)["services_restarts_total", ""] == 1
    again = look(LATER)
    assert events(again) == []
    assert values(again)["services_restarts_total", ""] == 1


def test_a_service_that_was_down_for_a_look_came_back_as_another_process(
    look: Callable[[str], list[Sample | Event]],
) -> None:
    look(f'{HEAD}\n"matchd","Auto","Running","2210","0","False"\n')
    look(f'{HEAD}\n"matchd","Auto","Stopped","0","1067","False"\n')
    told = look(f'{HEAD}\n"matchd","Auto","Running","9000","0","False"\n')
    assert [kind for kind, _, _ in events(told)] == ["service_recovered"]
    assert values(told)["services_restarts_total", ""] == 1


def test_gbk_says_the_same() -> None:
    assert parse(decoded(FIRST.encode("gbk"))) == parse(FIRST) != {}


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('"matchd","Auto","Running","many","0","False"', id="a process in words"),
        pytest.param('"matchd","Auto","Running","-1","0","False"', id="a process below zero"),
        pytest.param('"matchd","Auto","Running","1","","False"', id="no exit code"),
        pytest.param('"matchd","Auto","Running","1","0","perhaps"', id="neither true nor false"),
        pytest.param('"matchd","Auto","Running"', id="cut off"),
        pytest.param('"","Auto","Running","1","0","False"', id="no name"),
        pytest.param('"matchd","Auto","","1","0","False"', id="no state"),
        pytest.param(f'"{"m" * 5000}","Auto","Running","1","0","False"', id="a name beyond all measure"),
    ],
)
def test_a_line_of_wrong_types_is_left_out(line: str) -> None:
    assert list(parse(f'{HEAD}\n{line}\n"Spooler","Auto","Running","7","0","False"\n')) == ["Spooler"]


@pytest.mark.parametrize("text", ["", "拒绝访问。", HEAD, f'{HEAD}\n"{"x" * 200_000}'], ids=len)
def test_what_is_no_list_of_services_is_empty(text: str) -> None:
    assert parse(text) == {}


def test_a_hundred_thousand_lines_are_read_to_the_bound() -> None:
    lines = (f'"service{number}","Auto","Running","1","0","False"' for number in range(100_000))
    assert len(parse("\n".join([HEAD, *lines]))) == MOST_SERVICES


@pytest.mark.parametrize(
    ("answer", "missing", "gap"),
    [
        pytest.param(Answer(1, "", "Access denied"), set(), Gap.UNREADABLE, id="refused by WMI"),
        pytest.param(SourceFailed(Gap.TIMED_OUT, "30 s"), set(), Gap.TIMED_OUT, id="it hangs"),
        pytest.param(None, {"powershell.exe"}, Gap.NOT_OFFERED, id="no PowerShell"),
    ],
)
def test_services_nobody_can_list_are_a_gap(
    answer: Answer | SourceFailed | None,
    missing: set[str],
    gap: Gap,
    windows: Windows,
    look: Callable[[str], list[Sample | Event]],
) -> None:
    windows.answer, windows.missing = answer, missing
    with pytest.raises(SourceFailed) as failed:
        look(FIRST)
    assert failed.value.gap is gap
