"""UTC minus boottime of a sender's boot: what stored time rests on, learnt without trusting the sender's wall clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from readings.wire import Batch, Clock, WireError

HOUR_NS = 3_600_000_000_000
SECOND_NS = 1_000_000_000
MS_NS = 1_000_000
LAST_MS = 4_102_444_800_000  # 2100-01-01
# A request cannot arrive before it was sent, and a sender gives up waiting long before this.
EARLIEST_NS = -SECOND_NS
LATEST_NS = 120 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Offset:
    """``round_trip_ns`` None: from one direction only. ``inferred``: from the sender's wall clock, never met live."""

    offset_ns: int
    learnt_ns: int
    round_trip_ns: int | None = None
    inferred: bool = False


def learn(known: Offset | None, clock: Clock, received_ns: int) -> Offset:
    """The offset of the boot that is sending now: of the smallest round trip of about the last hour.

    The request's own arrival bounds the truth from above (it was sent before it arrived), so an offset that it
    contradicts is dropped: a machine that was paused, or set back to a snapshot of its memory.
    """
    one_way = received_ns - clock.boottime
    if known is not None and (known.inferred or not _possible(known.offset_ns, one_way)):
        known = None
    exchange = clock.exchange
    if exchange is not None and exchange.boot_id == clock.boot_id and _possible(exchange.offset_ns, one_way):
        trip = exchange.round_trip_ns
        if 0 <= trip <= LATEST_NS and _better(trip, known, received_ns):
            return Offset(exchange.offset_ns, received_ns, trip)
    return known if known is not None else Offset(one_way, received_ns)


def _possible(offset_ns: int, one_way_ns: int) -> bool:
    return EARLIEST_NS <= one_way_ns - offset_ns <= LATEST_NS


def _better(trip_ns: int, known: Offset | None, received_ns: int) -> bool:
    if known is None or known.round_trip_ns is None or received_ns - known.learnt_ns > HOUR_NS:
        return True
    return trip_ns < known.round_trip_ns


def infer(batch: Batch, boot: int, received_ns: int) -> Offset:
    """For a boot that was over before the centre met it: what the wall clock of its last tick here says.

    A wall clock that ran ahead says too much: that tick was read before it arrived.
    """
    last = next((tick for tick in reversed(batch.ticks) if tick.boot == boot), None)
    return Offset(min(last.wall, received_ns) - last.boottime if last is not None else 0, received_ns, inferred=True)


class Resolved(msgspec.Struct, array_like=True, frozen=True):
    """As settled at acceptance and kept beside the body: an offset (ns) for each entry of ``Batch.boots``.

    ``withheld``: by device the indexes of the ticks of which the sender must not speak (server/inbox/speaking.py).
    """

    batch: list[int]
    newest: list[int]
    inferred: bool
    withheld: dict[str, list[int]] = {}
    withheld_newest: dict[str, list[int]] = {}


def stored_times(batch: Batch, offsets: Sequence[int], received_ms: int) -> list[int]:
    """The stored time of each tick, ms UTC; of one from the future, when it arrived: it would stand as the newest until
    its time has come. Raises WireError 422 for a time no clock can have meant.
    """
    times = [(tick.boottime + offsets[tick.boot]) // MS_NS for tick in batch.ticks]
    if times and not (min(times) >= 0 and max(times) <= LAST_MS):
        raise WireError(422, "malformed", f"batch: ticks from {min(times)} to {max(times)} ms since the epoch")
    future_ms = received_ms + HOUR_NS // MS_NS
    return times if not times or max(times) <= future_ms else [ms if ms <= future_ms else received_ms for ms in times]
