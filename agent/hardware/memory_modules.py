"""EDAC beside its counters: which DIMM a counter belongs to, counters of channels, and counters that began anew.

The counters of controllers, rows and DIMMs are read in every pass (agent/host/families.py); this adds what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from agent.host.kernel_files import entries, read_number, read_word
from agent.host.root import Root
from readings.model import Event, Fact, Gap, Sample, Severity, SourceFailed

MEGABYTE = 2**20
MOST_CHANNELS = 12
RANK = {"dimm_ce_count": "memory_corrected_errors_total", "dimm_ue_count": "memory_uncorrected_errors_total"}


class MemoryModules:
    name = "memory_modules"

    def __init__(self, root: Root) -> None:
        self._folder = f"{root.sys}/devices/system/edac/mc"
        self._counted: dict[str, float] = {}

    def read(self) -> Iterator[Sample | Event | Fact]:
        """Raises SourceFailed."""
        controllers = [name for name in entries(self._folder) if fnmatchcase(name, "mc[0-9]*")]
        if not controllers:
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._folder}: no memory controller driver (EDAC) is loaded")
        for controller in controllers:
            yield from self._controller(controller)

    def _controller(self, controller: str) -> Iterator[Sample | Event | Fact]:
        folder = f"{self._folder}/{controller}"
        size = read_number(f"{folder}/size_mb", MEGABYTE)
        yield Sample("memory_controller_size_bytes", size, controller)
        driver = read_word(f"{folder}/mc_name")
        if driver:
            yield Fact(f"memory.{controller}", driver)
        yield from self._reset(controller, read_number(f"{folder}/seconds_since_reset"))
        for name in entries(folder):
            if name.startswith(("dimm", "rank")):
                yield from module(f"{folder}/{name}", f"{controller}/{name}")
                if name.startswith("rank"):  # some drivers know ranks only; DIMMs are read in every pass
                    for file, metric in RANK.items():
                        yield Sample(metric, read_number(f"{folder}/{name}/{file}"), f"{controller}/{name}")
            elif name.startswith("csrow"):
                yield from channels(f"{folder}/{name}", f"{controller}/{name}")

    def _reset(self, controller: str, seconds: float | Gap) -> Iterator[Event]:
        """The driver's loading, or somebody, zeroes the counters: what they held since the last look is lost."""
        if isinstance(seconds, Gap):
            return
        before, self._counted[controller] = self._counted.get(controller), seconds
        if before is not None and seconds < before:
            text = (
                f"{controller}: memory error counters began anew {seconds:.0f} s ago (they had run for {before:.0f} s)"
            )
            yield Event("memory_modules", "counters_reset", Severity.WARNING, text)


def module(folder: str, name: str) -> Iterator[Fact]:
    """``memory.mc0/dimm0`` = label, place, kind and size: what to pull out when its counter rises."""
    words = {
        field: read_word(f"{folder}/{field}") for field in ("dimm_label", "dimm_location", "dimm_mem_type", "size")
    }
    if not any(words.values()):
        return
    said = [words["dimm_label"], words["dimm_location"], words["dimm_mem_type"]]
    size = f"{words['size']} MiB" if words["size"] else None
    yield Fact(f"memory.{name}", ", ".join(word.strip() for word in (*said, size) if word))


def channels(folder: str, name: str) -> Iterator[Sample | Fact]:
    """``ch0_ce_count`` and ``ch0_dimm_label`` of the older layout, which has no folder for a DIMM."""
    for number in range(MOST_CHANNELS):
        count = read_number(f"{folder}/ch{number}_ce_count")
        if count is Gap.NOT_OFFERED:
            return
        yield Sample("memory_channel_corrected_errors_total", count, f"{name}/ch{number}")
        label = read_word(f"{folder}/ch{number}_dimm_label")
        if label:
            yield Fact(f"memory.{name}/ch{number}", label)
