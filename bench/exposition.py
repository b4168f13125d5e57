"""What a scrape of 100,000 series costs when a tenth of them changed since the last."""

from __future__ import annotations

import gzip
import statistics
import time
from collections.abc import Iterator

import numpy as np

from readings.catalogue import load_catalogue
from readings.wire import pack_series
from server.exposition.readings_text import ReadingsText
from server.live import DeviceNow, SourceNow
from server.series import SeriesRef, series_ref

DEVICES, SERIES, SOURCES = 500, 200, 10
NOW_MS = 1_800_000_000_000
ROUNDS = 10


def lists() -> list[SeriesRef]:
    """200 series of the catalogue, cut into sources."""
    catalogue = load_catalogue()
    pairs = [(key, "" if not metric.part else "x") for key, metric in catalogue.items()][:SERIES]
    assert len(pairs) == SERIES
    return [series_ref(pack_series(pairs[at::SOURCES])) for at in range(SOURCES)]


def changed(random: np.random.Generator, before: np.ndarray) -> np.ndarray:
    """A tenth of the values anew."""
    after = before.copy()
    places = random.choice(len(before), max(1, len(before) // 10), replace=False)
    after[places] = random.random(len(places)) * 1e6
    return after


def run() -> Iterator[tuple[str, float, str]]:
    random = np.random.default_rng(1)
    series = lists()
    devices = [
        DeviceNow(
            f"SRV-{number:05}",
            {f"source{at}": SourceNow(NOW_MS, refs, random.random(len(refs)) * 1e6) for at, refs in enumerate(series)},
            NOW_MS,
            NOW_MS,
        )
        for number in range(DEVICES)
    ]
    readings = ReadingsText(load_catalogue())
    begun = time.perf_counter()
    text = readings.text(devices, NOW_MS)
    first = time.perf_counter() - begun
    spent: list[float] = []
    for _ in range(ROUNDS):
        for device in devices:
            for name, source in device.sources.items():
                device.sources[name] = SourceNow(NOW_MS, source.series, changed(random, source.values))
        begun = time.perf_counter()
        text = readings.text(devices, NOW_MS)
        body = text.encode()
        spent.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    packed = gzip.compress(body, 1)
    zipped = time.perf_counter() - begun
    lines = sum(1 for line in text.splitlines() if line[0] != "#")
    assert lines == DEVICES * SERIES, f"{lines} lines"
    sizes = f"{lines} lines, {len(body) / 1e6:.1f} MB"
    yield "exposition.seconds_100k_series", statistics.median(spent) + zipped, f"{sizes}, gzip {zipped:.3f} s of it"
    yield "exposition.seconds_100k_series.first", first, "nothing known yet, without gzip"
    yield "exposition.megabytes_gzip", len(packed) / 1e6, "level 1"
