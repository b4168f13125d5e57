"""/proc/meminfo: what memory there is and what it is used for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.host.kernel_files import read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

# Those the judging of any host rests on: a gap when the kernel does not say them.
ALWAYS = {
    "MemTotal": "memory_total_bytes",
    "MemAvailable": "memory_available_bytes",
    "MemFree": "memory_free_bytes",
    "Buffers": "memory_buffers_bytes",
    "Cached": "memory_cached_bytes",
    "Dirty": "memory_dirty_bytes",
    "Slab": "memory_slab_bytes",
    "SwapTotal": "swap_total_bytes",
    "SwapFree": "swap_free_bytes",
    "CommitLimit": "memory_commit_limit_bytes",
    "Committed_AS": "memory_committed_bytes",
}
# Those some kernels say: absent where they are not said.
SOMETIMES = {
    "SwapCached": "swap_cached_bytes",
    "Active": "memory_active_bytes",
    "Inactive": "memory_inactive_bytes",
    "Active(anon)": "memory_active_anonymous_bytes",
    "Inactive(anon)": "memory_inactive_anonymous_bytes",
    "Active(file)": "memory_active_file_bytes",
    "Inactive(file)": "memory_inactive_file_bytes",
    "Unevictable": "memory_unevictable_bytes",
    "Mlocked": "memory_locked_bytes",
    "Zswap": "memory_zswap_bytes",
    "Zswapped": "memory_zswapped_bytes",
    "Writeback": "memory_writeback_bytes",
    "WritebackTmp": "memory_writeback_temporary_bytes",
    "AnonPages": "memory_anonymous_bytes",
    "Mapped": "memory_mapped_bytes",
    "Shmem": "memory_shared_bytes",
    "KReclaimable": "memory_kernel_reclaimable_bytes",
    "SReclaimable": "memory_slab_reclaimable_bytes",
    "SUnreclaim": "memory_slab_unreclaimable_bytes",
    "KernelStack": "memory_kernel_stack_bytes",
    "PageTables": "memory_page_tables_bytes",
    "SecPageTables": "memory_secondary_page_tables_bytes",
    "NFS_Unstable": "memory_nfs_unstable_bytes",
    "Bounce": "memory_bounce_bytes",
    "VmallocTotal": "memory_vmalloc_total_bytes",
    "VmallocUsed": "memory_vmalloc_used_bytes",
    "VmallocChunk": "memory_vmalloc_largest_bytes",
    "Percpu": "memory_per_cpu_bytes",
    "HardwareCorrupted": "memory_hardware_corrupted_bytes",
    "AnonHugePages": "memory_anonymous_huge_pages_bytes",
    "ShmemHugePages": "memory_shared_huge_pages_bytes",
    "ShmemPmdMapped": "memory_shared_huge_mapped_bytes",
    "FileHugePages": "memory_file_huge_pages_bytes",
    "FilePmdMapped": "memory_file_huge_mapped_bytes",
    "CmaTotal": "memory_contiguous_total_bytes",
    "CmaFree": "memory_contiguous_free_bytes",
    "Unaccepted": "memory_unaccepted_bytes",
    "Balloon": "memory_balloon_bytes",
    "HugePages_Total": "huge_pages_count",
    "HugePages_Free": "huge_pages_free_count",
    "HugePages_Rsvd": "huge_pages_reserved_count",
    "HugePages_Surp": "huge_pages_surplus_count",
    "Hugepagesize": "huge_page_size_bytes",
    "Hugetlb": "huge_pages_memory_bytes",
    "DirectMap4k": "memory_direct_map_4k_bytes",
    "DirectMap2M": "memory_direct_map_2m_bytes",
    "DirectMap4M": "memory_direct_map_4m_bytes",
    "DirectMap1G": "memory_direct_map_1g_bytes",
}


LINE = re.compile(r"^([^:\s]+):\s+([0-9]{1,20})( kB)?$", re.MULTILINE)


class Memory:
    """Memory, swap and huge pages, with the two ratios people ask for."""

    name = "memory"

    def __init__(self, root: Root) -> None:
        self._path = f"{root.proc}/meminfo"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        return samples(parse(self._path, read_text(self._path)))


def parse(path: str, text: str) -> dict[str, float]:
    """``MemTotal:  12345 kB`` → {"MemTotal": bytes}. Raises SourceFailed."""
    lines = whole_lines(path, text)
    found = LINE.findall(text)
    if len(found) != len(lines):
        wrong = next(line for line in lines if not LINE.fullmatch(line))
        raise unreadable(path, wrong, ValueError("neither a count nor kB"))
    said = {key: int(number) * (1024.0 if unit else 1.0) for key, number, unit in found}
    if "MemTotal" not in said:
        raise SourceFailed(Gap.UNREADABLE, f"{path}: no MemTotal in {len(said)} lines")
    return said


def samples(said: dict[str, float]) -> Iterator[Sample]:
    for key, metric in ALWAYS.items():
        yield Sample(metric, said.get(key, Gap.NOT_OFFERED))
    for key, metric in SOMETIMES.items():
        if key in said:
            yield Sample(metric, said[key])
    total, available = said["MemTotal"], said.get("MemAvailable")
    missing = Gap.NOT_OFFERED if available is None else Gap.UNREADABLE
    yield Sample("memory_used_ratio", missing if available is None or not total else 1 - available / total)
    swap, free = said.get("SwapTotal"), said.get("SwapFree")
    yield Sample("swap_used_bytes", Gap.NOT_OFFERED if swap is None or free is None else swap - free)
    # A host without swap has no share of it: not 0 %, not 100 %.
    yield Sample("swap_used_ratio", Gap.NOT_OFFERED if not swap or free is None else 1 - free / swap)
