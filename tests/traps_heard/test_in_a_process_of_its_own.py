"""The listener runs apart: it is given its devices by a pipe, begun anew when it dies, and shows no secret."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collector.listening.apart import Apart
from collector.listening.storms import Bound
from collector.syslog.listener import MakeSyslog
from collector.traps.listener import MakeTraps
from readings.delivery.collection import ListedDevice
from readings.delivery.protocols import Protocols, SyslogSettings
from readings.model import Event
from tests.traps_heard.conftest import LINK_DOWN, switch


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def until(done: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def traps(port: int) -> Iterator[Apart]:
    apart = Apart("traps", MakeTraps("127.0.0.1", port, Bound(100, 1)), begin_again_s=0.05)
    apart.use([switch(community="n0b0dy-sees")])
    apart.start()
    until(lambda: not apart.trouble)
    yield apart
    apart.stop()


def told(apart: Apart, port: int) -> list[tuple[str, Event]]:
    """What comes of a trap that is sent until it is told."""
    heard: list[tuple[str, Event]] = []

    def once() -> bool:
        at = f"127.0.0.1:{port}"
        command = ["snmptrap", "-v", "2c", "-c", "n0b0dy-sees", at, "123", LINK_DOWN]
        subprocess.run(command, check=True, capture_output=True, timeout=20)
        heard.extend(apart.take().events)
        return bool(heard)

    until(once)
    return heard


@pytest.mark.peer("snmptrap")
def test_what_it_hears_is_handed_over(traps: Apart, port: int) -> None:
    assert {(no, event.kind) for no, event in told(traps, port)} == {("SW-1", "link_down")}
    assert traps.pid != os.getpid()


@pytest.mark.peer("snmptrap")
def test_no_argument_and_no_variable_of_it_holds_a_secret(traps: Apart, port: int) -> None:
    told(traps, port)
    for name in ("cmdline", "environ"):
        assert b"n0b0dy-sees" not in Path(f"/proc/{traps.pid}/{name}").read_bytes()


@pytest.mark.peer("snmptrap")
def test_one_that_is_killed_is_begun_anew_with_its_devices(traps: Apart, port: int) -> None:
    told(traps, port)
    before = traps.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    until(lambda: traps.pid not in {None, before} and not traps.trouble)
    assert told(traps, port)


def test_a_port_that_is_taken_is_said_once_and_taken_when_it_is_free(caplog: pytest.LogCaptureFixture) -> None:
    tries: set[int | None] = set()

    def tried_again() -> bool:
        tries.add(apart.pid)
        return len(tries - {None}) >= 3 and "cannot listen" in apart.trouble

    with caplog.at_level("WARNING", "collector.listening.apart"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
            apart = Apart("traps", MakeTraps("127.0.0.1", port), begin_again_s=0.05)
            apart.start()
            until(tried_again)
        assert f"127.0.0.1 port {port}: Address already in use" in apart.trouble
        assert caplog.text.count("traps: nothing is heard: cannot listen") == 1
        until(lambda: not apart.trouble)
        apart.stop()


def test_syslog_runs_apart_too(port: int) -> None:
    apart = Apart("syslog", MakeSyslog("127.0.0.1", port))
    device = ListedDevice("SW-1", "room", "127.0.0.1", protocols=Protocols(syslog=SyslogSettings()))
    apart.use([device])
    apart.start()
    heard: list[str] = []

    def once() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"<11>fan failed", ("127.0.0.1", port))
        heard.extend(event.text for _, event in apart.take().events)
        return bool(heard)

    until(once)
    apart.stop()
    assert set(heard) == {"fan failed"}
