"""A small line for a row: the recent course of a value, broken where nothing is known."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

WIDTH = 72.0
HEIGHT = 22.0
EDGE = 2.0
Point = tuple[int, float | None]


def draw(
    points: Sequence[Point],
    *,
    start_ms: int,
    end_ms: int,
    step_ms: int,
    floor: float | None = None,
    ceiling: float | None = None,
) -> Markup:
    """SVG of ``(ms, value or None)`` ascending. A hole wider than two steps and a half breaks the line.

    ``floor`` and ``ceiling`` pin the edges (0 and 1 for a percentage), so that a quiet line does not look like a storm
    and a full disk is drawn full.
    """
    known = [value for _, value in points if value is not None]
    if not known or end_ms <= start_ms:
        return Markup('<svg class="spark" viewBox="0 0 72 22" aria-hidden="true"></svg>')
    low = min(known) if floor is None else min(floor, *known)
    high = max(known) if ceiling is None else max(ceiling, *known)
    # A value that hardly moves is drawn flat and low in its box, not blown up to the full height.
    span = max(high - low, abs(high) * 0.1, 1e-12)
    if floor is None:
        low = (high + low) / 2 - span / 2
    lines: list[list[str]] = [[]]
    before: int | None = None
    for at, value in points:
        if value is None or (before is not None and at - before > 2.5 * step_ms):
            lines.append([])
        if value is not None:
            x = (at - start_ms) / (end_ms - start_ms) * WIDTH
            y = HEIGHT - EDGE - (value - low) / span * (HEIGHT - 2 * EDGE)
            lines[-1].append(f"{x:.1f},{y:.1f}")
            before = at
    drawn = "".join(f'<polyline points="{" ".join(line)}"/>' for line in lines if len(line) > 1)
    return Markup(f'<svg class="spark" viewBox="0 0 72 22" aria-hidden="true">{drawn}</svg>')  # noqa: S704 - numbers only
