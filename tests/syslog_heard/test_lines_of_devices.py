"""Syslog of both forms over UDP and TCP ends as events of the device whose address it came from."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from selectors import DefaultSelector

import pytest

from collector.listening.sockets import both_sockets
from collector.listening.storms import Bound
from collector.syslog.framing import LONGEST_FRAME, Frames
from collector.syslog.listener import MOST_OF_ONE, SyslogListener
from collector.syslog.parsing import parse
from readings.delivery.collection import ListedDevice
from readings.delivery.protocols import Protocols, SyslogSettings
from readings.model import Event, Severity


def switch(device_no: str = "SW-1", address: str = "127.0.0.1", worst: int = 3) -> ListedDevice:
    return ListedDevice(device_no, "room", address, protocols=Protocols(syslog=SyslogSettings(worst)))


@dataclass
class Ear:
    """The listener in a thread of the test's own."""

    listener: SyslogListener
    port: int
    events: list[tuple[str, Event]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with DefaultSelector() as selector:
            self.listener.start(selector)
            while not self.stop.is_set():
                for key, _ in selector.select(0.01):
                    key.data()
                self.listener.work(0.05)
                heard = self.listener.take()
                self.events += heard.events
                self.counts = dict(heard.counts)
            self.listener.close()

    def until(self, done: Callable[[], bool], seconds: float = 20.0) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, f"{self.counts} {self.events}"
            time.sleep(0.005)

    def texts(self) -> list[str]:
        return [event.text for _, event in self.events]

    def udp(self, *lines: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for line in lines:
                sock.sendto(line, ("127.0.0.1", self.port))

    def tcp(self, *chunks: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as sock:
            for chunk in chunks:
                sock.sendall(chunk)


MakeEar = Callable[..., Ear]


@pytest.fixture
def ear() -> Iterator[MakeEar]:
    opened: list[tuple[Ear, threading.Thread]] = []

    def make(*devices: ListedDevice, bound: Bound | None = None) -> Ear:
        udp, tcp = both_sockets("127.0.0.1", 0)
        port = udp.getsockname()[1]
        listener = SyslogListener(udp, tcp, bound or Bound(1e6, 1e6))
        listener.use(devices or [switch()])
        listening = Ear(listener, port)
        running = threading.Thread(target=listening.run)
        running.start()
        opened.append((listening, running))
        return listening

    yield make
    for one, running in opened:
        one.stop.set()
        running.join()


@pytest.mark.peer("logger")
@pytest.mark.parametrize("form", ["--rfc3164", "--rfc5424"])
@pytest.mark.parametrize("way", ["--udp", "--tcp", "--tcp --octet-count"])
def test_logger_is_heard_over_every_way(ear: MakeEar, form: str, way: str) -> None:
    listening = ear()
    command = [
        "logger",
        "-n",
        "127.0.0.1",
        "-P",
        str(listening.port),
        form,
        *way.split(),
        "-p",
        "local7.err",
        "-t",
        "ifmgr",
    ]
    subprocess.run([*command, "-t", "ifmgr", "接口 Gi0/7 光功率过低"], check=True, timeout=20)
    listening.until(lambda: bool(listening.events))
    [(device_no, event)] = listening.events
    assert (device_no, event.source, event.kind, event.severity) == ("SW-1", "syslog", "device_log", Severity.ERROR)
    assert event.text.endswith("接口 Gi0/7 光功率过低")
    assert "ifmgr" in event.text
    assert "timeQuality" not in event.text


@pytest.mark.parametrize(
    ("raw", "severity", "text"),
    [
        pytest.param(
            b"<187>Jun 30 2026 03:04:05 HW-S5720 %%01IFNET/2/linkDown_active(l)[5]:The interface status changes.",
            3,
            "HW-S5720 %%01IFNET/2/linkDown_active(l)[5]:The interface status changes.",
            id="huawei",
        ),
        pytest.param(
            b"<187>45: *Mar  1 18:46:11.123: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down",
            3,
            "%LINK-3-UPDOWN: Interface Gi0/1, changed state to down",
            id="cisco",
        ),
        pytest.param(
            "<186>Nov 25 08:00:00 2026 H3C %%10DEV/2/FAN: 风扇故障".encode("gbk"),
            2,
            "H3C %%10DEV/2/FAN: 风扇故障",
            id="gbk",
        ),
        pytest.param(
            b'<165>1 2026-11-25T08:00:00.003Z host app 99 ID47 [ex@3 iut="3" e="\\"]"][x@1 a="1"] \xef\xbb\xbfAn event',
            5,
            "app: An event",
            id="5424",
        ),
        pytest.param(b"<11>1 - - - - - - nil", 3, "nil", id="5424 of nils"),
        pytest.param(b"<0>only this", 0, "only this", id="neither form"),
        pytest.param(b"<191>x\x1b[31my\r\nz\x00", 7, "x [31my  z", id="what steers a terminal"),
        pytest.param(b"<11>", 3, "", id="empty"),
        pytest.param(b"<11>\xff\xfe\xfd", 3, "\\xff\\xfe\\xfd", id="no text at all"),
    ],
)
def test_a_line_is_read(raw: bytes, severity: int, text: str) -> None:
    line = parse(raw)
    assert line is not None
    assert (int(line.severity), line.text) == (severity, text)


@pytest.mark.parametrize(
    "raw", [b"", b"no priority", b"<192>x", b"<>x", b"<1234>x", b"< 11>x", b"<-1>x", b"\x16\x03\x01\x02", b"\x00" * 50]
)
def test_what_is_no_syslog_is_none(raw: bytes) -> None:
    assert parse(raw) is None


def test_a_line_has_a_bound() -> None:
    line = parse(b"<11>" + b"x" * 60_000)
    assert line is not None
    assert len(line.text) == 4_000


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_counted_and_ended_frames_are_told_apart_however_they_are_cut(size: int) -> None:
    stream = b"10 <11>first\n<11>second\n12 <11>th\nird.\n<11>x\r\n5 <11>y" + b"<11>last"
    frames, found = Frames(), []
    for at in range(0, len(stream), size):
        found += list(frames.feed(stream[at : at + size]))
    assert [*found, frames.rest()] == [
        b"<11>first\n",
        b"<11>second",
        b"<11>th\nird.\n",
        b"<11>x\r",
        b"<11>y",
        b"<11>last",
    ]


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(b"<11>" + b"x" * (3 * LONGEST_FRAME) + b"\n<11>after\n", id="ended by a line end"),
        pytest.param(b"%d " % (LONGEST_FRAME + 9) + b"x" * (LONGEST_FRAME + 9) + b"<11>after\n", id="counted"),
    ],
)
def test_a_frame_that_is_too_long_is_let_go_and_the_next_is_read(stream: bytes) -> None:
    frames, found = Frames(), []
    for at in range(0, len(stream), 1000):
        found += list(frames.feed(stream[at : at + 1000]))
    assert found == [b"<11>after"]
    assert frames.too_long == 1


def test_a_connection_cut_off_in_the_middle_gives_what_it_gave(ear: MakeEar) -> None:
    listening = ear()
    listening.tcp(b"<11>whole\n<11>cut o")
    listening.until(lambda: len(listening.events) == 2)
    assert listening.texts() == ["whole", "cut o"]


def test_only_lines_bad_enough_for_the_device_are_kept(ear: MakeEar) -> None:
    listening = ear(switch(), switch("SW-2", "127.0.0.2", worst=6))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.2", 0))
        for priority in (b"<187>", b"<188>", b"<190>", b"<191>"):
            other.sendto(priority + b"of the second", ("127.0.0.1", listening.port))
    listening.udp(b"<187>error", b"<188>warning", b"<190>info")
    listening.until(lambda: listening.counts.get("received") == 7 and len(listening.events) == 4)
    assert [event.text for no, event in listening.events if no == "SW-1"] == ["error"]
    assert [int(event.severity) for no, event in listening.events if no == "SW-2"] == [3, 4, 6]
    assert listening.counts["not_bad_enough"] == 3


def test_a_stranger_is_counted_and_his_connection_refused(ear: MakeEar) -> None:
    listening = ear(switch(address="192.0.2.7"))
    listening.udp(b"<11>x")
    with socket.create_connection(("127.0.0.1", listening.port)) as sock:
        sock.settimeout(10)
        assert sock.recv(10) == b""
    listening.until(lambda: listening.counts.get("unknown_sender") == 1 == listening.counts.get("refused_connections"))
    assert listening.events == []


def test_one_device_may_not_take_all_connections(ear: MakeEar) -> None:
    listening = ear()
    held = [socket.create_connection(("127.0.0.1", listening.port)) for _ in range(MOST_OF_ONE)]
    for sock in held:
        sock.sendall(b"<11>held\n")
    listening.until(lambda: len(listening.events) == MOST_OF_ONE)
    with socket.create_connection(("127.0.0.1", listening.port)) as sock:
        sock.settimeout(10)
        assert sock.recv(10) == b""
    for sock in held:
        sock.close()


def test_garbage_over_both_ways_does_no_harm(ear: MakeEar) -> None:
    listening = ear()
    listening.udp(b"", b"\x00" * 100, b"\xff" * 2000, b"<999>x")
    listening.tcp(b"\xff" * 5000)
    listening.tcp(b"99999999 " + b"x" * 100)
    listening.tcp(b"100 <11>cut")
    listening.udp(b"<11>after all")
    listening.until(lambda: "after all" in listening.texts() and "cut" in listening.texts())
    assert sorted(listening.texts()) == ["after all", "cut"]


def test_a_flood_is_bounded_and_counted(ear: MakeEar) -> None:
    listening = ear(bound=Bound(20, 0.001))
    listening.tcp(b"<11>again\n" * 5_000)
    listening.until(lambda: listening.counts.get("folded") == 4_980)
    assert listening.texts() == ["again"] * 20


def test_a_port_another_program_has_is_an_error_that_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            both_sockets("127.0.0.1", port)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", port))
