"""The best recent exchange of clocks with the centre: of about the last hour, the one with the shortest round trip."""

from __future__ import annotations

from collections import deque

from readings.wire import Exchange

KEEP_NS = 3_600_000_000_000
MOST_KEPT = 256


class Exchanges:
    """Exchanges of this boot that may still be the best of their hour: round trips grow from first to last."""

    def __init__(self) -> None:
        self._kept: deque[Exchange] = deque(maxlen=MOST_KEPT)

    def add(self, exchange: Exchange) -> None:
        """Take one in; an impossible one (a clock was set meanwhile) is ignored."""
        if exchange.round_trip_ns < 0 or exchange.replied < exchange.received:
            return
        while self._kept and (
            self._kept[-1].boot_id != exchange.boot_id or self._kept[-1].round_trip_ns >= exchange.round_trip_ns
        ):
            self._kept.pop()
        self._kept.append(exchange)

    def best(self, boot_id: str, boottime_ns: int) -> Exchange | None:
        """The one to tell the centre now; None before the first."""
        while self._kept and (
            self._kept[0].boot_id != boot_id or boottime_ns - self._kept[0].answered_boottime > KEEP_NS
        ):
            self._kept.popleft()
        return self._kept[0] if self._kept else None
