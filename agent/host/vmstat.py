"""/proc/vmstat: pages moved, faults taken, processes killed for want of memory."""

from __future__ import annotations

from collections.abc import Iterator

from agent.host.kernel_files import check_whole, count_of, read_text, unreadable
from agent.host.root import Root
from readings.model import Gap, Sample

# pgpgin and pgpgout count KiB, whatever the page size (mm/vmstat.c).
FIELDS = {
    "pgpgin": ("paged_in_bytes_total", 1024.0),
    "pgpgout": ("paged_out_bytes_total", 1024.0),
    "pswpin": ("swap_in_pages_total", 1.0),
    "pswpout": ("swap_out_pages_total", 1.0),
    "pgfault": ("page_faults_total", 1.0),
    "pgmajfault": ("page_faults_major_total", 1.0),
    "oom_kill": ("oom_kills_total", 1.0),
}


class Vmstat:
    name = "vmstat"

    def __init__(self, root: Root) -> None:
        self._path = f"{root.proc}/vmstat"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        return parse(self._path, read_text(self._path))


def parse(path: str, text: str) -> Iterator[Sample]:
    """A field the kernel does not count is a gap: no oom_kill line does not mean that nothing was killed."""
    check_whole(path, text)
    return iter([Sample(metric, _field(path, text, key, scale)) for key, (metric, scale) in FIELDS.items()])


def _field(path: str, text: str, key: str, scale: float) -> float | Gap:
    """Looked up, because some 190 other lines are of no interest."""
    at = 0 if text.startswith(f"{key} ") else text.find(f"\n{key} ") + 1
    if not at and not text.startswith(f"{key} "):
        return Gap.NOT_OFFERED
    word = text[at + len(key) + 1 : text.index("\n", at)]
    try:
        return count_of(word, scale)
    except ValueError as error:
        raise unreadable(path, f"{key} {word}", error) from error
