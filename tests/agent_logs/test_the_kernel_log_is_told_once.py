"""/dev/kmsg: every error once, over restarts, and the exact number of what was overwritten."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.host.root import Root
from agent.oslog.kernel_log import KernelLog, parse
from agent.oslog.telling import MOST_EVENTS, LogSource
from readings.model import Clocks, Event, Gap, Severity, SourceFailed

BOOT = "6f1d0c6e-8b5a-4f4e-9d2f-0a1b2c3d4e5f"
Told = Callable[[LogSource], list[Event]]
Counted = Callable[[LogSource], dict[str, float]]


class Kernel:
    """A kernel's log: one record a read, EPIPE once when records were overwritten, EAGAIN at the end."""

    def __init__(self) -> None:
        self.records: list[bytes | OSError] = []

    def say(self, level: int, sequence: int, text: str, *, facility: int = 0, usec: int | None = None) -> None:
        stamp = sequence * 1000 if usec is None else usec
        self.records.append(f"{facility << 3 | level},{sequence},{stamp},-;{text}\n SUBSYSTEM=x\n".encode())

    def read(self, _descriptor: int, _size: int) -> bytes:
        if not self.records:
            raise BlockingIOError(11, "nothing yet")
        record = self.records.pop(0)
        if isinstance(record, bytes):
            return record
        raise record


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Kernel:
    made = Kernel()
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/kmsg").touch()
    monkeypatch.setattr(os, "read", made.read)
    return made


@pytest.fixture
def open_log(tmp_path: Path, clocks: Callable[[], Clocks]) -> Callable[..., KernelLog]:
    return lambda mark="": KernelLog(Root.under(tmp_path), clocks, mark)


def test_errors_are_told_and_the_rest_is_not(kernel: Kernel, open_log: Callable[..., KernelLog], told: Told) -> None:
    kernel.say(6, 0, "Linux version 6")
    kernel.say(3, 1, "EDAC MC0: 1 UE")
    kernel.say(4, 2, "a warning")
    kernel.say(3, 3, "said by a program", facility=1)
    events = told(open_log())
    assert [(event.kind, event.severity, event.text, event.cursor) for event in events] == [
        ("kernel_log", Severity.ERROR, "EDAC MC0: 1 UE", "1"),
        ("user_log", Severity.ERROR, "said by a program", "3"),
    ]


def test_what_was_overwritten_is_counted_exactly(
    kernel: Kernel, open_log: Callable[..., KernelLog], told: Told, counted: Counted
) -> None:
    log = open_log()
    kernel.say(6, 10, "ten")
    assert told(log) == []
    kernel.records.append(BrokenPipeError(32, "overwritten"))
    kernel.say(6, 28, "after the storm")
    (event,) = told(log)
    assert (event.kind, event.count, event.cursor) == ("log_lost", 17, "27")
    assert event.text == "17 kernel messages were overwritten unread (11 to 27)"
    log.commit()
    assert counted(log)["log_messages_lost_total"] == 17


def test_a_restart_goes_on_where_the_tick_on_disk_ended(
    kernel: Kernel, open_log: Callable[..., KernelLog], told: Told
) -> None:
    kernel.say(3, 1, "one")
    kernel.say(3, 2, "two")
    log = open_log()
    assert len(told(log)) == 2
    mark = log.mark
    kernel.say(3, 1, "one")
    kernel.say(3, 2, "two")
    kernel.say(3, 3, "three")
    assert [event.text for event in told(open_log(mark))] == ["three"]


def test_messages_overwritten_while_the_agent_was_away_are_counted(
    kernel: Kernel, open_log: Callable[..., KernelLog], told: Told
) -> None:
    kernel.say(6, 107, "first that is left")
    (event,) = told(open_log(f"{BOOT} 100"))
    assert (event.kind, event.count) == ("log_lost", 7)


def test_after_a_reboot_all_of_the_new_boot_is_told(
    kernel: Kernel, open_log: Callable[..., KernelLog], told: Told
) -> None:
    kernel.say(3, 0, "first of this boot")
    assert [event.text for event in told(open_log("another-boot 5000"))] == ["first of this boot"]


def test_at_the_very_first_start_nothing_is_called_lost(
    kernel: Kernel, open_log: Callable[..., KernelLog], told: Told
) -> None:
    kernel.say(6, 5000, "the oldest that is left")
    assert told(open_log()) == []


