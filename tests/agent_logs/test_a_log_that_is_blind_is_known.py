"""Once a day a line of our own goes into each log: what does not bring it back within two minutes is blind."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.clocks import clocks_of
from agent.host.root import Root
from agent.oslog.kernel_log import KernelLog
from agent.oslog.self_test import A_DAY_S, AGAIN_S, SelfTest, Trial, self_test_of, send
from agent.oslog.sources import log_sources
from agent.oslog.syslog import Syslog
from agent.oslog.telling import Telling, marker
from readings.model import Clocks, Event, Gap, Sample, Severity

START_NS = 1_000 * 10**9


@dataclass
class Log:
    """A log under test, and the clock beside it; ``works`` False: what is written into it goes nowhere."""

    works: bool = True
    there: bool = True
    now_ns: int = START_NS
    written: list[str] = field(default_factory=list)
    fails: OSError | None = None
    telling: Telling = field(default_factory=lambda: Telling("kernel_log", "kernel", ""))

    def __post_init__(self) -> None:
        tokens = iter(f"{number:016x}" for number in range(100))
        trial = Trial("kernel", self.telling, self._write, lambda: self.there)
        self.test = SelfTest([trial], lambda: Clocks("boot", self.now_ns, 0), lambda: next(tokens))

    def _write(self, line: str) -> None:
        if self.fails is not None:
            raise self.fails
        self.written.append(line)

    def pass_after(self, seconds: float) -> list[float | Gap]:
        """What the self-test says in a pass so much later; after it the log is read, as in a real pass."""
        self.now_ns += int(seconds * 1e9)
        before = len(self.written)
        said = [sample.value for sample in self.test.read()]
        self.telling.begin()
        if self.works:
            for line in self.written[before:]:
                self.telling.add("user_log", Severity.ERROR, line)
        self.events = [item for item in self.telling.end("") if isinstance(item, Event)]
        return said

    def count(self) -> float | Gap:
        self.telling.begin()
        return next(
            item.value
            for item in self.telling.end("")
            if isinstance(item, Sample) and item.metric == "log_events_total"
        )


def test_what_comes_back_is_seen_and_is_no_event() -> None:
    log = Log()
    assert log.pass_after(0) == [], "nothing is known yet"
    assert log.events == []
    assert log.pass_after(15) == [1.0]
    assert log.count() == 0.0


def test_it_is_written_once_a_day() -> None:
    log = Log()
    log.pass_after(0)
    assert log.pass_after(15) == [1.0]
    assert log.pass_after(A_DAY_S - 30) == [1.0]
    assert len(log.written) == 1
    assert log.pass_after(15) == [1.0], "while today's is awaited, yesterday's holds"
    assert len(log.written) == 2
    assert log.pass_after(15) == [1.0]


def test_what_does_not_come_back_is_blind_and_its_count_is_a_gap() -> None:
    log = Log(works=False)
    log.pass_after(0)
    assert log.pass_after(119) == []
    assert log.pass_after(1) == [0.0]
    assert log.count() is Gap.BLIND


def test_one_that_was_repaired_is_soon_seen_again() -> None:
    log = Log(works=False)
    log.pass_after(0)
    assert log.pass_after(120) == [0.0]
    log.works = True
    assert log.pass_after(AGAIN_S - 120) == [0.0]
    assert log.pass_after(15) == [1.0]
    assert log.count() == 0.0


def test_one_that_stops_working_is_found_the_next_day() -> None:
    log = Log()
    log.pass_after(0)
    log.pass_after(15)
    log.works = False
    log.pass_after(A_DAY_S)
    assert log.pass_after(120) == [0.0]


@pytest.mark.parametrize(
    ("number", "gap"),
    [(13, Gap.REFUSED), (2, Gap.NOT_OFFERED), (11, Gap.TIMED_OUT), (28, Gap.UNREADABLE)],
    ids=["not permitted", "nobody listens", "full", "any other"],
)
def test_what_could_not_be_written_proves_nothing(number: int, gap: Gap) -> None:
    log = Log(fails=OSError(number, "no"))
    assert log.pass_after(0) == [gap]
    assert log.pass_after(300) == [gap]
    assert log.count() == 0.0, "not blind: untested"


def test_a_host_without_such_a_log_offers_none_and_is_not_written_to() -> None:
    log = Log(there=False)
    assert log.pass_after(0) == log.pass_after(300) == [Gap.NOT_OFFERED]
    assert log.written == []


def test_a_line_that_says_more_than_the_marker_is_an_event() -> None:
    telling = Telling("syslog", "syslog", "")
    telling.begin()
    for text in (
        f"{marker('0' * 16)} disk failed",
        f"matchd: {marker('0' * 16)}",
        "zhishou-agent: self-test failed, error",
    ):
        telling.add("user_log", Severity.ERROR, text)
    assert len([item for item in telling.end("") if isinstance(item, Event)]) == 3
    assert telling.marker == ""


def test_a_recorded_host_is_never_written_to(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/kmsg").write_text("")
    root = Root.under(tmp_path)
    clocks = clocks_of(root)
    test = self_test_of(root, clocks, log_sources(root, clocks, {}))
    said = {sample.part: sample.value for sample in test.read()}
    assert said == dict.fromkeys(("kernel", "journal", "syslog"), Gap.NOT_OFFERED)
    assert (tmp_path / "dev/kmsg").read_text() == ""


@pytest.fixture
def syslogd(tmp_path: Path) -> Iterator[Path]:
    """A host whose syslog daemon writes what comes to /dev/log into /var/log/syslog, as rsyslog does."""
    (tmp_path / "dev").mkdir()
    (tmp_path / "var/log").mkdir(parents=True)
    file = tmp_path / "var/log/syslog"
    file.write_text("")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "dev/log"))

        def write() -> None:
            while (said := listening.recv(4096)) != b"end":
                stamp, text = said[4:19].decode(), said[20:].decode()
                with file.open("a") as log:
                    log.write(f"{stamp} db-01 {text}\n")

        daemon = threading.Thread(target=write, daemon=True)
        daemon.start()
        yield tmp_path
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", str(tmp_path / "dev/log"))
        daemon.join()


def test_through_a_syslog_daemon_and_its_file(syslogd: Path, clocks: Callable[[], Clocks]) -> None:
    root = Root.under(syslogd)
    syslog = Syslog(root, clocks)
    list(syslog.read())  # where it begins
    test = self_test_of(root, clocks, [syslog])
    assert list(test.read()) == []
    send(str(syslogd / "dev/log"), "matchd: order book broken, an error", clocks().wall_ns)
    events: list[Event] = []
    while not events:  # the daemon writes in order: with the second line the first is there
        events += [item for item in syslog.read() if isinstance(item, Event)]
        syslog.commit()
    assert [event.text for event in events] == ["matchd: order book broken, an error"]
    assert list(test.read()) == [Sample("log_marker_seen", 1.0, "syslog")]


@pytest.mark.skipif(not os.access("/dev/kmsg", os.W_OK), reason="/dev/kmsg may not be written here")
def test_through_the_real_kernel() -> None:
    root = Root()
    clocks = clocks_of(root)
    log = KernelLog(root, clocks)
    list(log.read())
    log.commit()
    test = self_test_of(root, clocks, [log])
    assert list(test.read()) == []
    told = [item.text for item in log.read() if isinstance(item, Event) and "self-test" in item.text]
    assert told == []
    assert list(test.read()) == [Sample("log_marker_seen", 1.0, "kernel")]
