"""/proc/spl/kstat/zfs: the ARC (ZFS's cache) and the state of every pool."""

from __future__ import annotations

from collections.abc import Iterator

from agent.host.kernel_files import count_of, entries, read_text, read_word, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

FIELDS = {
    "size": "zfs_arc_size_bytes",
    "c": "zfs_arc_target_bytes",
    "c_min": "zfs_arc_minimum_bytes",
    "c_max": "zfs_arc_maximum_bytes",
    "hits": "zfs_arc_hits_total",
    "misses": "zfs_arc_misses_total",
    "demand_data_hits": "zfs_arc_demand_data_hits_total",
    "demand_data_misses": "zfs_arc_demand_data_misses_total",
    "demand_metadata_hits": "zfs_arc_demand_metadata_hits_total",
    "demand_metadata_misses": "zfs_arc_demand_metadata_misses_total",
    "evict_skip": "zfs_arc_evict_skips_total",
    "memory_throttle_count": "zfs_arc_memory_throttles_total",
    "l2_hits": "zfs_l2arc_hits_total",
    "l2_misses": "zfs_l2arc_misses_total",
    "l2_size": "zfs_l2arc_size_bytes",
    "l2_read_bytes": "zfs_l2arc_read_bytes_total",
    "l2_write_bytes": "zfs_l2arc_written_bytes_total",
    "l2_cksum_bad": "zfs_l2arc_checksum_errors_total",
    "l2_io_error": "zfs_l2arc_io_errors_total",
}
POOL_STATES = {
    "ONLINE": 0.0,
    "DEGRADED": 1.0,
    "FAULTED": 2.0,
    "OFFLINE": 3.0,
    "REMOVED": 4.0,
    "UNAVAIL": 5.0,
    "SUSPENDED": 6.0,
}


class Zfs:
    name = "zfs"

    def __init__(self, root: Root) -> None:
        self._folder = f"{root.proc}/spl/kstat/zfs"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        path = f"{self._folder}/arcstats"
        yield from parse(path, read_text(path, "the ZFS module is not loaded"))
        for pool in entries(self._folder):
            state = read_word(f"{self._folder}/{pool}/state")
            if state is not None:
                yield Sample("zfs_pool_state", POOL_STATES.get(state, Gap.UNREADABLE), pool)


def parse(path: str, text: str) -> list[Sample]:
    """Two head lines, then ``name  type  data``. Raises SourceFailed."""
    said: list[Sample] = []
    for line in whole_lines(path, text)[2:]:
        words = line.split()
        try:
            if words and words[0] in FIELDS:
                said.append(Sample(FIELDS[words[0]], count_of(words[2])))
        except (ValueError, IndexError) as error:
            raise unreadable(path, line, error) from error
    if not said:
        raise SourceFailed(Gap.UNREADABLE, f"{path}: none of the fields of the cache")
    return said
