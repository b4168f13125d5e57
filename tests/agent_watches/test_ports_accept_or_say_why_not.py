"""Real sockets on loopback: one that listens, one that was closed, and one that never answers."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest

from agent.host.root import Root
from agent.watched.ports import Ports, Tried, newest
from agent.watched.things import Watch, WatchedPort
from agent.watched.turns import Answered, Turns
from readings.model import Gap, Sample, SourceFailed

Host = Any  # the one of conftest, which a test folder without packages cannot import


def test_a_port_that_closes_is_told_in_the_next_pass(host: Host) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    host.write(f"ports: {{银期: {{port: {port}}}}}")
    said = host.look()
    assert said["watched_port_open", "银期"] == 1
    assert 0 < said["watched_port_connect_seconds", "银期"] < 5
    assert host.events == []
    listening.close()
    said = host.look()
    assert said["watched_port_open", "银期"] == 0
    assert said["watched_port_connect_seconds", "银期"] is Gap.NOT_OFFERED
    assert host.told("watched_port_closed") == [f"银期: 127.0.0.1 port {port} no longer accepts"]
    with socket.create_server(("127.0.0.1", port)):
        assert host.look()["watched_port_open", "银期"] == 1
    assert len(host.told("watched_port_opened")) == 1


def test_an_address_of_the_newer_protocol_is_asked_too(host: Host) -> None:
    with socket.socket(socket.AF_INET6) as listening:
        try:
            listening.bind(("::1", 0))
        except OSError:
            pytest.skip("this host has no IPv6 loopback")
        listening.listen()
        host.write(f"ports: {{x: {{port: {listening.getsockname()[1]}, host: '::1'}}}}")
        assert host.look()["watched_port_open", "x"] == 1


def test_silence_is_a_gap_and_holds_no_pass(host: Host) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        # A queue that is full answers no further connection: as a firewall that drops.
        waiting = [socket.socket() for _ in range(3)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(full.getsockname())
            host.patience_s = 0.0
            host.write(f"ports: {{x: {{port: {full.getsockname()[1]}, time_limit: 100 ms}}}}")
            assert host.look()["watched_port_open", "x"] is Gap.TIMED_OUT
            host.patience_s = 5.0
            assert host.look(2)["watched_port_open", "x"] is Gap.TIMED_OUT
        finally:
            for one in waiting:
                one.close()


def test_a_tree_of_files_has_no_ports() -> None:
    source = Ports(Root.under("/no-such-host"), lambda: Watch((WatchedPort("x", 80),)))
    with pytest.raises(SourceFailed) as failed:
        list(source.read())
    assert failed.value.gap is Gap.NOT_OFFERED


def test_an_answer_too_old_is_no_answer() -> None:
    port = WatchedPort("x", 80)
    assert newest(port, Answered(0.0, Tried(1.0, 0.1)), 30.0).open == 1.0
    assert newest(port, Answered(0.0, Tried(1.0, 0.1)), 90.0).open is Gap.TIMED_OUT
    assert newest(port, None, 0.0).open is Gap.TIMED_OUT


# Turns: the same for all that takes its time


class Questions:
    """Questions that hang until ``let`` is set; how often each was put."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.put: list[str] = []

    def __call__(self, thing: str) -> str:
        self.put.append(thing)
        if thing.startswith("slow"):
            self.let.wait(30)
        return f"{thing} answered"


def test_one_that_hangs_delays_no_other_and_is_not_asked_again() -> None:
    ask = Questions()
    turns: Turns[str, str] = Turns(ask, patience_s=0.05)
    try:
        for _ in range(3):
            answers = turns.take({"slow": 0.0, "quick": 0.0})
            assert answers["slow"] is None
            assert answers["quick"] is not None
        assert ask.put.count("slow") == 1
        assert ask.put.count("quick") == 3
    finally:
        ask.let.set()
    while turns.take({"slow": 100.0})["slow"] is None:
        time.sleep(0.01)


def test_at_most_so_many_are_asked_at_once_and_the_rest_has_its_turn() -> None:
    ask = Questions()
    turns: Turns[str, str] = Turns(ask, patience_s=0.01)
    before = threading.active_count()
    try:
        for _ in range(3):
            turns.take({f"slow {number}": 0.0 for number in range(40)})
        assert len(ask.put) <= 16
        assert threading.active_count() - before <= 16
    finally:
        ask.let.set()
    turns = Turns(ask, patience_s=5.0)
    paces = {f"{number}": 1000.0 for number in range(40)}
    for _ in range(3):
        answers = turns.take(paces)
    assert None not in answers.values()


def test_a_pace_is_kept() -> None:
    ask = Questions()
    now = [100.0]
    turns: Turns[str, str] = Turns(ask, patience_s=5.0, monotonic=lambda: now[0])
    for at in (100.0, 115.0, 130.0, 145.0, 159.8, 175.0):
        now[0] = at
        turns.take({"command": 60.0})
    assert ask.put == ["command"] * 2


def test_a_left_out_port_is_a_gap() -> None:
    source = Ports(Root(), lambda: Watch((), {"bank": "wrong.yaml: …"}))
    assert list(source.read()) == [Sample("watched_port_open", Gap.UNREADABLE, "bank")]
