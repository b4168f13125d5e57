"""/proc/diskstats: what every block device was asked to do, and how long it took (admin-guide/iostats.rst)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import repeat
from operator import mul

from agent.host.kernel_files import counts_of, read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Sample

# Partitions, loop and memory devices: their disk, or nothing, stands behind them.
SKIPPED = re.compile(r"^((ram|loop|fd|(h|s|v|xv)d[a-z]+|sr)\d+|nvme\d+n\d+p\d+|mmcblk\d+p\d+)$")
SECTOR = 512.0  # whatever the device's own sector size is
MS = 0.001
COLUMNS = (
    ("disk_reads_total", 1.0),
    ("disk_reads_merged_total", 1.0),
    ("disk_read_bytes_total", SECTOR),
    ("disk_read_time_seconds_total", MS),
    ("disk_writes_total", 1.0),
    ("disk_writes_merged_total", 1.0),
    ("disk_written_bytes_total", SECTOR),
    ("disk_write_time_seconds_total", MS),
    ("disk_io_in_progress_count", 1.0),
    ("disk_io_time_seconds_total", MS),
    ("disk_io_time_weighted_seconds_total", MS),
    ("disk_discards_total", 1.0),
    ("disk_discards_merged_total", 1.0),
    ("disk_discarded_bytes_total", SECTOR),
    ("disk_discard_time_seconds_total", MS),
    ("disk_flushes_total", 1.0),
    ("disk_flush_time_seconds_total", MS),
)
METRICS, SCALES = zip(*COLUMNS, strict=True)
FEWEST_COLUMNS = 11  # kernels before 4.18 say no discards, before 5.5 no flushes


class Disks:
    name = "disks"

    def __init__(self, root: Root) -> None:
        self._path = f"{root.proc}/diskstats"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        return parse(self._path, read_text(self._path))


def parse(path: str, text: str) -> Iterator[Sample]:
    """``254 0 vda 62297 22753 …`` → counters of vda. Raises SourceFailed."""
    said: dict[str, list[Sample]] = {}
    for line in whole_lines(path, text):
        words = line.split()
        try:
            disk, numbers = words[2], words[3:]
            if len(numbers) < FEWEST_COLUMNS:
                raise ValueError("fewer than 11 columns")  # noqa: TRY301 - one place names file and line
            if SKIPPED.match(disk):
                continue
            # Later kernels may say more than is known here, earlier ones say less.
            values = map(mul, counts_of(numbers[: len(METRICS)]), SCALES)
            said[disk] = list(map(Sample, METRICS, values, repeat(disk)))
        except (ValueError, IndexError) as error:
            raise unreadable(path, line, error) from error
    return (sample for samples in said.values() for sample in samples)
