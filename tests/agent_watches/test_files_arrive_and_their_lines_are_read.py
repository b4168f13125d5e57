"""Real files: settlement files arrive, a log says 初始化成功, logs rotate, and no link or pipe leads anywhere else."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from agent.watched.beneath import Outside, open_beneath
from agent.watched.files import Files, path_today
from agent.watched.things import Watch
from readings.model import Clocks, Gap, Sample

Host = Any  # the one of conftest, which a test folder without packages cannot import
NOON = 1_795_500_000  # 2026-11-24 06:00 UTC


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def settle(host: Host, data: Path, path: str = "settle.csv", patterns: str = "", **more: str) -> None:
    lines = "".join(f", {field}: {value}" for field, value in more.items())
    wanted = f", patterns: {{{patterns}}}" if patterns else ""
    host.write(f"file_roots: ['{data}']\nfiles: {{settle: {{path: '{data}/{path}'{wanted}{lines}}}}}")


INITIALISED = "done: {text: 初始化成功}"


def matches(host: Host, name: str = "done") -> float | Gap:
    found: float | Gap = host.look()["watched_log_matches_total", f"settle/{name}"]
    return found


def test_a_file_that_arrives_is_told_in_the_next_pass(host: Host, data: Path) -> None:
    settle(host, data)
    said = host.look()
    assert said["watched_file_present", "settle"] == 0
    assert said["watched_file_count", "settle"] == 0
    assert said["watched_file_age_seconds", "settle"] is Gap.NOT_OFFERED
    assert said["watched_file_size_bytes", "settle"] is Gap.NOT_OFFERED
    (data / "settle.csv").write_text("x" * 12)
    said = host.look()
    assert said["watched_file_present", "settle"] == 1
    assert said["watched_file_size_bytes", "settle"] == 12
    assert said["watched_file_modified_today", "settle"] == 1
    assert 0 <= said["watched_file_age_seconds", "settle"] < 60
    assert host.told("watched_file_appeared") == [f"settle: {data}/settle.csv is there"]
    (data / "settle.csv").unlink()
    assert host.look()["watched_file_present", "settle"] == 0
    assert host.told("watched_file_gone") == [f"settle: {data}/settle.csv went"]


def test_a_touched_file_is_young_again(host: Host, data: Path) -> None:
    (data / "settle.csv").write_text("")
    old = host.now().wall_ns - 200_000 * 10**9
    os.utime(data / "settle.csv", ns=(old, old))
    settle(host, data)
    said = host.look()
    assert said["watched_file_age_seconds", "settle"] > 190_000
    assert said["watched_file_modified_today", "settle"] == 0
    (data / "settle.csv").touch()
    said = host.look()
    assert said["watched_file_age_seconds", "settle"] < 60
    assert said["watched_file_modified_today", "settle"] == 1


def test_several_files_are_counted_and_the_newest_measured(host: Host, data: Path) -> None:
    for number, name in enumerate(("SHFE_1.csv", "SHFE_2.csv", "other.csv")):
        (data / name).write_text("x" * (number + 1))
        os.utime(data / name, (1000 + number, 1000 + number))
    (data / "SHFE_folder.csv").mkdir()
    settle(host, data, "SHFE_*.csv")
    said = host.look()
    assert said["watched_file_count", "settle"] == 2
    assert said["watched_file_size_bytes", "settle"] == 2
    (data / "SHFE_3.csv").write_text("")
    assert host.look()["watched_file_count", "settle"] == 3
    assert host.told("watched_file_appeared") == [f"settle: {data}/SHFE_*.csv is there (3 files now)"]


def test_a_day_has_its_own_file(host: Host, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert path_today("/d/{yyyymmdd}/{yyyy-mm-dd}.csv", NOON * 10**9) == "/d/20261124/2026-11-24.csv"
        assert path_today("/d/{yyyymmdd}", (NOON + 36_000) * 10**9) == "/d/20261125"  # midnight is the host's own
        settle(host, data, "{yyyymmdd}.log", INITIALISED)
        now = [NOON]
        host.clocks = lambda: Clocks("boot", now[0] * 10**9, now[0] * 10**9)
        (data / "20261124.log").write_text("初始化成功\n")
        assert matches(host) == 0  # what was there before the agent is not new
        with (data / "20261124.log").open("a") as log:
            log.write("初始化成功 again, last line of the day\n")
        now[0] += 36_000
        (data / "20261125.log").write_text("初始化成功\n")
        assert matches(host) == 2
        assert host.told("watched_file_gone") == []
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_line_that_says_it_is_an_event_and_counts(host: Host, data: Path, encoding: str) -> None:
    log = data / "settle.csv"
    log.write_bytes("昨日 初始化成功\n".encode(encoding))
    failed = r"failed: {regex: '初始化失败|error \d+', severity: error}"
    settle(host, data, patterns=f"{INITIALISED}, {failed}", encoding=encoding)
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


def test_a_new_file_is_read_from_its_beginning(host: Host, data: Path) -> None:
    settle(host, data, patterns=INITIALISED)
    assert matches(host) is Gap.NOT_OFFERED
    (data / "settle.csv").write_text("初始化成功\n")
    assert matches(host) == 1


def test_rotation_and_truncation_lose_no_line_that_could_be_read(host: Host, data: Path) -> None:
    log = data / "settle.csv"
    log.write_text("")
    settle(host, data, patterns=INITIALISED)
    assert matches(host) == 0
    log.write_text("初始化成功 a\n")
    log.rename(data / "settle.csv.1")
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


def test_after_a_restart_it_goes_on_where_the_tick_on_disk_left_off(host: Host, data: Path) -> None:
    log = data / "settle.csv"
    log.write_text("")
    settle(host, data, patterns=INITIALISED)
    matches(host)
    (source,) = host.logs
    log.write_text("初始化成功 while the agent was away\n")
    again = Host_again(host, source.mark)
    assert matches(again) == 1
    assert len(again.told("watched_pattern_seen")) == 1


def Host_again(host: Host, mark: str) -> Host:  # noqa: N802 - it makes one
    return type(host)(host.etc, {Files.name: mark})


@pytest.mark.parametrize("mark", ["x", "[1]", '{"settle": 3}', '{"settle": ["p", "x", 1]}', "null"])
def test_a_mark_that_is_none_is_no_place(host: Host, data: Path, mark: str) -> None:
    (data / "settle.csv").write_text("初始化成功\n")
    settle(host, data, patterns=INITIALISED)
    assert matches(Host_again(host, mark)) == 0


def test_what_was_not_committed_is_told_again(host: Host, data: Path) -> None:
    settle(host, data, patterns=INITIALISED)
    host.look()
    (source,) = host.logs
    (data / "settle.csv").write_text("初始化成功\n")
    first = [item for item in source.read() if getattr(item, "kind", "") == "watched_pattern_seen"]
    second = [item for item in source.read() if getattr(item, "kind", "") == "watched_pattern_seen"]
    assert len(first) == 1
    assert second == first


def test_a_burst_is_read_within_bounds_and_counted(host: Host, data: Path) -> None:
    log = data / "settle.csv"
    log.write_text("")
    settle(host, data, patterns="done: {regex: 'order [0-9]+ done'}")
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


def test_a_line_without_an_end_fills_no_memory(host: Host, data: Path) -> None:
    log = data / "settle.csv"
    log.write_text("")
    settle(host, data, patterns=INITIALISED)
    host.look()
    with log.open("wb") as out:
        out.write(b"\xff" * 9_000_000 + b"\n" + "初始化成功\n".encode())
    host.look(3)
    assert host.look()["watched_log_matches_total", "settle/done"] == 1


# Nothing but plain files under the roots


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text("初始化成功 root:$y$secret\n")
    return file


def link_out(data: Path, secret: Path) -> None:
    (data / "settle.csv").symlink_to(secret)


def link_out_by_dots(data: Path, secret: Path) -> None:
    (data / "settle.csv").symlink_to(f"../{secret.name}")


def link_out_by_a_folder(data: Path, secret: Path) -> None:
    (data / "there").symlink_to(secret.parent)
    (data / "settle.csv").symlink_to(f"there/{secret.name}")


def link_out_by_proc(data: Path, secret: Path) -> None:
    (data / "settle.csv").symlink_to(f"/proc/self/root{secret}")


def link_to_itself(data: Path, secret: Path) -> None:
    (data / "settle.csv").symlink_to("settle.csv")


def pipe(data: Path, secret: Path) -> None:
    os.mkfifo(data / "settle.csv")


def folder(data: Path, secret: Path) -> None:
    (data / "settle.csv").mkdir()


def unix_socket(data: Path, secret: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(data)
        made.bind("settle.csv")
        os.chdir(here)


def device(data: Path, secret: Path) -> None:
    os.mknod(data / "settle.csv", 0o600 | 0o020000, os.makedev(1, 3))


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
def test_a_trick_under_a_root_is_a_gap_and_tells_nothing(host: Host, data: Path, secret: Path, trick: Any) -> None:
    settle(host, data, patterns=INITIALISED)
    host.look()
    try:
        trick(data, secret)
    except PermissionError:
        pytest.skip("this machine makes no devices")
    for _ in range(2):
        said = host.look()
        assert said["watched_file_present", "settle"] in {Gap.REFUSED, Gap.UNREADABLE}
        assert said["watched_file_size_bytes", "settle"] in {Gap.REFUSED, Gap.UNREADABLE}
        assert said["watched_log_matches_total", "settle/done"] in {Gap.REFUSED, Gap.UNREADABLE}
        assert host.told("watched_pattern_seen") == []
        assert not any("secret" in event.text for event in host.events)


def test_a_root_that_was_made_a_link_is_not_followed(host: Host, data: Path, tmp_path: Path) -> None:
    settle(host, data)
    data.rmdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "settle.csv").write_text("")
    data.symlink_to(tmp_path / "elsewhere")
    assert host.look()["watched_file_present", "settle"] is Gap.REFUSED


def test_a_link_that_stays_under_the_root_is_followed(host: Host, data: Path) -> None:
    (data / "logs").mkdir()
    (data / "logs" / "20261124.log").write_text("12345")
    (data / "settle.csv").symlink_to("logs/today")
    (data / "logs" / "today").symlink_to(f"{data}/logs/../logs/20261124.log")
    settle(host, data)
    assert host.look()["watched_file_size_bytes", "settle"] == 5


def test_a_glob_counts_no_link_that_leads_out(host: Host, data: Path, secret: Path) -> None:
    (data / "a.csv").write_text("")
    (data / "b.csv").symlink_to(secret)
    settle(host, data, "*.csv")
    assert host.look()["watched_file_count", "settle"] == 1


def test_a_rotated_file_is_not_looked_for_outside(host: Host, data: Path) -> None:
    log = data / "settle.csv"
    log.write_text("")
    settle(host, data, patterns=INITIALISED)
    host.look()
    log.rename(data.parent / "moved")
    (data.parent / "moved").write_text("初始化成功\n")
    (data / "settle.csv.1").symlink_to(data.parent / "moved")
    log.write_text("")
    assert matches(host) == 0
    assert any("its last lines may be missing" in text for text in host.told("log_lost"))


def test_dots_never_climb_above_a_root(data: Path, secret: Path) -> None:
    for path in (f"{data}/../secret", f"{data}/x/../../secret", "/etc/passwd"):
        with pytest.raises((Outside, OSError)):
            open_beneath(path, (str(data),))


def test_a_file_that_may_not_be_read_is_refused_and_not_missing(
    host: Host, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(host, data)

    def refuse(*_: Any, **__: Any) -> int:
        raise PermissionError(13, "Permission denied")

    host.look()
    monkeypatch.setattr(os, "open", refuse)
    assert host.look()["watched_file_present", "settle"] is Gap.REFUSED


def test_a_file_system_that_hangs_is_a_gap_of_its_own_file(host: Host, data: Path) -> None:
    settle(host, data)
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
