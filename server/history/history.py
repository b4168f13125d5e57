"""The history as everybody else sees it: an applier of arrivals, and the questions about what was read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from readings.model import GAP_FLOATS
from readings.wire import Batch
from server.history.coverage import Coverage, CoverageGap, KnownGaps, coverage
from server.history.head import Group, Head
from server.history.points import NO_POINTS, Points, Range, Summary, as_rate, in_buckets, raw, summary
from server.history.sealer import Bounds, RecordsPort, Sealer
from server.history.sealing import gap_codes
from server.history.tables import Segment
from server.inbox.arrival import Arrival, gap_of_code
from server.series import SeriesRef, series_ref

# What the centre writes for every tick: proof that the device was watched, by its agent or by a collector.
TICKS = [("clock_offset_seconds", ""), ("device_answered", "")]
LATEST_SEGMENTS = 12
END_OF_TIME_MS = 2**62


class HistoryFullError(Exception):
    """The memory for readings is full because nothing can be sealed; the inbox keeps them meanwhile."""


def _nobody_said(_device_no: str, _start_ms: int, _end_ms: int) -> Iterable[CoverageGap]:
    return ()


class History:
    """``History.open(folder, records)``. One thread applies; any may ask. ``known_gaps`` may be set to who knows why
    something is missing.
    """

    name = "history"

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._series_of_source: dict[tuple[str, str], SeriesRef] = {}
        self._first_ticks: dict[str, int] = {}
        self.known_gaps: KnownGaps = _nobody_said

    @classmethod
    def open(cls, folder: Path, records: RecordsPort, bounds: Bounds | None = None) -> Self:
        """Sealing runs in the background from here on. Raises OSError and SQLAlchemyError."""
        sealer = Sealer(folder, records, bounds or Bounds())
        sealer.start()
        return cls(sealer)

    # The applier
    def cursor(self) -> int:
        return self._sealer.durable_id

    def apply(self, arrivals: Sequence[Arrival]) -> None:
        """Raises HistoryFullError before anything is taken."""
        if self._sealer.crowded():
            raise HistoryFullError(self._sealer.trouble or "history: sealing is slower than what arrives")
        with self._sealer.filling() as head:
            for arrival in arrivals:
                if arrival.id <= head.last_id:
                    continue
                if arrival.batch is not None:
                    self._append(head, arrival, arrival.batch)
                head.last_id = arrival.id

    append = apply

    def seal(self) -> None:
        """Make everything applied so far durable now. Raises what sealing raises."""
        self._sealer.seal()

    def healthy(self) -> str | None:
        """Why readings cannot be sealed now, or which sealed ones are gone; None when all is well."""
        missing = self._sealer.segments.missing
        if missing:
            return f"history: {len(missing)} sealed segments are missing or changed: {', '.join(missing[:3])}"
        return self._sealer.trouble

    def close(self) -> None:
        """Seal what can be sealed and stop. Raises what sealing raises, after stopping."""
        try:
            self._sealer.seal()
        finally:
            self._sealer.stop()

    def _append(self, head: Head, arrival: Arrival, batch: Batch) -> None:
        times = arrival.times
        for block in batch.blocks:
            device_no = arrival.device_of(block.device)
            series = series_ref(block.series)
            self._series_of_source[device_no, block.source] = series
            ticks = block.ticks
            rows = np.frombuffer(block.values, dtype="<f8").reshape(len(ticks), len(series))
            at = (times[ticks[0]],) if len(ticks) == 1 else [times[tick] for tick in ticks]
            head.add_rows(self._group(head, device_no, series), at, rows)
        for gap in batch.gaps:
            device_no = arrival.device_of(gap.device)
            known = self._series_of_source.get((device_no, gap.source))
            if known is not None and gap.ticks:
                # A source that failed makes each of its series a gap, with the reason it gave.
                holes = np.full((len(gap.ticks), len(known)), GAP_FLOATS[gap_of_code(gap.reason)])
                head.add_rows(self._group(head, device_no, known), [times[tick] for tick in gap.ticks], holes)

    def _group(self, head: Head, device_no: str, series: SeriesRef) -> Group:
        group = head.groups.get((device_no, series))
        if group is None:
            group = Group(device_no, series, self._sealer.numbering.numbers(device_no, series))
            head.add_group(group)
        return group

    # The questions
    def series(self, device_no: str) -> list[tuple[str, str]]:
        """(metric, part) of everything that was ever read of the device."""
        return sorted(self._sealer.numbering.of_device(device_no))

    def range(  # noqa: PLR0917 - the port that everybody asks
        self, device_no: str, metric: str, part: str, start_ms: int, end_ms: int, step_ms: int | None,
        *, rate: bool = False,
    ) -> Range:  # fmt: skip
        """start ≤ t < end. ``step_ms`` None: every reading. ``rate``: the increase per second of a counter.

        Raises TooManyPointsError. A series nobody knows has no points.
        """
        points = self._points(device_no, [(metric, part)], start_ms, end_ms).get((metric, part), NO_POINTS)
        return _drawn(points, start_ms, end_ms, step_ms, rate=rate)

    def ranges(
        self, device_no: str, metric: str, start_ms: int, end_ms: int, step_ms: int | None, *, rate: bool = False
    ) -> dict[str, Range]:
        """The same for every part of a metric: part → range."""
        wanted = [pair for pair in self.series(device_no) if pair[0] == metric]
        found = self._points(device_no, wanted, start_ms, end_ms)
        return {
            part: _drawn(points, start_ms, end_ms, step_ms, rate=rate) for (_, part), points in sorted(found.items())
        }

    def summarise(self, device_no: str, metric: str, part: str, start_ms: int, end_ms: int) -> Summary:
        return summary(self._points(device_no, [(metric, part)], start_ms, end_ms).get((metric, part), NO_POINTS))

    def points(
        self, device_no: str, wanted: Sequence[tuple[str, str]], start_ms: int, end_ms: int
    ) -> dict[tuple[str, str], Points]:
        """Every reading of these series as arrays, for who judges them: (metric, part) → points."""
        return self._points(device_no, wanted, start_ms, end_ms)

    def latest(self, device_no: str) -> dict[tuple[str, str], tuple[int, float]]:
        """(metric, part) → (ms, value or a NaN with its gap), of the head and the newest few segments."""
        segments, heads = self._sealer.snapshot()
        newest = sorted(segments, key=lambda segment: segment.max_ms)[-LATEST_SEGMENTS:]
        wanted = self._sealer.numbering.of_device(device_no)
        found = self._collect(newest, heads, device_no, wanted)
        return {pair: (int(points.t[-1]), float(points.value[-1])) for pair, points in found.items() if len(points.t)}

    def coverage(self, device_no: str, start_ms: int, end_ms: int) -> Coverage:
        """Minutes of start ≤ t < end in which the device had a tick, and why others have none."""
        ticks = self.ticks(device_no, start_ms, end_ms)
        known = list(self.known_gaps(device_no, start_ms, end_ms))
        return coverage(ticks, start_ms, end_ms, known, self._first_tick(device_no))

    def _first_tick(self, device_no: str) -> int | None:
        first = self._first_ticks.get(device_no)
        if first is None:
            ticks = self.ticks(device_no, 0, END_OF_TIME_MS)
            if not len(ticks):
                return None
            first = self._first_ticks[device_no] = int(ticks.min())
        return first

    def ticks(self, device_no: str, start_ms: int, end_ms: int) -> NDArray[np.int64]:
        """The times, ms, at which it was watched: start ≤ t < end."""
        found = self._points(device_no, TICKS, start_ms, end_ms)
        return np.concatenate([NO_POINTS.t, *(points.t for points in found.values())])

    def _points(
        self, device_no: str, wanted: Sequence[tuple[str, str]], start_ms: int, end_ms: int
    ) -> dict[tuple[str, str], Points]:
        numbers = self._sealer.numbering.of_device(device_no)
        chosen = {pair: numbers[pair] for pair in wanted if pair in numbers}
        segments, heads = self._sealer.snapshot()
        return self._collect(segments, heads, device_no, chosen, start_ms=start_ms, end_ms=end_ms)

    def _collect(
        self,
        segments: Sequence[Segment],
        heads: Sequence[Head],
        device_no: str,
        wanted: dict[tuple[str, str], int],
        *,
        start_ms: int = 0,
        end_ms: int = END_OF_TIME_MS,
    ) -> dict[tuple[str, str], Points]:
        """Sealed and unsealed points of these series, each once, in the order of time."""
        if not wanted:
            return {}
        pieces: dict[tuple[str, str], list[Points]] = {pair: [] for pair in wanted}
        sealed = self._sealer.segments.read(segments, list(wanted.values()), start_ms, end_ms)
        if sealed is not None:
            _split(sealed, {number: pieces[pair] for pair, number in wanted.items()})
        for head in heads:
            for group in head.of_device(device_no):
                for pair in pieces.keys() & group.series.index.keys():
                    t, value = group.column(group.series.index[pair])
                    inside = (t >= start_ms) & (t < end_ms)
                    value = value[inside]
                    pieces[pair].append(Points(t[inside], value, gap_codes(value)))
        return {pair: _joined(found) for pair, found in pieces.items()}


def _split(sealed: tuple[np.ndarray, ...], into: dict[int, list[Points]]) -> None:
    series, t, value, gap = sealed
    if len(into) == 1:
        next(iter(into.values())).append(Points(t, value, gap))
        return
    order = np.argsort(series, kind="stable")
    series, t, value, gap = series[order], t[order], value[order], gap[order]
    for number, points in into.items():
        begin, end = np.searchsorted(series, [number, number + 1])
        points.append(Points(t[begin:end], value[begin:end], gap[begin:end]))


def _joined(pieces: list[Points]) -> Points:
    if not pieces:
        return NO_POINTS
    t = np.concatenate([piece.t for piece in pieces])
    value = np.concatenate([piece.value for piece in pieces])
    gap = np.concatenate([piece.gap for piece in pieces])
    if (t[1:] < t[:-1]).any():
        order = np.argsort(t, kind="stable")
        return Points(t[order], value[order], gap[order])
    return Points(t, value, gap)


def _drawn(points: Points, start_ms: int, end_ms: int, step_ms: int | None, *, rate: bool) -> Range:
    if rate:
        points = as_rate(points)
    return raw(points) if step_ms is None else in_buckets(points, start_ms, end_ms, step_ms)
