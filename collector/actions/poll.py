"""``zhishou collector poll``: ask the devices of a list for ever, every tick on disk before the next."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal

from collector.clocks import look
from collector.device_files import load_device_types
from collector.device_list import load_device_list
from collector.files_at_once import many_files
from collector.polling import Poller
from readings.catalogue import load_catalogue
from readings.delivery.place import SpoolInUse
from readings.delivery.spool import Spool


def act(args: argparse.Namespace) -> int:
    """Raises what the list and the device files raise, and OSError for a spool that is in use."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    types = load_device_types(load_catalogue())
    devices = load_device_list(args.devices, types)
    args.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    many_files()
    try:
        spool = Spool(args.state / "spool.db")
    except SpoolInUse as error:
        raise OSError(str(error)) from error
    try:
        poller = Poller(devices, types, look, spool.append)
        asyncio.run(poller.once() if args.once else _until_stopped(poller))
    finally:
        spool.close()
    return 0


async def _until_stopped(poller: Poller) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await poller.run(stop)
