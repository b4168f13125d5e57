"""Bursts are kept, storms bounded, counted and told; an inform that comes again is told once; garbage does no harm."""

from __future__ import annotations

import random
import socket
import subprocess
from collections.abc import Iterator

import pytest

from collector.listening.sockets import udp_socket
from collector.listening.storms import Bound
from collector.traps.peek import Damaged, peek
from collector.traps.receiving import MOST_WAITING
from tests.traps_heard.conftest import LINK_DOWN, Ear, MakeEar, switch

pytestmark = pytest.mark.peer("snmptrap")


@pytest.fixture(scope="module")
def packets() -> dict[str, bytes]:
    """One trap and one inform as snmptrap sends them."""
    found: dict[str, bytes] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(10)
        for name, words in (("trap", []), ("inform", ["-Ci"])):
            at = f"127.0.0.1:{sock.getsockname()[1]}"
            command = ["snmptrap", "-v", "2c", "-c", "area51", "-r", "0", "-t", "1", *words, at, "123", LINK_DOWN]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
                found[name] = sock.recv(65535)
    return found


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(10)
        yield sock


def test_a_burst_of_20_000_waits_in_the_buffer_until_it_is_read(
    ear: MakeEar, packets: dict[str, bytes], sender: socket.socket
) -> None:
    probe = udp_socket("127.0.0.1", 0)
    room = probe.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    probe.close()
    if room < 2 * 16 * 2**20:
        pytest.skip(f"this user may have a receive buffer of {room} bytes only (CAP_NET_ADMIN is missing)")
    listening = ear([switch()], Bound(100, 1))
    for _ in range(20_000):
        sender.sendto(packets["trap"], ("127.0.0.1", listening.port))
    drained(listening, 20_000)
    assert listening.counts()["received"] == 20_000


def drained(listening: Ear, count: int) -> None:
    """All of ``count`` accounted for: told, folded, or told to be lost."""

    def done() -> bool:
        told = listening.listener.take()
        listening.events += told.events
        gone = sum(told.counts[word] for word in ("told", "folded", "overflowed", "dropped_by_kernel"))
        return gone >= count

    listening.until(done, 120)


def test_a_storm_of_100_000_is_bounded_counted_and_told(
    ear: MakeEar, packets: dict[str, bytes], sender: socket.socket
) -> None:
    now = [100.0]
    listening = ear([switch()], Bound(500, 10), monotonic=lambda: now[0])
    for _ in range(50):
        for _ in range(2_000):
            sender.sendto(packets["trap"], ("127.0.0.1", listening.port))
        listening.listener.drain()
        listening.listener.drain()
        listening.listener.work(1)
    drained(listening, 100_000)
    counted = listening.counts()
    assert counted["told"] == 500
    assert counted["told"] + counted["folded"] + counted.get("dropped_by_kernel", 0) == 100_000
    assert len(listening.events) == 500, "the storm is not over"

    now[0] += 10
    listening.listener.work(1)
    listening.counts()
    *_, (device_no, event) = listening.events
    assert len(listening.events) == 501
    assert (device_no, event.kind, event.count) == ("SW-1", "trap_storm", counted["folded"])
    assert str(counted["folded"]) in event.text


