"""/proc/net/softnet_stat: packets every CPU took from the cards, and those it had no room for."""

from __future__ import annotations

from collections.abc import Iterator

from agent.host.kernel_files import hex_count, read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Sample

METRICS = ("softnet_processed_total", "softnet_dropped_total", "softnet_times_squeezed_total")
CPU_COLUMN = 12  # since 5.10 the row says its CPU; before, rows are the online CPUs in order


class Softnet:
    name = "softnet"

    def __init__(self, root: Root) -> None:
        self._path = f"{root.proc}/net/softnet_stat"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        return parse(self._path, read_text(self._path))


def parse(path: str, text: str) -> Iterator[Sample]:
    """Hexadecimal columns, a row a CPU. Raises SourceFailed."""
    said: dict[str, list[float]] = {}
    for row, line in enumerate(whole_lines(path, text)):
        words = line.split()
        try:
            cpu = str(hex_count(words[CPU_COLUMN]) if len(words) > CPU_COLUMN else row)
            said[cpu] = [float(hex_count(word)) for word in words[:3]]
            if len(words) < 3 or any(len(word) != 8 for word in words):
                raise ValueError("not columns of 8 hexadecimal digits")  # noqa: TRY301 - one place names file and line
        except ValueError as error:
            raise unreadable(path, line, error) from error
    return (
        Sample(metric, value, cpu)
        for cpu, values in said.items()
        for metric, value in zip(METRICS, values, strict=True)
    )
