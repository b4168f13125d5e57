"""What delivery reads of itself: how much waits, what was dropped, how often the centre did not answer."""

from __future__ import annotations

from collections.abc import Iterator

from readings.delivery.spool import Spool
from readings.delivery.uplink import Uplink
from readings.model import Sample


class DeliverySource:
    """A source for the runner of the same process."""

    name = "delivery"

    def __init__(self, spool: Spool, uplink: Uplink) -> None:
        self._spool = spool
        self._uplink = uplink

    def read(self) -> Iterator[Sample]:
        counters = self._spool.counters()
        yield Sample("spool_ticks", counters.waiting)
        yield Sample("spool_size_bytes", counters.size_bytes)
        yield Sample("spool_unwritten_ticks", counters.unwritten)
        yield Sample("spool_dropped_ticks_total", counters.dropped)
        yield Sample("spool_refused_ticks_total", counters.refused)
        yield Sample("uplink_failures_total", self._uplink.state.failures)
