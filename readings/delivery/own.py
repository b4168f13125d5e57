"""What a sender reads of its own sending."""

from __future__ import annotations

from collections.abc import Iterator

from readings.delivery.spool import Spool
from readings.delivery.uplink import Uplink
from readings.model import Sample


class Delivery:
    """A source: how much waits, what was given up, how often the centre could not be reached."""

    name = "delivery"

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self.uplink: Uplink | None = None

    def read(self) -> Iterator[Sample]:
        counted = self._spool.counters()
        yield Sample("spool_ticks", float(counted.waiting))
        yield Sample("spool_size_bytes", float(counted.size_bytes))
        yield Sample("spool_unwritten_ticks", float(counted.unwritten))
        yield Sample("spool_dropped_ticks_total", float(counted.dropped))
        yield Sample("spool_refused_ticks_total", float(counted.refused))
        if self.uplink is not None:
            yield Sample("uplink_failures_total", float(self.uplink.state.failures))
