"""Criteria that look back over a time: increase_at_most … over, share_of_time. What was not seen never helps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from checklists.criteria import Judgement, Reading, Unknown, newest
from checklists.verdicts import Verdict
from readings.model import Gap

# A window counts as whole although the oldest tick in it lies up to this share of it inside: ticks never fall on edges.
WHOLE = 0.85


@dataclass(frozen=True, slots=True)
class IncreaseAtMost:
    """A counter may grow by ``limit`` within ``over_ms``. It bridges gaps; when it goes down it was set back."""

    metric: str
    limit: float
    over_ms: int

    @property
    def window_ms(self) -> int:
        return self.over_ms

    def band(self, tripped: bool) -> tuple[float, float]:
        return (-math.inf, self.limit)

    def judge(self, window: Sequence[Reading], now_ms: int, fresh_ms: int, *, tripped: bool = False) -> Judgement:
        """Too much is too much at once; "not too much" needs the whole window since the last set-back."""
        del tripped
        value = newest(window, now_ms, fresh_ms)
        if isinstance(value, Judgement):
            return value
        begin = window[-1].at_ms - self.over_ms
        grown, before, first_ms = 0.0, math.nan, window[-1].at_ms
        for reading in window:
            if reading.at_ms < begin or isinstance(reading.value, Gap) or math.isnan(reading.value):
                continue
            if math.isnan(before) or reading.value < before:
                # Set back: what it counted between its last reading and then is not known, so the window starts anew;
                # what it counts since is at least what it shows.
                grown += reading.value if reading.value < before else 0.0
                first_ms = reading.at_ms
            else:
                grown += reading.value - before
            before = reading.value
        if grown > self.limit:
            return Judgement(Verdict.NOT_MET, grown)
        if window[-1].at_ms - first_ms < WHOLE * self.over_ms:
            return Judgement(Verdict.UNKNOWN, grown, Unknown.GATHERING)
        return Judgement(Verdict.MET, grown)


@dataclass(frozen=True, slots=True)
class ShareOfTime:
    """The value may lie outside low…high for ``limit`` (0–1) of the last ``over_ms``; missing time is outside."""

    metric: str
    low: float
    high: float
    limit: float
    over_ms: int

    @property
    def window_ms(self) -> int:
        return self.over_ms

    def band(self, tripped: bool) -> tuple[float, float]:
        return (-math.inf, self.limit)

    def judge(self, window: Sequence[Reading], now_ms: int, fresh_ms: int, *, tripped: bool = False) -> Judgement:
        """Each reading stands for the time since the one before it, at most ``fresh_ms``; the rest is missing."""
        del tripped
        value = newest(window, now_ms, fresh_ms)
        if isinstance(value, Judgement):
            return value
        end = window[-1].at_ms
        begin = end - self.over_ms
        good = bad = 0
        before = max(begin, window[0].at_ms)
        for reading in window:
            if reading.at_ms <= begin:
                before = max(begin, reading.at_ms)
                continue
            stands = min(reading.at_ms - before, fresh_ms)
            before = reading.at_ms
            if isinstance(reading.value, Gap) or math.isnan(reading.value):
                continue
            if self.low <= reading.value <= self.high:
                good += stands
            else:
                bad += stands
        if bad > self.limit * self.over_ms:
            return Judgement(Verdict.NOT_MET, bad / self.over_ms)
        outside = 1 - good / self.over_ms
        if outside > self.limit:
            # Bad only if the missing time is counted: nobody knows.
            return Judgement(Verdict.UNKNOWN, outside, Unknown.GATHERING)
        return Judgement(Verdict.MET, outside)
