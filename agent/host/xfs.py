"""/sys/fs/xfs/<device>/stats/stats: what XFS did on every device (fs/xfs/xfs_stats.h)."""

from __future__ import annotations

from collections.abc import Iterator

from agent.host.kernel_files import count_of, entries, read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

FIELDS = {
    "extent_alloc": ("extents_allocated", "blocks_allocated", "extents_freed", "blocks_freed"),
    "abt": ("allocation_lookups", "allocation_compares", "allocation_inserts", "allocation_deletes"),
    "blk_map": (
        "map_reads",
        "map_writes",
        "map_unmaps",
        "list_inserts",
        "list_deletes",
        "list_lookups",
        "list_compares",
    ),
    "bmbt": ("map_lookups", "map_compares", "map_inserts", "map_deletes"),
    "dir": ("directory_lookups", "directory_creates", "directory_removes", "directory_getdents"),
    "ig": (
        *("inode_attempts", "inode_found", "inode_recycled", "inode_missed", "inode_duplicates", "inode_reclaims"),
        "inode_attribute_changes",
    ),
    "rw": ("writes", "reads"),
    "vnodes": (
        *("vnodes_active", "vnodes_allocated", "vnodes_obtained", "vnodes_released", "vnodes_reclaimed"),
        "vnodes_removed",
    ),
}


class Xfs:
    name = "xfs"

    def __init__(self, root: Root) -> None:
        self._folder = f"{root.sys}/fs/xfs"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        devices = [name for name in entries(self._folder) if name not in {"debug", "stats"}]
        if not devices:
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._folder}: no XFS file system is mounted")
        for device in devices:
            path = f"{self._folder}/{device}/stats/stats"
            yield from parse(path, read_text(path), device)


def parse(path: str, text: str, device: str) -> list[Sample]:
    """``rw 28 7`` → xfs_operations_total of "sda1/writes" and "sda1/reads". Raises SourceFailed."""
    said: list[Sample] = []
    for line in whole_lines(path, text):
        key, *words = line.split(" ")
        try:
            for field, word in zip(FIELDS.get(key, ()), words, strict=False):
                metric = "xfs_vnodes_active_count" if field == "vnodes_active" else "xfs_operations_total"
                part = device if field == "vnodes_active" else f"{device}/{field}"
                said.append(Sample(metric, count_of(word), part))
        except ValueError as error:
            raise unreadable(path, line, error) from error
    return said
