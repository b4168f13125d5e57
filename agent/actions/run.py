"""``zhishou agent run``: read this host and send what was read, until stopped."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
from types import FrameType

from agent.all_sources import all_sources
from agent.clocks import clocks_of
from agent.commands import complain
from agent.configuration import Configured, paced_of
from agent.errands import Errands
from agent.host.root import Root
from agent.oslog.self_test import self_test_of
from agent.running import Passes, work
from agent.settings import DEFAULT_SERVER, Settings
from readings.delivery.address import check_server
from readings.delivery.credential import CredentialUnusable, kept
from readings.delivery.https import client
from readings.delivery.own import Delivery
from readings.delivery.place import SpoolInUse
from readings.delivery.rotation import Rotation
from readings.delivery.spool import Spool
from readings.delivery.transport import Transport
from readings.delivery.trust import pinned
from readings.delivery.uplink import Uplink


def act(settings: Settings, _args: argparse.Namespace) -> int:

    os.umask(0o077)  # the spool holds what programs logged
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stop = _stopped_by_signals()
    try:
        credential = kept(settings.state)
        settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        spool = Spool(
            settings.state / "spool.db",
            max_bytes=settings.spool_max_bytes,
            max_age_s=settings.spool_max_age_s,
            interval_s=settings.interval_s,
        )
        server = check_server(settings.server or (credential.server if credential else DEFAULT_SERVER))
        http = client(server, pinned(settings.state, settings.ca_file))
    except (CredentialUnusable, SpoolInUse, OSError, ValueError) as error:
        return complain(str(error))
    log = logging.getLogger("agent")
    root = Root.under(settings.root)
    clocks = clocks_of(root)
    delivery = Delivery(spool)
    seen = all_sources(root, clocks, spool.marks())
    sources = [*seen.sources, delivery, self_test_of(root, clocks, seen.logs)]
    passes = Passes(sources, seen.logs, spool, clocks)
    configured = Configured(
        settings.state, settings, follow=passes.follow, paced=paced_of([*sources, *seen.logs]), tell=spool.tell
    )
    passes.follow(settings.interval_s)
    configured.start()
    uplink = None
    if credential is None:
        log.warning("not enrolled: readings are kept in %s and go nowhere (zhishou agent enrol)", settings.state)
    else:
        transport = Transport(http, credential.credential)
        rotation = Rotation(
            http,
            settings.state,
            credential,
            transport,
            every_s=settings.rotate_after_s,
            wall_s=lambda: clocks().wall_ns / 1e9,
        )
        errands = Errands(http, configured, rotation)
        uplink = delivery.uplink = Uplink(spool, transport.post, clocks, after=errands.after)
        log.info("%s for device %s, sending to %s", credential.agent_id, credential.device_no, server)
    try:
        work(passes, uplink, stop)
    finally:
        http.close()
        spool.close()
    log.info("stopped")
    return 0


def _stopped_by_signals() -> threading.Event:
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, end)
    return stop
