"""How much of one device is told: so many at once, so many a second; the rest is counted, and the count is told."""

from __future__ import annotations

from dataclasses import dataclass

from readings.model import Event, Severity

CALM_S = 5.0
TOLD_EVERY_S = 60.0
MOST_COUNT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Bound:
    """``burst`` at once, ``per_second`` in the long run."""

    burst: float = 500.0
    per_second: float = 10.0


@dataclass(slots=True)
class _Bucket:
    left: float
    filled_s: float
    folded: int = 0
    since_s: float = 0.0
    newest_s: float = 0.0


class Storms:
    """By device. ``admit`` spends; ``over`` hands out the counts of storms that calmed down, or have gone on."""

    def __init__(self, source: str, bound: Bound) -> None:
        self._source = source
        self._bound = bound
        self._buckets: dict[str, _Bucket] = {}
        self._raging: set[str] = set()

    def admit(self, device_no: str, now_s: float) -> bool:
        """Whether this one is told; else it is counted."""
        bound, bucket = self._bound, self._buckets.get(device_no)
        if bucket is None:
            bucket = self._buckets[device_no] = _Bucket(bound.burst, now_s)
        bucket.left = min(bound.burst, bucket.left + (now_s - bucket.filled_s) * bound.per_second)
        bucket.filled_s = now_s
        if bucket.left >= 1:
            bucket.left -= 1
            return True
        if not bucket.folded:
            bucket.since_s = now_s
            self._raging.add(device_no)
        bucket.folded += 1
        bucket.newest_s = now_s
        return False

    def over(self, now_s: float, boottime_ns: int, *, all_: bool = False) -> list[tuple[str, Event]]:
        """(device, event) of each storm whose count is told now; ``all_``: of every one."""
        told: list[tuple[str, Event]] = []
        for device_no in sorted(self._raging):
            bucket = self._buckets[device_no]
            if all_ or now_s - bucket.newest_s >= CALM_S or now_s - bucket.since_s >= TOLD_EVERY_S:
                self._raging.discard(device_no)
                told.append((device_no, self._event(bucket, boottime_ns)))
                bucket.folded = 0
        return told

    def _event(self, bucket: _Bucket, boottime_ns: int) -> Event:
        seconds = max(1, round(bucket.newest_s - bucket.since_s))
        text = (
            f"{seconds} 秒内另有 {bucket.folded} 条未逐条记录（每台设备最多连续 {self._bound.burst:g} 条，之后每秒 "
            f"{self._bound.per_second:g} 条） / {bucket.folded} more within {seconds} s were only counted"
        )
        kind, count = f"{self._source}_storm", min(bucket.folded, MOST_COUNT)
        return Event(self._source, kind, Severity.WARNING, text, boottime_ns, count=count)
