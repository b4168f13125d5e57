"""Classic syslog files: over rotation and truncation, in all the forms their lines have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.host.root import Root
from agent.oslog.syslog import Syslog, parse, wall_ns
from agent.oslog.telling import LogSource
from readings.model import Clocks, Event, Gap, Severity, SourceFailed

Told = Callable[[LogSource], list[Event]]
OLD = "<11>Nov 24 03:00:0{n} trade-01 matchd[7]: message {n}\n"


def lines(*numbers: int) -> str:
    return "".join(OLD.format(n=number) for number in numbers)


@pytest.fixture
def open_syslog(tmp_path: Path, clocks: Callable[[], Clocks]) -> Callable[..., Syslog]:
    return lambda mark="": Syslog(Root.under(tmp_path), clocks, mark)


@pytest.fixture
def texts(told: Told) -> Callable[[Syslog], list[str]]:
    def read(log: Syslog) -> list[str]:
        found = [event.text.removeprefix("matchd[7]: message ") for event in told(log)]
        log.commit()
        return found

    return read


Texts = Callable[[Syslog], list[str]]


def test_what_was_there_before_the_first_start_is_not_told(
    logs: Path, open_syslog: Callable[..., Syslog], texts: Texts
) -> None:
    (logs / "syslog").write_text(lines(1, 2))
    log = open_syslog()
    assert texts(log) == []
    with (logs / "syslog").open("a") as file:
        file.write(lines(3))
    assert texts(log) == ["3"]
    assert texts(log) == []


def test_half_a_line_waits_for_its_end(logs: Path, open_syslog: Callable[..., Syslog], texts: Texts) -> None:
    (logs / "messages").touch()
    log = open_syslog()
    texts(log)
    (logs / "messages").write_text(lines(1) + lines(2)[:20])
    assert texts(log) == ["1"]
    (logs / "messages").write_text(lines(1, 2))
    assert texts(log) == ["2"]


def test_rotation_loses_nothing(logs: Path, open_syslog: Callable[..., Syslog], texts: Texts) -> None:
    file = logs / "syslog"
    file.touch()
    log = open_syslog()
    texts(log)
    file.write_text(lines(1, 2))
    assert texts(log) == ["1", "2"]
    with file.open("a") as out:
        out.write(lines(3))
    file.rename(logs / "syslog.1")
    file.write_text(lines(4))
    assert texts(log) == ["3", "4"]


def test_a_restart_after_a_rotation_loses_nothing(logs: Path, open_syslog: Callable[..., Syslog], texts: Texts) -> None:
    file = logs / "syslog"
    file.touch()
    log = open_syslog()
    texts(log)
    file.write_text(lines(1))
    texts(log)
    mark = log.mark
    with file.open("a") as out:
        out.write(lines(2))
    file.rename(logs / "syslog.1")
    file.write_text(lines(3))
    assert texts(open_syslog(mark)) == ["2", "3"]


def test_a_file_cut_in_place_is_read_anew_and_the_loss_told(
    logs: Path, open_syslog: Callable[..., Syslog], texts: Texts
) -> None:
    file = logs / "syslog"
    file.write_text(lines(1, 2, 3))
    log = open_syslog()
    texts(log)
    file.write_text(lines(4))
    lost, four = texts(log)
    assert "was cut from" in lost
    assert four == "4"


def test_a_rotated_file_that_is_gone_is_a_loss_that_is_told(
    logs: Path, open_syslog: Callable[..., Syslog], texts: Texts
) -> None:
    (logs / "syslog").write_text(lines(1))
    (lost, one) = texts(open_syslog("1 500"))
    assert "is gone from" in lost
    assert one == "1"


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        pytest.param("<11>Nov 24 03:00:01 host prog[1]: disk gone", Severity.ERROR, id="RFC 3164"),
        pytest.param("<14>Nov 24 03:00:01 host prog[1]: error", Severity.INFORMATIONAL, id="priority beats words"),
        pytest.param("<9>1 2026-11-24T03:00:01Z host prog 1 - - disk gone", Severity.ALERT, id="RFC 5424"),
        pytest.param("Nov 24 03:00:01 host prog[1]: error: disk gone", Severity.ERROR, id="file without priority"),
        pytest.param("2026-11-24T03:00:01.5+08:00 host prog: FATAL disk", Severity.ERROR, id="new rsyslog"),
        pytest.param("Nov 24 03:00:01 host prog[1]: terror and errors", None, id="no such word"),
        pytest.param("<999>Nov 24 03:00:01 host prog: x", None, id="no such priority"),
    ],
)
def test_how_bad_a_line_is(line: str, severity: Severity | None) -> None:
    parsed = parse(line)
    assert parsed is not None
    assert parsed.severity == severity


@pytest.mark.parametrize("line", ["<3>Nov 24 03:00:01 host kernel: [1.0] oops", "Nov 24 03:00:01 host kernel: error"])
def test_the_kernels_own_lines_are_left_to_the_kernel_log(line: str) -> None:
    assert parse(line) is None


def test_a_stamp_without_a_year_is_of_the_newest_year_not_ahead() -> None:
    january = int(datetime(2027, 1, 2, tzinfo=UTC).timestamp()) * 10**9
    said = wall_ns("Dec 31 23:59:00", january)
    assert said is not None
    assert datetime.fromtimestamp(said / 1e9, UTC).year in {2026, 2027}
    assert said < january
    assert wall_ns("Feb 30 00:00:00", january) is None


def test_a_stamp_with_a_zone_is_that_moment() -> None:
    said = wall_ns("2026-11-24T11:00:00.250+08:00", 0)
    assert said == int(datetime(2026, 11, 24, 3, 0, 0, 250_000, tzinfo=UTC).timestamp() * 1000) * 10**6


def test_where_a_journal_says_it_all_the_files_are_not_read(tmp_path: Path, clocks: Callable[[], Clocks]) -> None:
    log = Syslog(Root.under(tmp_path), clocks, wanted=lambda: False)
    with pytest.raises(SourceFailed) as failed:
        log.read()
    assert failed.value.gap is Gap.NOT_OFFERED
