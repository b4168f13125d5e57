"""ICMP echoes of loopback, lost ones, and a machine that may not send."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import icmplib  # type: ignore[import-untyped]  # it ships no types
import pytest

from collector.probes.icmp import DATAGRAM, RAW, IcmpAnswer, IcmpSettings, ask, read
from collector.probes.stated import WrongSettings, taken
from readings.model import Fact, SourceFailed

Values = Callable[..., dict[str, float | str]]


@pytest.mark.peer("root")
def test_loopback_answers_every_echo(values: Values) -> None:
    answer = asyncio.run(ask(IcmpSettings(host="127.0.0.1", count=3, interval_s=0.01)))
    told = values(read(answer))
    assert told["ping_lost_ratio"] == 0.0
    trip = told["ping_round_trip_seconds"]
    assert isinstance(trip, float)
    assert 0 < trip < 1
    assert Fact("ping_method", RAW) in list(read(answer))


def test_no_echo_back_is_all_lost_and_no_time(values: Values) -> None:
    told = values(read(IcmpAnswer(sent=4, round_trips_s=(), method=RAW)))
    assert told == {
        "ping_lost_ratio": 1.0,
        "ping_round_trip_seconds": "timed_out",
        "ping_round_trip_longest_seconds": "timed_out",
        "ping_jitter_seconds": "timed_out",
    }


def test_some_lost_echoes_leave_the_times_of_the_others(values: Values) -> None:
    told = values(read(IcmpAnswer(sent=4, round_trips_s=(0.010, 0.030), method=RAW)))
    assert told["ping_lost_ratio"] == 0.5
    assert told["ping_round_trip_seconds"] == pytest.approx(0.020)
    assert told["ping_round_trip_longest_seconds"] == 0.030
    assert told["ping_jitter_seconds"] == pytest.approx(0.020)


# In a network of its own, where the kernel lets everybody send echoes; once as root, so that all is imported.
AS_NOBODY = """
import asyncio, fcntl, os, socket, struct
from pathlib import Path
from collector.probes.icmp import IcmpSettings, ask
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 1))
Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 2147483647")
settings = IcmpSettings(host="127.0.0.1", count=2, interval_s=0.01)
asyncio.run(ask(settings))
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
print(asyncio.run(ask(settings)))
"""


@pytest.mark.peer("root", "unshare")
def test_a_user_without_rights_sends_by_the_datagram_socket_the_kernel_offers(root: Path) -> None:
    command = ["unshare", "--net", sys.executable, "-c", AS_NOBODY]
    told = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=60)
    if "Operation not permitted" in told.stderr and "unshare" in told.stderr:
        pytest.skip("no network namespace can be made here")
    assert told.returncode == 0, told.stderr
    assert "method='datagram socket'" in told.stdout
    assert "sent=2" in told.stdout


def test_without_the_right_to_raw_sockets_a_datagram_one_is_used_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Host:
        packets_sent, rtts = 1, [0.5]

    async def ping(address: str, *, privileged: bool, **_: Any) -> Host:
        if privileged:
            raise icmplib.SocketPermissionError(privileged)
        return Host()

    monkeypatch.setattr(icmplib, "async_ping", ping)
    answer = asyncio.run(ask(IcmpSettings(host="127.0.0.1", count=1)))
    assert answer.method == DATAGRAM
    assert answer.round_trips_s == (0.0005,)


def test_with_no_right_to_any_socket_the_sentence_says_which_two_were_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ping(address: str, *, privileged: bool, **_: Any) -> None:
        raise icmplib.SocketPermissionError(privileged)

    monkeypatch.setattr(icmplib, "async_ping", ping)
    with pytest.raises(SourceFailed, match=r"neither a raw socket .* nor a datagram one") as failure:
        asyncio.run(ask(IcmpSettings(host="127.0.0.1")))
    assert failure.value.gap.word == "refused"


@pytest.mark.parametrize(
    ("written", "field"),
    [
        pytest.param({"host": "127.0.0.1", "count": 21}, "count", id="too many echoes"),
        pytest.param({"host": "127.0.0.1", "interval_s": 0}, "interval_s", id="a flood"),
        pytest.param({"host": "-c 9", "count": 1}, "host", id="no host"),
        pytest.param({"host": "127.0.0.1", "ttl": 3}, "ttl", id="an unknown field"),
    ],
)
def test_settings_past_their_limits_are_refused_by_field(written: dict[str, Any], field: str) -> None:
    with pytest.raises(WrongSettings, match=field):
        taken(IcmpSettings, written)
