"""Figures of a verification as people read them, in both languages. None is rounded up to a limit it did not reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from checklists.sentences import Text, shown
from checklists.verification.evidence import Setback
from checklists.verification.minutes import MINUTE_MS

HOUR_MS = 3_600_000


def quantity(value: float, unit: str) -> Text:
    """ "90.0 %" in both languages."""
    return Text(shown(value, unit, "zh"), shown(value, unit, "en"))


def hours(ms: float) -> Text:
    """Hours with one figure, rounded down; below two hours, minutes.

    >>> hours(168 * HOUR_MS).en, hours(168 * HOUR_MS - 1).en, hours(90 * MINUTE_MS).zh
    ('168 h', '167.9 h', '90 分钟')
    """
    if ms < 2 * HOUR_MS:
        return Text(f"{ms // MINUTE_MS:.0f} 分钟", f"{ms // MINUTE_MS:.0f} min")
    number = f"{ms * 10 // HOUR_MS / 10:g}"
    return Text(f"{number} 小时", f"{number} h")


def hours_more(ms: float) -> Text:
    """Hours still to go, rounded up.

    >>> hours_more(2 * HOUR_MS + 1).en
    '2.1 h'
    """
    step = MINUTE_MS if ms < 2 * HOUR_MS else HOUR_MS // 10
    return hours(-(-ms // step) * step)


def minutes(count: int) -> Text:
    return Text(f"{count} 分钟", f"{count} min")


def percent(part: float, whole: float) -> str:
    """Two figures at most, rounded down.

    >>> percent(9999, 10000), percent(10079, 10080), percent(1, 1), percent(0, 0)
    ('99.99 %', '99.99 %', '100 %', '–')
    """
    return f"{int(part * 10_000 / whole + 1e-9) / 100:g} %" if whole else "–"


def moment(ms: int) -> str:
    """UTC, to the minute: the pages put it into the reader's zone, the record does not."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def set_back(falls: Sequence[Setback]) -> Text:
    """What follows a sentence about a counter that fell; nothing where none did."""
    if not falls:
        return Text("", "")
    first, count = moment(falls[0].after_ms), len(falls)
    return Text(
        f"；该计数器在同一次启动中倒退 {count} 次，首次在 {first} 之后，其间增加多少无从确认",
        f"; the counter went down {count} times without a restart, the first time after {first}:"
        " what it gained meanwhile nobody knows",
    )


def listed(texts: Iterable[Text]) -> Text:
    """Clauses one after the other."""
    clauses = list(texts)
    return Text("；".join(text.zh for text in clauses), "; ".join(text.en for text in clauses))
