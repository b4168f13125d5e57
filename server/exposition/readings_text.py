"""The newest reading of every series in Prometheus' text format; what is stale or a gap is absent."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from readings.catalogue import Metric
from server.exposition.block_text import BlockText, Pair
from server.exposition.names import OWN, exposed_name, metric_head, name_in
from server.live import DeviceNow, SourceNow, stale_before


@dataclass(slots=True)
class DeviceText:
    """The blocks of one device and the lists of series they were made for."""

    made_for: list[tuple[str, int]] = field(default_factory=list)
    blocks: dict[str, BlockText] = field(default_factory=dict)


class ReadingsText:
    """Keeps the text of every series, so that a scrape formats only what changed since the last. For any thread."""

    def __init__(self, catalogue: Mapping[str, Metric]) -> None:
        self._catalogue = catalogue
        self._taken = OWN | {exposed_name(metric) for metric in catalogue}
        self._devices: dict[str, DeviceText] = {}
        self._heads: dict[str, str] = {}
        self._lock = threading.Lock()

    def text(self, devices: Iterable[DeviceNow], now_ms: int) -> str:
        """All series of these devices, grouped by metric under one HELP and TYPE each, in order of their names."""
        with self._lock:
            families: dict[str, list[str]] = {}
            for device in devices:
                for block in self._shown(device, now_ms):
                    for metric, text in block.texts.items():
                        if text:
                            families.setdefault(metric, []).append(text)
            pieces: list[str] = []
            for metric in sorted(families):
                pieces.append(self._head(metric))
                pieces += families[metric]
            return "".join(pieces)

    def forget(self, known: Iterable[str]) -> None:
        """Keep the texts of these devices only."""
        with self._lock:
            for device_no in self._devices.keys() - set(known):
                del self._devices[device_no]

    def _shown(self, device: DeviceNow, now_ms: int) -> list[BlockText]:
        oldest_ms = stale_before(device, now_ms)
        # A copy: the pump's thread may add a source while we read.
        sources = [
            (name, source)
            for name, source in sorted(device.sources.copy().items())
            if source.gap is None and source.at_ms >= oldest_ms
        ]
        made_for = [(name, id(source.series)) for name, source in sources]
        text = self._devices.get(device.device_no)
        if text is None or text.made_for != made_for:
            text = self._devices[device.device_no] = self._made(device.device_no, sources, made_for)
        shown: list[BlockText] = []
        for name, source in sources:
            block = text.blocks[name]
            block.show(source.values)
            shown.append(block)
        return shown

    def _made(
        self, device_no: str, sources: list[tuple[str, SourceNow]], made_for: list[tuple[str, int]]
    ) -> DeviceText:
        """A series that two sources tell is taken from the first by name: Prometheus refuses it twice."""
        told: set[Pair] = set()
        text = DeviceText(made_for)
        for name, source in sources:
            # The block keeps the list of series alive, so that its id stays its own.
            text.blocks[name] = BlockText(
                device_no, source.series, self._catalogue, frozenset(told | self._forged(source))
            )
            told.update(source.series.series)
        return text

    def _forged(self, source: SourceNow) -> set[Pair]:
        """Series of no metric of the catalogue that would stand under the name of one, or of the centre's own."""
        return {
            (metric, part)
            for metric, part in source.series.series
            if metric not in self._catalogue and name_in(metric, self._catalogue) in self._taken
        }

    def _head(self, metric: str) -> str:
        head = self._heads.get(metric)
        if head is None:
            head = self._heads[metric] = metric_head(metric, self._catalogue)
        return head
