"""systemd's units, chrony and restarts, from recorded answers and files: each trouble becomes its event or reading."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.hardware.command import Answer
from agent.host.root import Root
from agent.system.chrony import Chrony, parse
from agent.system.login_records import marks
from agent.system.restarts import Restarts
from agent.system.taint import Taint
from agent.system.units import Units
from readings.model import Clocks, Event, Gap, Sample, Severity, SourceFailed

Programs = Any  # the one of conftest, which a test folder without packages cannot import
ANSWERS = Path(__file__).parents[1] / "fixtures" / "hardware" / "answers"
OTHER_BOOT = "11111111-2222-3333-4444-555555555555"


def values(items: Iterable[object]) -> dict[str, float | Gap]:
    return {item.metric: item.value for item in items if isinstance(item, Sample)}


def events(items: Iterable[object]) -> list[tuple[str, Severity, str]]:
    return [(item.kind, item.severity, item.text) for item in items if isinstance(item, Event)]


@pytest.fixture
def root(tmp_path: Path) -> Root:
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    (tmp_path / "run/chrony").mkdir()
    (tmp_path / "run/chrony/chronyd.pid").touch()
    (tmp_path / "var/log").mkdir(parents=True)
    return Root.under(tmp_path)


def settle(units: Units) -> None:
    for thread in threading.enumerate():
        if thread.name == units.name:
            thread.join(20)


def looked(units: Units) -> list[Sample | Event]:
    """All that is told until the answer to a question asked from now on has been told."""
    settle(units)
    told = list(units.read())
    settle(units)
    return [*told, *units.read()]


def test_failed_and_restarted_units_are_counted_and_named(
    root: Root, clocks: Callable[[], Clocks], programs: Programs
) -> None:
    programs.say("systemctl show", "systemctl_show_healthy.txt")
    units = Units(root, clocks, programs, wait_s=20, pace_s=0)
    told = list(units.read())
    assert events(told) == []
    assert {key: values(told)[key] for key in ("units_count", "units_failed_count", "units_restarts_total")} == {
        "units_count": 3,
        "units_failed_count": 0,
        "units_restarts_total": 1,
    }
    programs.say("systemctl show", "systemctl_show_failed.txt")
    told = looked(units)
    assert sorted(events(told)) == sorted(
        [
            ("unit_failed", Severity.WARNING, "ssh.service failed: exit-code"),
            ("unit_restarted", Severity.WARNING, "matchd.service was started again by systemd, 3 times (success)"),
            ("unit_failed", Severity.WARNING, "data.mount failed: timeout"),
        ]
    )
    assert values(told)["units_failed_count"] == 2
    programs.say("systemctl show", "systemctl_show_healthy.txt")
    assert {kind for kind, _, _ in events(looked(units))} == {"unit_recovered"}


def test_what_failed_before_the_first_look_is_named(
    root: Root, clocks: Callable[[], Clocks], programs: Programs
) -> None:
    programs.say("systemctl show", "systemctl_show_failed.txt")
    told = events(Units(root, clocks, programs, wait_s=20).read())
    assert [text for _, _, text in told] == [
        "ssh.service failed: exit-code (when first looked at)",
        "data.mount failed: timeout (when first looked at)",
    ]


@pytest.mark.parametrize("said", ["", "Failed to connect to bus: Host is down\n", "\ufffd\n\n\n="])
def test_a_systemd_that_does_not_answer_is_unreadable(
    said: str, root: Root, clocks: Callable[[], Clocks], programs: Programs
) -> None:
    programs.answers["systemctl"] = Answer(1, said, "")
    programs.programs.add("systemctl")
    with pytest.raises(SourceFailed) as failed:
        list(Units(root, clocks, programs, wait_s=20).read())
    assert failed.value.gap is Gap.UNREADABLE


@pytest.mark.parametrize(
    ("file", "synchronised"),
    [("chronyc_synchronised.txt", 1), ("chronyc_not_synchronised.txt", 0), ("chronyc_on_its_own.txt", 0)],
    ids=["follows a server", "follows nobody", "follows itself"],
)
def test_chrony_says_whether_it_follows_a_source(
    file: str, synchronised: float, root: Root, programs: Programs
) -> None:
    programs.say("chronyc -c tracking", file)
    assert values(Chrony(root, programs, wait_s=20).read())["chrony_synchronised"] == synchronised


def test_chrony_says_how_far_off_the_clock_is() -> None:
    told = values(parse((ANSWERS / "chronyc_synchronised.txt").read_text()))
    assert told["chrony_offset_seconds"] == 0.000012345
    assert told["chrony_stratum"] == 3


@pytest.mark.parametrize("text", ["", "506 Cannot talk to daemon", "a,b,c", "C0A80001,n,x" + ",y" * 11])
def test_garbage_from_chrony_is_unreadable(text: str) -> None:
    with pytest.raises(SourceFailed) as failed:
        parse(text)
    assert failed.value.gap is Gap.UNREADABLE


def test_a_chronyd_that_cannot_be_reached_is_a_gap_with_its_words(root: Root, programs: Programs) -> None:
    programs.say("chronyc -c tracking", "", 1, "506 Cannot talk to daemon\n")
    with pytest.raises(SourceFailed) as failed:
        list(Chrony(root, programs, wait_s=20).read())
    assert (failed.value.gap, "506 Cannot talk" in failed.value.detail) == (Gap.UNREACHABLE, True)


@pytest.fixture
def started(root: Root, clocks: Callable[[], Clocks], programs: Programs) -> Callable[..., Restarts]:
    """``started(wtmp=…, journal=…)``: a host that ran in another boot before and left these witnesses."""

    def make(wtmp: str = "", journal: str | None = None, mark: str = OTHER_BOOT) -> Restarts:
        if wtmp:
            Path(f"{root.var}/log/wtmp").write_bytes((ANSWERS / wtmp).read_bytes())
        if journal is not None:
            programs.answers["journalctl --boot=-1"] = Answer(0, journal, "")
            programs.programs.add("journalctl")
        return Restarts(root, clocks, programs, mark, wait_s=20)

    return make


def until_it_fails(source: Restarts) -> tuple[list[Sample | Event], Gap | None]:
    """What a source yields, and the gap it ends with: its events stay, as in the runner."""
    told: list[Sample | Event] = []
    try:
        told.extend(source.read())
    except SourceFailed as failed:
        return told, failed.gap
    return told, None


ORDERLY = "Stopped target Network.\nReached target System Reboot.\nShutting down.\nJournal stopped\n"


@pytest.mark.parametrize(
    ("witnesses", "orderly", "severity", "words"),
    [
        ({"wtmp": "wtmp_in_order"}, 1.0, Severity.NOTICE, "it was shut down in order"),
        ({"wtmp": "wtmp_power_cut"}, 0.0, Severity.CRITICAL, "unplanned"),
        ({"journal": ORDERLY}, 1.0, Severity.NOTICE, "ends with a shutdown"),
        ({"journal": "sshd: session opened\n"}, 0.0, Severity.CRITICAL, "does not end with a shutdown"),
        ({"wtmp": "wtmp_power_cut", "journal": ORDERLY}, 0.0, Severity.CRITICAL, "wtmp has no record of a shutdown"),
        ({}, None, Severity.ERROR, "nobody knows"),
        ({"journal": ""}, None, Severity.ERROR, "holds nothing of the boot before"),
    ],
    ids=[
        "wtmp in order",
        "wtmp power cut",
        "journal in order",
        "journal cut",
        "wtmp goes first",
        "none",
        "empty journal",
    ],
)
def test_a_restart_is_an_event_that_says_whether_it_was_planned(
    witnesses: dict[str, str],
    orderly: float | None,
    severity: Severity,
    words: str,
    started: Callable[..., Restarts],
) -> None:
    source = started(**witnesses)
    told, gap = until_it_fails(source)
    assert gap == (Gap.NOT_OFFERED if orderly is None else None)
    assert values(told) == ({} if orderly is None else {"previous_stop_orderly": orderly})
    ((kind, level, text),) = events(told)
    assert (kind, level) == ("restart", severity)
    assert words in text
    source.commit()
    assert events(until_it_fails(source)[0]) == []


def test_the_first_look_and_the_same_boot_tell_no_restart(
    started: Callable[..., Restarts], clocks: Callable[[], Clocks]
) -> None:
    for mark in ("", clocks().boot_id):
        source = started(wtmp="wtmp_power_cut", mark=mark)
        assert events(source.read()) == []
        assert source.mark == clocks().boot_id


def test_a_wtmp_that_does_not_speak_of_this_start_is_no_witness(
    root: Root, clocks: Callable[[], Clocks], programs: Programs
) -> None:
    Path(f"{root.var}/log/wtmp").write_bytes((ANSWERS / "wtmp_in_order").read_bytes())
    later = replace(clocks(), boottime_ns=60 * 10**9)  # started an hour after the record of the last start
    with pytest.raises(SourceFailed) as failed:
        list(Restarts(root, lambda: later, programs, "", wait_s=20).read())
    assert "has no record of both starts" in failed.value.detail


def test_a_wtmp_that_is_cut_off_is_read_up_to_there(tmp_path: Path) -> None:
    whole = (ANSWERS / "wtmp_in_order").read_bytes()
    (tmp_path / "wtmp").write_bytes(whole[:-100])
    assert len(marks(str(tmp_path / "wtmp"))) == len(marks(str(ANSWERS / "wtmp_in_order"))) - 1


@pytest.mark.parametrize(
    ("mark", "told"),
    [("", ["4", "12"]), ("{boot} 4096", ["4"]), ("{boot} 4112", []), (f"{OTHER_BOOT} 4112", ["4", "12"])],
    ids=["first look", "one is known", "both are known", "of another boot"],
)
def test_taint_bits_are_told_once_in_a_boot(
    mark: str, told: list[str], tmp_path: Path, clocks: Callable[[], Clocks]
) -> None:
    (tmp_path / "proc/sys/kernel").mkdir(parents=True)
    (tmp_path / "proc/sys/kernel/tainted").write_text("4112\n")
    source = Taint(Root.under(tmp_path), clocks, mark.format(boot=clocks().boot_id))
    assert [item.cursor for item in source.read() if isinstance(item, Event)] == told
    source.commit()
    assert list(source.read()) == []
    assert source.mark == f"{clocks().boot_id} 4112"
