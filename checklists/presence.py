"""Criteria about being there at all: absent (a series that must not exist) and heard (the device reports)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from checklists.criteria import Judgement, Reading, Unknown
from checklists.verdicts import Verdict
from readings.model import Gap


@dataclass(frozen=True, slots=True)
class Absent:
    """``source`` must answer without this metric. A gap of it proves nothing, unless it says "not offered"."""

    metric: str
    source: str

    @property
    def window_ms(self) -> int:
        return 0

    def band(self, tripped: bool) -> tuple[float, float]:
        return (math.nan, math.nan)

    def judge(self, window: Sequence[Reading], now_ms: int, fresh_ms: int, *, tripped: bool = False) -> Judgement:
        """``window``: the newest answer of the source: the metric's reading, or NOT_OFFERED where it was not named."""
        del tripped
        if not window:
            return Judgement(Verdict.UNKNOWN, reason=Unknown.NEVER)
        last = window[-1]
        if now_ms - last.at_ms > fresh_ms:
            return Judgement(Verdict.UNKNOWN, reason=Unknown.STALE)
        if last.value is Gap.NOT_OFFERED:
            return Judgement(Verdict.MET)
        if isinstance(last.value, Gap):
            return Judgement(Verdict.UNKNOWN, reason=last.value.word)
        if math.isnan(last.value):
            return Judgement(Verdict.UNKNOWN, reason=Gap.UNREADABLE.word)
        return Judgement(Verdict.NOT_MET, last.value)


@dataclass(frozen=True, slots=True)
class Heard:
    """The device reports: its newest tick is at most ``intervals`` of its own intervals old. Never "not met":

    a silent device may be well, nobody can see it.
    """

    intervals: float
    metric: str = ""

    @property
    def window_ms(self) -> int:
        return 0

    def band(self, tripped: bool) -> tuple[float, float]:
        return (-math.inf, math.inf)

    def within_ms(self, interval_s: float) -> int:
        return round(self.intervals * interval_s * 1000)

    def judge(self, window: Sequence[Reading], now_ms: int, fresh_ms: int, *, tripped: bool = False) -> Judgement:
        """``fresh_ms`` is :meth:`within_ms` of the device. The judged number is the age of the newest tick, s."""
        del tripped
        if not window:
            return Judgement(Verdict.UNKNOWN, reason=Unknown.NEVER)
        age_ms = now_ms - window[-1].at_ms
        if age_ms > fresh_ms:
            return Judgement(Verdict.UNKNOWN, age_ms / 1000, Unknown.STALE)
        return Judgement(Verdict.MET, age_ms / 1000)
