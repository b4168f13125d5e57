"""How long a verification watches: the window as people write it, and its whole minutes."""

from __future__ import annotations

from readings.units import UnitError, in_unit
from server.people.acting import ActRefused

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
SHORTEST_MS = 2 * MINUTE_MS
LONGEST_MS = 60 * 24 * HOUR_MS


def window_of(text: str, usual_ms: int) -> int:
    """Milliseconds of "168 h"; ``usual_ms`` where nothing is written. Raises ActRefused 422."""
    if not text.strip():
        return usual_ms
    try:
        window_ms = round(in_unit(text, "seconds") * 1000)
    except UnitError as error:
        raise ActRefused(
            f"window: {error}", zh=f"监控时长：看不懂 {text!r}，写成 168 h", clause="1.5-17", status=422
        ) from error
    if not SHORTEST_MS <= window_ms <= LONGEST_MS:
        raise ActRefused(
            f"window: {text!r} is not between 2 min and 60 d",
            zh=f"监控时长：{text} 不在 2 分钟到 60 天之间",
            clause="1.5-17",
            status=422,
        )
    return window_ms // MINUTE_MS * MINUTE_MS


def watched(started_ms: int, end_ms: int) -> tuple[int, int]:
    """The whole minutes between two moments, from and to: nothing of before the start, nothing half over."""
    first = -(-started_ms // MINUTE_MS) * MINUTE_MS
    return first, max(first, end_ms // MINUTE_MS * MINUTE_MS)
