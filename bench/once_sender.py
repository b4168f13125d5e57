"""A sender that can be killed at any moment: real spool, uplink and transport, and a ledger of what it set out to do.

Every tick has a serial of its own and ``--series`` values that follow from it; every fifth an event. The ledger says
``begin N`` before a tick is handed to the spool and ``done N`` after: what is done must be stored once, what was only
begun at most once. Byte 0 of ``--flight`` is 1 while a request is under way, so that a killer can choose its moment.
"""

from __future__ import annotations

import argparse
import mmap
import os
import sys
import threading
import time
from array import array
from pathlib import Path

from agent.clocks import clocks_of
from agent.host.root import Root
from readings.delivery.answer import Answer
from readings.delivery.https import client
from readings.delivery.runner import TakenTick
from readings.delivery.spool import Spool
from readings.delivery.transport import Transport
from readings.delivery.uplink import Uplink
from readings.model import Event, Severity
from readings.wire import pack_series

METRIC = "once_serial"
EVENT_EVERY = 5


def value_of(serial: int, column: int) -> float:
    """The value of a column at that serial: no two alike, exact in a float."""
    return float(serial * 10_000 + column)


def part_of(column: int) -> str:
    return f"{column:04}"


def event_text(serial: int) -> str:
    return f"I/O error, serial {serial}"


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--state", type=Path, required=True)
    given.add_argument("--server", required=True)
    given.add_argument("--series", type=int, default=1000)
    given.add_argument("--pace", type=float, default=0.02, help="seconds between ticks")
    given.add_argument("--drain", action="store_true", help="take no tick, end when all is acknowledged")
    options = given.parse_args()
    state: Path = options.state
    clocks = clocks_of(Root())
    flight = mmap.mmap(os.open(state / "flight", os.O_RDWR), 1)
    spool = Spool(state / "spool.db", interval_s=options.pace)
    transport = Transport(client(options.server, None), os.environ["ZHISHOU_CREDENTIAL"])

    def post(body: bytes) -> Answer:
        flight[0] = 1
        try:
            return transport.post(body)
        finally:
            flight[0] = 0

    uplink = Uplink(spool, post, clocks, jitter=lambda: 0.0)
    if options.drain:
        while spool.oldest_epoch() is not None:
            time.sleep(min(uplink.step(), 1.0))
        spool.close()
        return 0
    threading.Thread(target=uplink.run, args=(threading.Event(),), daemon=True).start()
    ledger = os.open(state / "ledger", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    serial = last_begun(state / "ledger")
    packed = pack_series([(METRIC, part_of(column)) for column in range(options.series)])
    while True:
        serial += 1
        look = clocks()
        values = array("d", [value_of(serial, column) for column in range(options.series)])
        taken = TakenTick(look, blocks=[("", "once", packed, values.tobytes())])
        if serial % EVENT_EVERY == 0:
            event = Event("kmsg", "kernel_log", Severity.ERROR, event_text(serial), look.boottime_ns, look.wall_ns)
            taken.events.append(("", event))
        os.write(ledger, b"begin %d\n" % serial)
        if not spool.append(taken).durable:
            print(f"serial {serial} is not on disk", file=sys.stderr)
            return 1
        os.write(ledger, b"done %d\n" % serial)
        time.sleep(options.pace)


def last_begun(ledger: Path) -> int:
    """The highest serial a ledger speaks of, 0 when it is empty."""
    return max((int(line.split()[1]) for line in ledger.read_bytes().splitlines() if line.count(b" ") == 1), default=0)


if __name__ == "__main__":
    sys.exit(main())
