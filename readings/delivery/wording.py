"""Texts of the world made fit to travel: file names of any bytes, log lines of any length, names the centre takes."""

from __future__ import annotations

import re
from dataclasses import replace

from readings.model import Event, Fact

LONGEST_TEXT = 16 * 1024  # characters of an event's text or a fact's value
LONGEST_WORD = 500  # characters of a part, a kind, a cursor
_METRIC = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,199}")


def fit(text: str, longest: int) -> str:
    """``text`` as UTF-8 can hold it, at most ``longest`` characters.

    >>> fit("caf\\udce9", 10), fit("x" * 20, 5)
    ('caf\\\\udce9', 'xxxx…')
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= longest else text[: longest - 1] + "…"


def fit_event(event: Event) -> Event:
    return replace(
        event,
        source=fit(event.source, LONGEST_WORD),
        kind=fit(event.kind, LONGEST_WORD),
        text=fit(event.text, LONGEST_TEXT),
        cursor=fit(event.cursor, LONGEST_WORD),
    )


def fit_fact(fact: Fact) -> Fact:
    return Fact(fit(fact.key, LONGEST_WORD), fit(fact.value, LONGEST_TEXT))


def fit_series(series: tuple[str, str]) -> tuple[str, str] | None:
    """(metric, part) as the centre takes it: what cannot be printed is written out. None: that is no metric's name.

    >>> fit_series(("load1", "a\\nb")), fit_series(("load 1", ""))
    (('load1', 'a\\\\nb'), None)
    """
    metric, part = series
    if _METRIC.fullmatch(metric) is None:
        return None
    if not part.isprintable():
        part = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in part)
    return metric, fit(part, LONGEST_WORD)
