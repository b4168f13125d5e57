"""/sys/class/thermal: the zones the platform watches, and how hard it is cooling."""

from __future__ import annotations

from collections.abc import Iterator

from agent.host.kernel_files import entries, read_number, read_word
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed


class ThermalZones:
    name = "thermal_zones"

    def __init__(self, root: Root) -> None:
        self._folder = f"{root.sys}/class/thermal"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        found = [name for name in entries(self._folder) if name.startswith(("thermal_zone", "cooling_device"))]
        if not found:
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._folder}: the platform watches no thermal zone")
        for name in found:
            folder = f"{self._folder}/{name}"
            part = f"{name} {read_word(f'{folder}/type') or ''}".rstrip()
            if name.startswith("thermal_zone"):
                yield Sample("temperature_celsius", read_number(f"{folder}/temp", 1e-3), part)
            else:
                yield Sample("cooling_level", read_number(f"{folder}/cur_state"), part)
                yield Sample("cooling_level_limit", read_number(f"{folder}/max_state"), part)
