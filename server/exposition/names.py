"""How a metric and its part are called in Prometheus' text format."""

from __future__ import annotations

import math
from collections.abc import Mapping

from readings.catalogue import Metric

PREFIX = "zhishou_"
PART = "part"
# What a series is already told apart by, or a scrape puts there itself.
TAKEN = frozenset({"device", "instance", "job", "health", "le", "quantile"})
# Told of each device by /metrics: no agent may tell them of itself.
OWN = frozenset(
    {
        "zhishou_device_up",
        "zhishou_device_health",
        "zhishou_agent_last_seen_timestamp_seconds",
        "zhishou_verification_effective_hours",
        "zhishou_verification_criteria",
    }
)
# Endings that the format keeps for histograms and summaries, and a unit it has no room for: linters refuse them.
KEPT_ENDINGS = ("_count", "_sum", "_bucket", "_bits")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})


def exposed_name(metric: str) -> str:
    """``zhishou_`` before the key; ``processes_count`` is ``zhishou_processes``."""
    for ending in KEPT_ENDINGS:
        metric = metric.removesuffix(ending)
    return PREFIX + metric


def name_in(metric: str, catalogue: Mapping[str, Metric]) -> str:
    """The same; one that is not in the catalogue keeps its whole key, so that no two become one."""
    return exposed_name(metric) if metric in catalogue else PREFIX + metric


def part_label(metric: Metric | None) -> str:
    """The catalogue's name of the part (``mount``); ``part`` where there is none or the name means something else."""
    return PART if metric is None or not metric.part or metric.part in TAKEN else metric.part


def escaped(value: str) -> str:
    """A label's value between its quotes."""
    return value.translate(_ESCAPES)


def head_of(name: str, kind: str, text: str) -> str:
    return f"# HELP {name} {text.translate(_HELP_ESCAPES)}\n# TYPE {name} {kind}\n"


def metric_head(key: str, catalogue: Mapping[str, Metric]) -> str:
    """HELP and TYPE of a metric. One that is not in the catalogue has no type we could vouch for."""
    metric = catalogue.get(key)
    if metric is None:
        return head_of(name_in(key, catalogue), "untyped", "Not in the catalogue of this centre.")
    return head_of(exposed_name(key), "counter" if metric.kind == "counter" else "gauge", metric.help)


def written(value: float) -> str:
    """The shortest text that reads back as the same float."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)
