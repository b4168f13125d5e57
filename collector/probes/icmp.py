"""ICMP echo: whether an address answers, how soon and how evenly."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

import icmplib  # type: ignore[import-untyped]  # it ships no types
from msgspec import Meta

from collector.probes.stated import Host, LimitS, Settings
from readings.model import Fact, Gap, Sample, SourceFailed

RAW, DATAGRAM = "raw socket", "datagram socket"


class IcmpSettings(Settings, frozen=True, kw_only=True):
    host: Host
    count: Annotated[int, Meta(ge=1, le=20)] = 4
    interval_s: Annotated[float, Meta(ge=0.01, le=5)] = 0.2
    time_limit_s: LimitS = 2.0


@dataclass(frozen=True, slots=True)
class IcmpAnswer:
    """``round_trips_s`` of the echoes that came back, of ``sent``. ``method``: how they could be sent."""

    sent: int
    round_trips_s: tuple[float, ...]
    method: str


async def ask(settings: IcmpSettings) -> IcmpAnswer:
    """Raises SourceFailed: this machine may not send, the name is not known, or there is no way there."""
    try:
        return await _echo(settings, RAW)
    except icmplib.SocketPermissionError:
        pass
    try:
        return await _echo(settings, DATAGRAM)
    except icmplib.SocketPermissionError as error:
        raise SourceFailed(
            Gap.REFUSED,
            f"ICMP {settings.host}: user {os.geteuid()} may open neither a raw socket (CAP_NET_RAW) nor a datagram one"
            " (net.ipv4.ping_group_range)",
        ) from error


async def _echo(settings: IcmpSettings, method: str) -> IcmpAnswer:
    tried = f"ICMP {settings.host}: {settings.count} echoes by {method}"
    whole_s = settings.count * (settings.interval_s + settings.time_limit_s) + 5.0
    try:
        async with asyncio.timeout(whole_s):
            told = await icmplib.async_ping(
                settings.host,
                count=settings.count,
                interval=settings.interval_s,
                timeout=settings.time_limit_s,
                privileged=method == RAW,
            )
    except icmplib.NameLookupError as error:
        raise SourceFailed(Gap.UNREACHABLE, f"{tried}: the name is not known") from error
    except TimeoutError as error:
        raise SourceFailed(Gap.TIMED_OUT, f"{tried}: no answer in {whole_s:g} s") from error
    except icmplib.SocketPermissionError:
        raise
    except (icmplib.ICMPLibError, OSError) as error:
        raise SourceFailed(Gap.UNREACHABLE, f"{tried}: {error}") from error
    return IcmpAnswer(told.packets_sent, tuple(rtt / 1000 for rtt in told.rtts), method)


def read(answer: IcmpAnswer) -> Iterator[Sample | Fact]:
    """What was lost is known even if all was; how long it took is not."""
    trips = answer.round_trips_s
    if not answer.sent:
        raise SourceFailed(Gap.UNREADABLE, "ICMP: not one echo was sent")
    yield Sample("ping_lost_ratio", 1 - len(trips) / answer.sent)
    yield Sample("ping_round_trip_seconds", sum(trips) / len(trips) if trips else Gap.TIMED_OUT)
    yield Sample("ping_round_trip_longest_seconds", max(trips) if trips else Gap.TIMED_OUT)
    steps = [abs(after - before) for before, after in pairwise(trips)]
    jitter = sum(steps) / len(steps) if steps else (Gap.NOT_OFFERED if trips else Gap.TIMED_OUT)
    yield Sample("ping_jitter_seconds", jitter)
    yield Fact("ping_method", answer.method)
