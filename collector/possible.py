"""What a value can be: a sentinel nobody listed (65535, 2147483647) is no temperature and no share, but a gap."""

from __future__ import annotations

import math
from functools import cache

# Ends of metrics' names: the unit, or more where a unit alone says too little. The longest end that fits decides.
BOUNDS: dict[str, tuple[float, float]] = {
    "_celsius": (-100, 300),
    "_ratio": (0, 1),
    "_load_ratio": (0, 3),  # UPS-MIB tells up to 200 %, and some tell more while they burn
    "_rpm": (0, 60_000),
    "frequency_hertz": (0, 1_000),
    "cpu_frequency_hertz": (0, 1e11),
    "_volts": (-20_000, 20_000),
    "_amperes": (-20_000, 20_000),
    "_watts": (-1e8, 1e8),
    "_dbm": (-100, 60),
    "_runtime_seconds": (0, 365 * 86_400),
    "_count": (0, math.inf),
    "_total": (0, math.inf),
    "_bytes": (0, math.inf),
}
_LONGEST_FIRST = sorted(BOUNDS, key=len, reverse=True)


def possible(metric: str, value: float) -> bool:
    """Whether ``metric`` can be ``value``, in its own unit.

    >>> possible("temperature_celsius", 2147483647), possible("cpu_busy_ratio", 2.55), possible("uptime_seconds", 7)
    (False, False, True)
    """
    low, high = _bounds(metric)
    return low <= value <= high


@cache
def _bounds(metric: str) -> tuple[float, float]:
    """Asked for every reading of every device; metrics are as many as the catalogue has."""
    end = next((end for end in _LONGEST_FIRST if metric.endswith(end)), None)
    return BOUNDS[end] if end is not None else (-math.inf, math.inf)
