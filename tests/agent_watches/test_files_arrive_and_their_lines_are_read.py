"""Real files: settlement files arrive, a log says 初始化成功, logs rotate, and no link or pipe leads anywhere else."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from agent.watched.files import Files, path_today
from agent.watched.things import Watch
from readings.model import Clocks, Gap, Sample
from tests.agent_watches.settling import INITIALISED, matches, settle

Host = Any  # the one of conftest, which a test folder without packages cannot import
NOON = 1_795_500_000  # 2026-11-24 06:00 UTC


def test_a_file_that_arrives_is_told_in_the_next_pass(host: Host, inbox: Path) -> None:
    settle(host, inbox)
    said = host.look()
    assert said["watched_file_present", "settle"] == 0
    assert said["watched_file_count", "settle"] == 0
    assert said["watched_file_age_seconds", "settle"] is Gap.NOT_OFFERED
    assert said["watched_file_size_bytes", "settle"] is Gap.NOT_OFFERED
    (inbox / "settle.csv").write_text("x" * 12)
    said = host.look()
    assert said["watched_file_present", "settle"] == 1
    assert said["watched_file_size_bytes", "settle"] == 12
    assert said["watched_file_modified_today", "settle"] == 1
    assert 0 <= said["watched_file_age_seconds", "settle"] < 60
    assert host.told("watched_file_appeared") == [f"settle: {inbox}/settle.csv is there"]
    (inbox / "settle.csv").unlink()
    assert host.look()["watched_file_present", "settle"] == 0
    assert host.told("watched_file_gone") == [f"settle: {inbox}/settle.csv went"]


def test_a_touched_file_is_young_again(host: Host, inbox: Path) -> None:
    (inbox / "settle.csv").write_text("")
    old = host.now().wall_ns - 200_000 * 10**9
    os.utime(inbox / "settle.csv", ns=(old, old))
    settle(host, inbox)
    said = host.look()
    assert said["watched_file_age_seconds", "settle"] > 190_000
    assert said["watched_file_modified_today", "settle"] == 0
    (inbox / "settle.csv").touch()
    said = host.look()
    assert said["watched_file_age_seconds", "settle"] < 60
    assert said["watched_file_modified_today", "settle"] == 1


def test_several_files_are_counted_and_the_newest_measured(host: Host, inbox: Path) -> None:
    for number, name in enumerate(("SHFE_1.csv", "SHFE_2.csv", "other.csv")):
        (inbox / name).write_text("x" * (number + 1))
        os.utime(inbox / name, (1000 + number, 1000 + number))
    (inbox / "SHFE_folder.csv").mkdir()
    settle(host, inbox, "SHFE_*.csv")
    said = host.look()
    assert said["watched_file_count", "settle"] == 2
    assert said["watched_file_size_bytes", "settle"] == 2
    (inbox / "SHFE_3.csv").write_text("")
    assert host.look()["watched_file_count", "settle"] == 3
    assert host.told("watched_file_appeared") == [f"settle: {inbox}/SHFE_*.csv is there (3 files now)"]


def test_a_day_has_its_own_file(host: Host, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert path_today("/d/{yyyymmdd}/{yyyy-mm-dd}.csv", NOON * 10**9) == "/d/20261124/2026-11-24.csv"
        assert path_today("/d/{yyyymmdd}", (NOON + 36_000) * 10**9) == "/d/20261125"  # midnight is the host's own
        settle(host, inbox, "{yyyymmdd}.log", INITIALISED)
        now = [NOON]
        host.clocks = lambda: Clocks("boot", now[0] * 10**9, now[0] * 10**9)
        (inbox / "20261124.log").write_text("初始化成功\n")
        assert matches(host) == 0  # what was there before the agent is not new
        with (inbox / "20261124.log").open("a") as log:
            log.write("初始化成功 again, last line of the day\n")
        now[0] += 36_000
        (inbox / "20261125.log").write_text("初始化成功\n")
        assert matches(host) == 2
        assert host.told("watched_file_gone") == []
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_line_that_says_it_is_an_event_and_counts(host: Host, inbox: Path, encoding: str) -> None:
    log = inbox / "settle.csv"
    log.write_bytes("昨日 初始化成功\n".encode(encoding))
    failed = r"failed: {regex: '初始化失败|error \d+', severity: error}"
    settle(host, inbox, patterns=f"{INITIALISED}, {failed}", encoding=encoding)
    assert matches(host) == 0
    with log.open("ab") as out:
        out.write("08:01 系统初始化成功\n08:02 error 12\n08:03 初始化".encode(encoding))
    said = host.look()
    assert said["watched_log_matches_total", "settle/done"] == 1
    assert said["watched_log_matches_total", "settle/failed"] == 1
    told = [(event.severity.name, event.text) for event in host.events if event.kind == "watched_pattern_seen"]
    assert told == [("NOTICE", "settle/done: 08:01 系统初始化成功"), ("ERROR", "settle/failed: 08:02 error 12")]
    with log.open("ab") as out:
        out.write("成功\n".encode(encoding))  # the line ends only now
    assert matches(host) == 2


def test_a_new_file_is_read_from_its_beginning(host: Host, inbox: Path) -> None:
    settle(host, inbox, patterns=INITIALISED)
    assert matches(host) is Gap.NOT_OFFERED
    (inbox / "settle.csv").write_text("初始化成功\n")
    assert matches(host) == 1


def test_rotation_and_truncation_lose_no_line_that_could_be_read(host: Host, inbox: Path) -> None:
    log = inbox / "settle.csv"
    log.write_text("")
    settle(host, inbox, patterns=INITIALISED)
    assert matches(host) == 0
    log.write_text("初始化成功 a\n")
    log.rename(inbox / "settle.csv.1")
    log.write_text("初始化成功 b\n")
    assert matches(host) == 2
    log.write_text("")
    with log.open("w") as out:
        out.write("初始化成功\n")
    assert matches(host) == 3
    assert any("was cut from" in text for text in host.told("log_lost"))
    with log.open():  # its inode is not used again while it is open
        log.unlink()
        log.write_text("初始化成功 c\n")
        assert matches(host) == 4
    assert any("its last lines may be missing" in text for text in host.told("log_lost"))


def test_after_a_restart_it_goes_on_where_the_tick_on_disk_left_off(host: Host, inbox: Path) -> None:
    log = inbox / "settle.csv"
    log.write_text("")
    settle(host, inbox, patterns=INITIALISED)
    matches(host)
    (source,) = host.logs
    log.write_text("初始化成功 while the agent was away\n")
    again = Host_again(host, source.mark)
    assert matches(again) == 1
    assert len(again.told("watched_pattern_seen")) == 1


def Host_again(host: Host, mark: str) -> Host:  # noqa: N802 - it makes one
    return type(host)(host.etc, {Files.name: mark})


@pytest.mark.parametrize("mark", ["x", "[1]", '{"settle": 3}', '{"settle": ["p", "x", 1]}', "null"])
def test_a_mark_that_is_none_is_no_place(host: Host, inbox: Path, mark: str) -> None:
    (inbox / "settle.csv").write_text("初始化成功\n")
    settle(host, inbox, patterns=INITIALISED)
    assert matches(Host_again(host, mark)) == 0


def test_what_was_not_committed_is_told_again(host: Host, inbox: Path) -> None:
    settle(host, inbox, patterns=INITIALISED)
    host.look()
    (source,) = host.logs
    (inbox / "settle.csv").write_text("初始化成功\n")
    first = [item for item in source.read() if getattr(item, "kind", "") == "watched_pattern_seen"]
    second = [item for item in source.read() if getattr(item, "kind", "") == "watched_pattern_seen"]
    assert len(first) == 1
    assert second == first


def test_a_burst_is_read_within_bounds_and_counted(host: Host, inbox: Path) -> None:
    log = inbox / "settle.csv"
    log.write_text("")
    settle(host, inbox, patterns="done: {regex: 'order [0-9]+ done'}")
    host.look()
    with log.open("w") as out:
        out.writelines(f"order {number} done{'.' * 80}\n" for number in range(100_000))
    seen = lost = 0.0
    for _ in range(10):
        said = host.look()
        lost += sum(event.count for event in host.events if event.kind == "log_lost")
        seen = max(seen, float(said["watched_log_matches_total", "settle/done"]))
        assert len(host.events) <= 250
    counted = host.look()["watched_log_matches_total", "settle/done"]
    assert counted == seen
    assert counted + lost == 100_000


def test_a_line_without_an_end_fills_no_memory(host: Host, inbox: Path) -> None:
    log = inbox / "settle.csv"
    log.write_text("")
    settle(host, inbox, patterns=INITIALISED)
    host.look()
    with log.open("wb") as out:
        out.write(b"\xff" * 9_000_000 + b"\n" + "初始化成功\n".encode())
    host.look(3)
    assert host.look()["watched_log_matches_total", "settle/done"] == 1


def test_a_file_that_may_not_be_read_is_refused_and_not_missing(
    host: Host, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(host, inbox)

    def refuse(*_: Any, **__: Any) -> int:
        raise PermissionError(13, "Permission denied")

    host.look()
    monkeypatch.setattr(os, "open", refuse)
    assert host.look()["watched_file_present", "settle"] is Gap.REFUSED


def test_a_file_system_that_hangs_is_a_gap_of_its_own_file(host: Host, inbox: Path) -> None:
    settle(host, inbox)
    (source,) = host.sources()[1]
    assert isinstance(source, Files)
    source._patience._seconds = 0.05
    look = source._patience._answer
    hang = [True]

    def answer(name: str) -> Any:
        while hang[0]:
            time.sleep(0.01)
        return look(name)

    source._patience._answer = answer
    try:
        values = {item.value for item in source.read() if isinstance(item, Sample) and item.part == "settle"}
        assert values == {Gap.TIMED_OUT}
    finally:
        hang[0] = False


def test_names_left_out_are_gaps(host: Host) -> None:
    source = Files(host.root, host.now, lambda: Watch((), {"settle": "wrong"}))
    told = [item.value for item in source.read() if isinstance(item, Sample) and item.part == "settle"]
    assert told == [Gap.UNREADABLE]
