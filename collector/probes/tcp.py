"""A TCP port: whether it accepts, and how soon. Nothing is sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

from collector.probes.failing import failed
from collector.probes.stated import Host, LimitS, Port, Settings
from readings.model import Gap, Sample


class TcpSettings(Settings, frozen=True, kw_only=True):
    host: Host
    port: Port
    time_limit_s: LimitS = 5.0


@dataclass(frozen=True, slots=True)
class TcpAnswer:
    """``seconds`` until it was accepted; None: something answered, and the answer was no."""

    port: int
    seconds: float | None


async def ask(settings: TcpSettings) -> TcpAnswer:
    """Raises SourceFailed: silence and no way there are gaps, a refusal is an answer."""
    started = time.perf_counter()
    try:
        async with asyncio.timeout(settings.time_limit_s):
            _, writer = await asyncio.open_connection(settings.host, settings.port)
    except (ConnectionRefusedError, ConnectionResetError):
        return TcpAnswer(settings.port, None)
    except OSError as error:
        raise failed(error, f"TCP {settings.host} port {settings.port}: connect", settings.time_limit_s) from error
    seconds = time.perf_counter() - started
    writer.transport.abort()
    return TcpAnswer(settings.port, seconds)


def read(answer: TcpAnswer) -> Iterator[Sample]:
    part = f"port {answer.port}"
    yield Sample("tcp_port_open", 0.0 if answer.seconds is None else 1.0, part)
    yield Sample("tcp_connect_seconds", Gap.NOT_OFFERED if answer.seconds is None else answer.seconds, part)
