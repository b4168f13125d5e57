"""How many sources and series one device may ever have: everything that is kept of the newest grows with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from weakref import WeakSet

from readings.wire import Batch, Block, SourceGap, WireError
from server.series import SeriesRef, series_ref

MOST_SOURCES = 500
MOST_SERIES = 200_000

Pair = tuple[str, str]  # metric, part
KnownSeries = Callable[[str], Collection[Pair]]


@dataclass(slots=True)
class Seen:
    """Of one device. ``lists``: those whose series are all counted already, so that an ordinary batch costs nothing."""

    sources: set[str] = field(default_factory=set)
    series: set[Pair] | None = None
    lists: WeakSet[SeriesRef] = field(default_factory=WeakSet)


class Breadth:
    """Asked at the door, by one thread. ``known_series``: those of a device that are kept from before the start."""

    def __init__(self, most_sources: int = MOST_SOURCES, most_series: int = MOST_SERIES) -> None:
        self.known_series: KnownSeries = lambda _device_no: ()
        self._most_sources = most_sources
        self._most_series = most_series
        self._seen: dict[str, Seen] = {}

    def admit(self, device_no: str, batch: Batch) -> None:
        """``device_no``: the sender's own. Raises WireError 422 when the batch would make a device too broad; then
        nothing of that device is counted.
        """
        own = ("", device_no)
        if all(block.device in own for block in batch.blocks) and all(gap.device in own for gap in batch.gaps):
            self._admit(device_no, batch.blocks, batch.gaps)
            return
        blocks: dict[str, list[Block]] = defaultdict(list)
        gaps: dict[str, list[SourceGap]] = defaultdict(list)
        for block in batch.blocks:
            blocks[block.device or device_no].append(block)
        for gap in batch.gaps:
            gaps[gap.device or device_no].append(gap)
        for device in blocks.keys() | gaps.keys():
            self._admit(device, blocks.get(device, ()), gaps.get(device, ()))

    def _admit(self, device_no: str, blocks: Iterable[Block], gaps: Iterable[SourceGap]) -> None:
        seen = self._seen.get(device_no)
        if seen is None:
            seen = self._seen[device_no] = Seen()
        sources = {block.source for block in blocks} | {gap.source for gap in gaps}
        if not sources <= seen.sources and len(sources | seen.sources) > self._most_sources:
            raise _too_broad(device_no, "sources", self._most_sources)
        lists = {ref for block in blocks if (ref := series_ref(block.series)) not in seen.lists}
        if lists:
            if seen.series is None:
                seen.series = set(self.known_series(device_no))
            fresh = {pair for ref in lists for pair in ref.series} - seen.series
            if fresh and len(fresh) + len(seen.series) > self._most_series:
                raise _too_broad(device_no, "series", self._most_series)
            seen.series |= fresh
            seen.lists.update(lists)
        seen.sources |= sources


def _too_broad(device_no: str, what: str, most: int) -> WireError:
    return WireError(422, "too_broad", f"batch: device {device_no} would have more than {most} {what}")
