"""What was read, minute by minute, for the strips of the report and the frozen record. Missing is missing."""

from __future__ import annotations

import numpy as np

from checklists.verification.counters import covered_ms, spans
from checklists.verification.evidence import Evidence, Pair
from checklists.verification.memory import PRESSURE, SWAP_IN, USED
from checklists.verification.minutes import MINUTE_MS, Floats, means
from checklists.verification.processor import BUSY, LOAD, STEAL

GAUGES: tuple[Pair, ...] = (BUSY, LOAD, STEAL, (USED, ""))
COUNTERS = (SWAP_IN, PRESSURE)
DIGITS = 4


def minute_series(evidence: Evidence) -> dict[str, list[float | None]]:
    """By metric, one number for each minute of the window: a gauge's mean, a counter's increase per second."""
    found = {metric: _listed(means(evidence.track(metric, part), evidence)) for metric, part in GAUGES}
    return found | {metric: _listed(_rates(metric, evidence)) for metric in COUNTERS}


def _rates(metric: str, evidence: Evidence) -> Floats:
    """What a span gained is spread evenly over it; NaN where any of the minute lies under no span."""
    track = evidence.track(metric)
    known = ~np.isnan(track.value)
    if known.sum() < 2:
        return np.full(evidence.minutes, np.nan)
    edges = np.arange(evidence.minutes + 1, dtype=np.int64) * MINUTE_MS
    counted = np.interp(edges, track.t[known] - evidence.start_ms, track.value[known])
    whole = covered_ms(spans(evidence, (metric, "")), evidence) == MINUTE_MS
    return np.where(whole, np.diff(counted) / 60, np.nan)


def _listed(values: Floats) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), DIGITS) for value in values]
