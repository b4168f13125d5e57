"""A collector as a process, all of whose devices answer 1: ``a_collector STATE TRAP_PORT SYSLOG_PORT``."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from collector.clocks import look
from collector.polled import AskedSource, Poll
from collector.program import Settings, run, stopped_by_signals
from readings.delivery.collection import ListedDevice
from readings.delivery.credential import kept
from readings.model import Sample


def polls(device: ListedDevice) -> Sequence[Poll]:
    async def ask() -> Iterable[Sample]:
        return [Sample("up", 1.0)]

    return [AskedSource(device.device_no, "fake", ask, look)]


def main() -> None:
    logging.basicConfig(level=logging.DEBUG)
    state = Path(sys.argv[1])
    credential = kept(state)
    assert credential is not None
    trap_port, syslog_port = map(int, sys.argv[2:4])
    settings = Settings(state, credential, listen="127.0.0.1", trap_port=trap_port, syslog_port=syslog_port)
    run(settings, [polls], stopped_by_signals())


if __name__ == "__main__":
    main()
