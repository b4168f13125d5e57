"""A hundred thousand lines at once: few are kept, all are counted, and what the kernel overwrote is known exactly."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.host.root import Root
from agent.oslog.journal import MOST_LINES, Journal
from agent.oslog.kernel_log import MOST_RECORDS, KernelLog
from agent.oslog.syslog import Syslog
from agent.oslog.telling import MOST_EVENTS, MOST_UNSAVED, LogSource
from readings.model import Clocks, Event, Sample

LINES = 100_000
BOOT = "6f1d0c6e-8b5a-4f4e-9d2f-0a1b2c3d4e5f"


class Passes:
    """What passes over a log told: events of each, and the counters after the last."""

    def __init__(self, log: LogSource, *, committed: bool = True) -> None:
        self.log, self.committed = log, committed
        self.told: list[list[Event]] = []
        self.counted: dict[str, float] = {}

    def take(self) -> list[Event]:
        items = list(self.log.read())
        self.told.append([item for item in items if isinstance(item, Event)])
        self.counted = {item.metric: float(item.value) for item in items if isinstance(item, Sample)}
        if self.committed:
            self.log.commit()
        return self.told[-1]

    def take_all(self) -> None:
        while self.take():
            pass

    def lines_told(self) -> int:
        """By events and by their counts; what was lost counts as it says."""
        return sum(event.count for events in self.told for event in events)


def kmsg(number: int) -> str:
    return f"3,{number},{number * 10},-;EXT4-fs error (device sda1): inode #{number}\n SUBSYSTEM=block\n"


def kernel_of(tmp_path: Path, records: str, clocks: Callable[[], Clocks], mark: str = "") -> KernelLog:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "kmsg").write_text(records)
    return KernelLog(Root.under(tmp_path), clocks, mark)


def test_a_burst_of_the_kernel_is_told_by_number(tmp_path: Path, clocks: Callable[[], Clocks]) -> None:
    passes = Passes(kernel_of(tmp_path, "".join(map(kmsg, range(LINES))), clocks))
    passes.take_all()
    assert {len(events) for events in passes.told[:-1]} == {MOST_EVENTS + 1}
    assert len(passes.told) <= LINES // MOST_RECORDS + 1
    assert passes.lines_told() == LINES
    assert passes.counted == {
        "log_events_total": LINES,
        "log_messages_lost_total": 0,
        "log_events_held_back_total": LINES - MOST_EVENTS * (len(passes.told) - 1),
    }


def test_what_a_burst_overwrote_in_the_kernel_is_lost_to_the_last_message(
    tmp_path: Path, clocks: Callable[[], Clocks]
) -> None:
    """10 was told; the ring of the kernel holds the newest 15,000 of what came after."""
    passes = Passes(kernel_of(tmp_path, "".join(map(kmsg, range(LINES - 15_000, LINES))), clocks, f"{BOOT} 11"))
    passes.take_all()
    lost = passes.told[0][0]
    assert (lost.kind, lost.count) == ("log_lost", LINES - 15_000 - 11)
    assert passes.counted["log_messages_lost_total"] == LINES - 15_000 - 11
    assert passes.counted["log_events_total"] == 15_000
    assert passes.lines_told() == LINES - 11


def test_bursts_that_no_disk_takes_stay_bounded(tmp_path: Path, clocks: Callable[[], Clocks]) -> None:
    passes = Passes(kernel_of(tmp_path, "".join(map(kmsg, range(LINES))), clocks), committed=False)
    for _ in range(20):
        passes.take()
    assert len(passes.told[-1]) <= MOST_UNSAVED + 20
    assert sum(event.count for event in passes.told[-1]) == LINES


JOURNALCTL = """#!{python} -IS
import sys
after = [word for word in sys.argv if word.startswith("--after-cursor=")]
begin = int(after[0].rpartition("=")[2]) + 1 if after else 0
for number in range(begin, {lines}):
    print('{{"__CURSOR":"%d","__REALTIME_TIMESTAMP":"1795400000000000","__MONOTONIC_TIMESTAMP":"%d","PRIORITY":"3",'
          '"_BOOT_ID":"x","SYSLOG_IDENTIFIER":"matchd","MESSAGE":"order %d refused"}}' % (number, number, number))
"""


def test_a_burst_of_the_journal_is_read_by_pieces_and_none_is_left_out(
    tmp_path: Path, clocks: Callable[[], Clocks], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through a real pipe from a program that would say all 100,000 at once."""
    programs, folder = tmp_path / "bin", tmp_path / "var" / "log" / "journal" / "machine"
    for made in (programs, folder):
        made.mkdir(parents=True)
    (folder / "system.journal").touch()
    (programs / "journalctl").write_text(JOURNALCTL.format(python=sys.executable, lines=LINES))
    (programs / "journalctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    passes = Passes(Journal(Root.under(tmp_path), clocks))
    passes.take_all()
    assert max(len(events) for events in passes.told) == MOST_EVENTS + 1
    assert len(passes.told) == LINES // MOST_LINES + 1
    assert passes.lines_told() == LINES
    assert passes.counted["log_events_total"] == LINES
    assert passes.counted["log_messages_lost_total"] == 0


@pytest.mark.parametrize("rotated", [False, True], ids=["in the file", "in the file before"])
def test_a_burst_of_syslog_is_told_by_number(tmp_path: Path, clocks: Callable[[], Clocks], rotated: bool) -> None:
    logs = tmp_path / "var" / "log"
    logs.mkdir(parents=True)
    file = logs / "syslog"
    file.write_text(
        "".join(f"<11>Nov 24 03:00:00 trade-01 matchd[7]: order {number} refused\n" for number in range(LINES))
    )
    passes = Passes(Syslog(Root.under(tmp_path), clocks, f"{file.stat().st_ino} 0"))
    if rotated:
        file.rename(logs / "syslog.1")
        file.touch()
    passes.take_all()
    assert max(len(events) for events in passes.told) == MOST_EVENTS + 1
    assert passes.lines_told() == LINES
    assert passes.counted["log_events_total"] == LINES
    assert passes.counted["log_messages_lost_total"] == 0
