"""Criteria that look at the newest reading: at_least, at_most, between, equals. Units are the catalogue's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from checklists.verdicts import Verdict
from readings.model import Gap


@dataclass(frozen=True, slots=True)
class Reading:
    """One value, or the gap that stands for it, at a stored time (ms UTC)."""

    at_ms: int
    value: float | Gap


class Unknown(StrEnum):
    """Why there is no verdict, where it is not a gap's own word."""

    STALE = "stale"  # the newest reading is older than `fresh`
    NEVER = "never"  # no reading yet
    GATHERING = "gathering"  # the window is not filled yet
    GONE = "gone"  # its source answers and does not name this part any more


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, the number it rests on (base units), and for UNKNOWN the reason: a gap's word or one of Unknown."""

    verdict: Verdict
    value: float | None = None
    reason: str = ""


class Criterion(Protocol):
    """Something a series must satisfy. ``window_ms`` is how far back it looks (0: the newest reading alone)."""

    @property
    def metric(self) -> str: ...

    @property
    def window_ms(self) -> int: ...

    def band(self, tripped: bool) -> tuple[float, float]:
        """Low and high limit of the judged number, inclusive. ``tripped``: hysteresis, the narrower band."""
        ...

    def judge(self, window: Sequence[Reading], now_ms: int, fresh_ms: int, *, tripped: bool = False) -> Judgement:
        """``window`` is ascending in time and reaches back ``window_ms`` before its last reading."""
        ...


def newest(window: Sequence[Reading], now_ms: int, fresh_ms: int) -> float | Judgement:
    """The newest value, or why there is none. A gap and a stale value are unknown, never met."""
    if not window:
        return Judgement(Verdict.UNKNOWN, reason=Unknown.NEVER)
    last = window[-1]
    if now_ms - last.at_ms > fresh_ms:
        return Judgement(Verdict.UNKNOWN, reason=Unknown.STALE)
    if isinstance(last.value, Gap):
        return Judgement(Verdict.UNKNOWN, reason=last.value.word)
    if math.isnan(last.value):
        return Judgement(Verdict.UNKNOWN, reason=Gap.UNREADABLE.word)
    return last.value


@dataclass(frozen=True, slots=True)
class Band:
    """The newest value must lie between two limits; once it did not, between the narrower ones."""

    metric: str
    low: float = -math.inf
    high: float = math.inf
    clear_low: float = -math.inf
    clear_high: float = math.inf

    @property
    def window_ms(self) -> int:
        return 0

    def band(self, tripped: bool) -> tuple[float, float]:
        return (self.clear_low, self.clear_high) if tripped else (self.low, self.high)

    def judge(self, window: Sequence[Reading], now_ms: int, fresh_ms: int, *, tripped: bool = False) -> Judgement:
        value = newest(window, now_ms, fresh_ms)
        if isinstance(value, Judgement):
            return value
        low, high = self.band(tripped)
        return Judgement(Verdict.MET if low <= value <= high else Verdict.NOT_MET, value)


def at_least(metric: str, limit: float, clear: float | None = None) -> Band:
    """``clear`` (≥ limit): once below the limit, only this much is enough again."""
    return Band(metric, low=limit, clear_low=limit if clear is None else clear)


def at_most(metric: str, limit: float, clear: float | None = None) -> Band:
    """``clear`` (≤ limit): once above the limit, it must come down to this."""
    return Band(metric, high=limit, clear_high=limit if clear is None else clear)


def between(metric: str, low: float, high: float, margin: float = 0.0) -> Band:
    """``margin``: once outside, it must come this far inside again."""
    return Band(metric, low, high, low + margin, high - margin)


def equals(metric: str, expected: float) -> Band:
    return Band(metric, expected, expected, expected, expected)