def test_what_was_not_committed_is_told_again_and_once_only(
    kernel: Kernel, open_log: Callable[..., KernelLog], told: Told
) -> None:
    log = open_log()
    kernel.say(3, 1, "one")
    assert [event.text for event in told(log)] == ["one"]
    kernel.say(3, 2, "two")
    assert [event.text for event in told(log)] == ["one", "two"]
    log.commit()
    assert told(log) == []


def test_a_pass_that_fails_neither_moves_the_mark_nor_loses_what_it_had(
    kernel: Kernel, open_log: Callable[..., KernelLog], told: Told
) -> None:
    log = open_log()
    kernel.say(3, 1, "one")
    kernel.records.append(OSError(5, "Input/output error"))
    with pytest.raises(SourceFailed):
        log.read()
    assert log.mark == ""
    log.commit()
    assert [event.text for event in told(log)] == ["one"]
    assert log.mark == f"{BOOT} 2"


def test_alike_lines_are_one_event_that_counts_them(
    kernel: Kernel, open_log: Callable[..., KernelLog], told: Told
) -> None:
    for number in range(50):
        kernel.say(3, number, "nvme0: timeout")
    (event,) = told(open_log())
    assert (event.count, event.cursor) == (50, "49")


def test_a_storm_is_bounded_and_the_rest_counted(
    kernel: Kernel, open_log: Callable[..., KernelLog], told: Told, counted: Counted
) -> None:
    for number in range(MOST_EVENTS + 30):
        kernel.say(3, number, f"error {number}")
    log = open_log()
    events = told(log)
    assert len(events) == MOST_EVENTS + 1
    assert (events[-1].kind, events[-1].count) == ("log_held_back", 30)
    log.commit()
    totals = counted(log)
    assert totals["log_events_total"] == MOST_EVENTS + 30
    assert totals["log_events_held_back_total"] == 30


def test_what_waits_for_the_disk_is_bounded_too(kernel: Kernel, open_log: Callable[..., KernelLog], told: Told) -> None:
    log = open_log()
    for storm in range(12):
        for number in range(150):
            kernel.say(3, storm * 150 + number, f"error {storm} {number}")
        events = told(log)
    assert len(events) <= 1020
    assert sum(event.count for event in events) == 12 * 150


def test_a_message_read_live_is_dated_between_two_passes(
    kernel: Kernel, open_log: Callable[..., KernelLog], told: Told
) -> None:
    log = open_log()
    kernel.say(3, 1, "old", usec=5_000_000)
    assert told(log)[0].boottime_ns == pytest.approx(5 * 10**9, abs=10**9 * 3600)
    log.commit()
    # The kernel's stamp has drifted by ten minutes: it cannot have been before the pass that did not see it.
    kernel.say(3, 2, "new", usec=400_000_000)
    assert told(log)[0].boottime_ns == 1_000 * 10**9


def test_text_outside_ascii_is_what_it_was() -> None:
    (record,) = parse(rb"11,5,7,-;\xe7\xa3\x81\xe7\x9b\x98 tab\x09 back\x5cslash" + b"\n")
    assert record.text == "磁盘 tab\\x09 back\\slash"
    assert (record.facility, record.level, record.sequence, record.usec) == (1, 3, 5, 7)


@pytest.mark.parametrize(
    "chunk",
    [b"", b"\n", b" KEY=value\n", b"no fields;text\n", b"3,x,5,-;text\n", b"3,4;text\n", b"\xff\xfe", b"3,4,5,-text\n"],
)
def test_what_is_no_record_is_passed_over(chunk: bytes) -> None:
    assert list(parse(chunk)) == []


def test_a_host_without_a_kernel_log_says_so(tmp_path: Path, clocks: Callable[[], Clocks]) -> None:
    with pytest.raises(SourceFailed) as failed:
        KernelLog(Root.under(tmp_path), clocks).read()
    assert failed.value.gap is Gap.NOT_OFFERED


def test_a_kernel_log_for_root_only_is_refused(
    kernel: Kernel, open_log: Callable[..., KernelLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SourceFailed) as failed:
        open_log().read()
    assert failed.value.gap is Gap.REFUSED


@pytest.mark.skipif(not os.access("/dev/kmsg", os.W_OK), reason="/dev/kmsg may not be written here")
def test_the_real_kernel_log_is_understood(clocks: Callable[[], Clocks]) -> None:
    log = KernelLog(Root(), clocks)
    list(log._records())
    text = f"zhishou test {os.getpid()} 磁盘"
    with Path("/dev/kmsg").open("wb", buffering=0) as kernel:
        kernel.write(f"<7>{text}\n".encode())  # not as an error: this host may be watched
    (record,) = (record for record in log._records() if record.text == text)
    assert (record.facility, record.level) == (1, 7)