def test_one_device_in_a_storm_leaves_the_others_their_own(ear: MakeEar, packets: dict[str, bytes]) -> None:
    listening = ear([switch(), switch("SW-2", "127.0.0.2")], Bound(10, 0.001))
    for address, count in (("127.0.0.1", 50), ("127.0.0.2", 10)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((address, 0))
            for _ in range(count):
                sock.sendto(packets["trap"], ("127.0.0.1", listening.port))
    drained(listening, 60)
    told = [device_no for device_no, event in listening.events if event.kind == "link_down"]
    assert (told.count("SW-1"), told.count("SW-2")) == (10, 10)


def test_more_than_fits_in_memory_is_counted(ear: MakeEar, packets: dict[str, bytes], sender: socket.socket) -> None:
    listening = ear([switch()], Bound(1, 0.001))
    sent = 0
    while sent < MOST_WAITING + 1_000:
        for _ in range(1_000):
            sender.sendto(packets["trap"], ("127.0.0.1", listening.port))
        sent += 1_000
        listening.listener.drain()
    drained(listening, sent)
    counted = listening.counts()
    assert counted.get("overflowed", 0) + counted.get("dropped_by_kernel", 0) >= 1_000


def test_an_inform_that_comes_again_is_acknowledged_again_and_told_once(
    ear: MakeEar, packets: dict[str, bytes], sender: socket.socket
) -> None:
    now = [100.0]
    listening = ear([switch()], monotonic=lambda: now[0])
    answers: list[bytes] = []
    for _ in range(4):
        sender.sendto(packets["inform"], ("127.0.0.1", listening.port))
        listening.listener.drain()
        listening.listener.work(1)
        answers.append(sender.recv(65535))
    assert len(set(answers)) == 1
    assert peek(answers[0]).pdu == 0xA2
    assert listening.counts() == {"received": 4, "told": 1, "repeated": 3}
    now[0] += 600
    sender.sendto(packets["inform"], ("127.0.0.1", listening.port))
    listening.listener.drain()
    listening.listener.work(1)
    assert listening.counts()["told"] == 2, "ten minutes later it is another one"


def test_informs_of_a_storm_are_acknowledged_though_not_told(
    ear: MakeEar, packets: dict[str, bytes], sender: socket.socket
) -> None:
    listening = ear([switch()], Bound(1, 0.001))
    for _ in range(5):
        sender.sendto(packets["inform"], ("127.0.0.1", listening.port))
        listening.listener.drain()
        listening.listener.work(1)
        assert sender.recv(65535)
    assert listening.counts()["folded"] == 4


def test_garbage_of_every_kind_is_counted_and_does_no_harm(
    ear: MakeEar, packets: dict[str, bytes], sender: socket.socket
) -> None:
    dice = random.Random(7)
    listening = ear([switch()])
    whole = packets["trap"]
    broken = [whole[:cut] for cut in range(len(whole))]
    broken += [dice.randbytes(dice.randrange(1, 400)) for _ in range(500)]
    for _ in range(1_500):
        torn = bytearray(whole)
        for _ in range(dice.randrange(1, 6)):
            torn[dice.randrange(len(torn))] = dice.randrange(256)
        broken.append(bytes(torn))
    for packet in broken:
        sender.sendto(packet, ("127.0.0.1", listening.port))
        listening.listener.drain()
        listening.listener.work(1)
    counted = listening.counts()
    assert counted["received"] == len(broken)
    assert counted["damaged"] + counted["refused"] + counted.get("told", 0) + counted.get("folded", 0) == len(broken)
    listening.events.clear()
    sender.sendto(whole, ("127.0.0.1", listening.port))
    listening.listener.drain()
    listening.listener.work(1)
    listening.counts()
    assert [event.kind for _, event in listening.events] == ["link_down"]


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x30", id="a tag"),
        pytest.param(b"\x30\x84\xff\xff\xff\xff", id="four gigabytes"),
        pytest.param(b"\x30\x8f" + b"\x01" * 20, id="a length of fifteen bytes"),
        pytest.param(b"\x30\x05\x02\x01\x07\x04\x00", id="version 7"),
    ],
)
def test_a_message_that_is_none_is_damaged(packet: bytes) -> None:
    with pytest.raises(Damaged):
        peek(packet)


def test_an_address_that_two_devices_claim_is_neither(
    ear: MakeEar, packets: dict[str, bytes], sender: socket.socket
) -> None:
    listening = ear([switch("SW-1"), switch("SW-2")])
    sender.sendto(packets["trap"], ("127.0.0.1", listening.port))
    listening.until(lambda: listening.listener.take().counts["received"] == 1)
    listening.listener.work(1)
    assert listening.counts() == {"received": 1, "unknown_sender": 1}
