"""The list of series a block carries, unpacked once and shared by everybody who meets the same packed bytes."""

from __future__ import annotations

import re
from weakref import WeakValueDictionary

import msgspec

from readings.wire import MAX_SERIES_PER_BLOCK, WireError, unpack_series

METRIC = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,199}")
LONGEST_PART = 500


class SeriesRef:
    """The (metric, part) of each column of a block. ``index`` leads from (metric, part) to the column."""

    __slots__ = ("__weakref__", "index", "packed", "series")

    def __init__(self, packed: bytes, series: list[tuple[str, str]]) -> None:
        self.packed = packed
        self.series = series
        self.index = {pair: column for column, pair in enumerate(series)}

    def __len__(self) -> int:
        return len(self.series)


# Weak: a list lives as long as the head of the history or the live view uses it, so a sender that invents a new
# list with every tick cannot fill the memory.
_known: WeakValueDictionary[bytes, SeriesRef] = WeakValueDictionary()


def series_ref(packed: bytes) -> SeriesRef:
    """The one object for these bytes. Raises WireError 422 when they are not a list of distinct (metric, part)."""
    known = _known.get(packed)
    return known if known is not None else _known.setdefault(packed, SeriesRef(packed, _unpack(packed)))


def _unpack(packed: bytes) -> list[tuple[str, str]]:
    try:
        series = unpack_series(packed)
    except msgspec.DecodeError as error:
        raise WireError(422, "malformed", f"batch: series of a block: {error}") from error
    if len(series) > MAX_SERIES_PER_BLOCK:
        raise WireError(413, "too_large", f"batch: {len(series)} series in a block, at most {MAX_SERIES_PER_BLOCK}")
    if len(set(series)) != len(series):
        raise WireError(422, "malformed", "batch: a block names a series twice")
    for metric, part in series:
        if METRIC.fullmatch(metric) is None:
            raise WireError(422, "malformed", f"batch: {metric[:200]!r} is not the name of a metric")
        if len(part) > LONGEST_PART or not part.isprintable():
            raise WireError(422, "malformed", f"batch: {metric}: a part of {len(part)} characters or unprintable")
    return series
