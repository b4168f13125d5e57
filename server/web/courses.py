"""Small recent courses for rows (a line and, for counters, the rate now), kept a few seconds for all viewers."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from server.web import sparkline
from server.web.i18n import Words
from server.web.panels import rates
from server.web.sight import Ledger, Sight

WINDOW_MS = 15 * 60 * 1000
KEPT_MS = 10_000
MOST_KEPT = 4_000


@dataclass(frozen=True, slots=True)
class Spark:
    """``newest`` is the last value of the line (a rate per second where asked), None when there is none."""

    line: Markup
    newest: float | None


@dataclass(frozen=True, slots=True)
class Glance:
    """One look at the centre: what may be seen, in whose words, at which moment."""

    sight: Sight
    courses: Courses
    words: Words
    now_ms: int


class Courses:
    """Asks the history once per series and ten seconds, however many people look."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._kept: dict[tuple[str, str, str, bool], tuple[int, Spark]] = {}

    def spark(self, ledger: Ledger, metric: str, part: str, now_ms: int, *, rate: bool = False) -> Spark:
        """``rate``: the increase per second of a counter instead of its value."""
        device_no = ledger.device_no
        key = (device_no, metric, part, rate)
        kept = self._kept.get(key)
        if kept is not None and 0 <= now_ms - kept[0] < KEPT_MS:
            return kept[1]
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        start = now_ms - WINDOW_MS
        step_ms = int(ledger.interval_s * 1000)
        course = self._sight.course(device_no, metric, part, start_ms=start, end_ms=now_ms, step_ms=None)
        values = rates(course.t, course.avg, widest_ms=4 * step_ms) if rate else list(course.avg)
        floor = 0.0 if rate or self._sight.unit(metric) == "ratio" else None
        line = sparkline.draw(
            list(zip(course.t, values, strict=True)), start_ms=start, end_ms=now_ms, step_ms=step_ms, floor=floor
        )
        spark = Spark(line, values[-1] if values else None)
        self._kept[key] = (now_ms, spark)
        return spark
