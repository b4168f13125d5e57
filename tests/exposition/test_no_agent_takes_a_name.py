"""What an agent invents stands under a name of its own: not under one of the catalogue's, nor the centre's."""

from __future__ import annotations

import numpy as np
import pytest

from readings.catalogue import load_catalogue
from readings.wire import pack_series
from server.exposition.readings_text import ReadingsText
from server.live import DeviceNow, SourceNow
from server.series import series_ref

NOW = 1_800_000_000_000


def text_of(*metrics: str) -> str:
    series = series_ref(pack_series([(metric, "") for metric in metrics]))
    source = SourceNow(NOW, series, np.arange(len(metrics), dtype=np.float64))
    return ReadingsText(load_catalogue()).text([DeviceNow("A-1", {"host": source}, NOW, NOW)], NOW)


def test_a_metric_of_the_catalogue_is_told_once_whatever_else_is_sent() -> None:
    text = text_of("processes", "processes_count")
    assert text.count("# TYPE zhishou_processes ") == 1
    assert [line for line in text.splitlines() if line.startswith("zhishou_processes{")] == [
        'zhishou_processes{device="A-1"} 1.0'
    ]


@pytest.mark.parametrize("metric", ["device_up", "device_health", "agent_last_seen_timestamp_seconds"])
def test_how_a_device_stands_is_not_its_own_to_say(metric: str) -> None:
    assert text_of(metric) == ""


def test_two_invented_metrics_never_become_one() -> None:
    text = text_of("invented", "invented_count", "invented_sum")
    assert len({line.partition("{")[0] for line in text.splitlines() if line[0] != "#"}) == 3
