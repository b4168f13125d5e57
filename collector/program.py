"""The collector as a program: spool, uplink, what the centre says is ours, listeners, and the polling between them.

Whoever knows a way to ask devices hands in a function from a listed device to its polls (collector.polled.MakePolls).
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from collector.clocks import look
from collector.files_at_once import many_files
from collector.holding import Holding
from collector.listening.apart import Apart
from collector.polled import MakePolls
from collector.running import Collector
from collector.syslog.listener import MakeSyslog
from collector.traps.listener import MakeTraps
from readings.delivery.credential import Credential
from readings.delivery.https import client
from readings.delivery.own import Delivery
from readings.delivery.rotation import Rotation
from readings.delivery.spool import Spool
from readings.delivery.transport import Transport
from readings.delivery.uplink import Uplink

log = logging.getLogger(__name__)

STOP_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Settings:
    """``state`` holds spool and credential. A port of 0: that listener is not begun."""

    state: Path
    credential: Credential
    ca_file: Path | None = None
    listen: str = "0.0.0.0"  # noqa: S104 - devices are elsewhere; who may speak is in the device list
    trap_port: int = 162
    syslog_port: int = 514
    spool_max_bytes: int = 2 * 2**30
    rotate_after_s: float = 30 * 86_400.0


def run(settings: Settings, makers: Sequence[MakePolls], stop: threading.Event) -> None:
    """Until ``stop``. Raises SpoolInUse, Untrusted (a ValueError), OSError."""
    many_files()
    spool = Spool(settings.state / "spool.db", max_bytes=settings.spool_max_bytes, interval_s=60.0)
    listeners = _listeners(settings)
    server, credential = settings.credential.server, settings.credential
    # Two connections: what is to be asked must not wait behind a batch on a slow line, a lease least of all.
    with client(server, settings.ca_file) as sending, client(server, settings.ca_file) as asking:
        transport = Transport(sending, credential.credential)
        rotation = Rotation(
            asking,
            settings.state,
            credential,
            transport,
            every_s=settings.rotate_after_s,
            wall_s=lambda: look().wall_ns / 1e9,
        )
        delivery = Delivery(spool)
        holding = Holding(asking, rotation)
        collector = Collector(spool, look, makers, holding.holds, listeners=listeners, own=[delivery])
        holding.changed = collector.use
        uplink = delivery.uplink = Uplink(spool, transport.post, look, after=holding.after)
        threads = [
            threading.Thread(target=uplink.run, args=(stop,), name="uplink", daemon=True),
            threading.Thread(target=holding.run, args=(stop,), name="holding", daemon=True),
        ]
        for listener in listeners:
            listener.start()
        for thread in threads:
            thread.start()
        log.info("%s asks devices for %s", credential.agent_id, server)
        try:
            asyncio.run(_until(collector, stop))
        finally:
            stop.set()
            holding.wake()
            for listener in listeners:
                listener.stop()
            for thread in threads:
                thread.join(STOP_WITHIN_S)
            spool.close()
            log.info("stopped")


async def _until(collector: Collector, stop: threading.Event) -> None:
    ended = asyncio.Event()
    working = asyncio.create_task(collector.run(ended))
    while not stop.is_set():  # noqa: ASYNC110 - a signal sets it, from outside this loop
        await asyncio.sleep(0.2)
    ended.set()
    await working


def _listeners(settings: Settings) -> list[Apart]:
    found: list[Apart] = []
    if settings.trap_port:
        found.append(Apart("traps", MakeTraps(settings.listen, settings.trap_port)))
    if settings.syslog_port:
        found.append(Apart("syslog", MakeSyslog(settings.listen, settings.syslog_port)))
    return found


def stopped_by_signals() -> threading.Event:
    """For the main thread of a program."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_told: stop.set())
    return stop
