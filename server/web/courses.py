"""Small recent courses for rows (a line and, for counters, the rate now), kept a while for all viewers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from server.web import sparkline
from server.web.i18n import Words
from server.web.sight import Course, Ledger, Series, Sight

WINDOW_MS = 15 * 60 * 1000
KEPT_MS = 10_000
MOST_KEPT = 4_000


@dataclass(frozen=True, slots=True)
class Spark:
    """``newest`` is the last value of the line (a rate per second where asked), ``mean`` that of all; None: there is
    none.
    """

    line: Markup
    newest: float | None
    mean: float | None = None


EMPTY = Spark(sparkline.draw((), start_ms=0, end_ms=1, step_ms=1), None)


class Courses:
    """Asks the history once per device and ten seconds, however many people look."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._kept: dict[tuple[str, Series], tuple[int, Spark]] = {}

    def sparks(
        self, ledger: Ledger, wanted: Iterable[Series], now_ms: int, *, kept_ms: int = KEPT_MS
    ) -> Mapping[Series, Spark]:
        """A spark for every series wanted; what is not known yet or too old is asked for in one question."""
        found: dict[Series, Spark] = {}
        missing: list[Series] = []
        for series in wanted:
            at_ms, spark = self._kept.get((ledger.device_no, series), (0, EMPTY))
            if 0 <= now_ms - at_ms < kept_ms:
                found[series] = spark
            else:
                missing.append(series)
        if missing:
            start = now_ms - WINDOW_MS
            courses = self._sight.courses(ledger.device_no, missing, start_ms=start, end_ms=now_ms, step_ms=None)
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            for series in missing:
                found[series] = self._spark(ledger, series, courses.get(series), now_ms)
                self._kept[ledger.device_no, series] = (now_ms, found[series])
        return found

    def _spark(self, ledger: Ledger, series: Series, course: Course | None, now_ms: int) -> Spark:
        if course is None or not course.t:
            return EMPTY
        share = self._sight.unit(series.metric) == "ratio"
        line = sparkline.draw(
            list(zip(course.t, course.avg, strict=True)),
            start_ms=now_ms - WINDOW_MS,
            end_ms=now_ms,
            step_ms=int(ledger.interval_s * 1000),
            floor=0.0 if share or series.rate else None,
            ceiling=1.0 if share else None,
        )
        known = [value for value in course.avg if value is not None]
        return Spark(line, course.avg[-1], sum(known) / len(known) if known else None)


@dataclass(frozen=True, slots=True)
class Glance:
    """One look at the centre: what may be seen, in whose words, at which moment."""

    sight: Sight
    courses: Courses
    words: Words
    now_ms: int
