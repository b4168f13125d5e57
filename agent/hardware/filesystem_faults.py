"""File systems that got into trouble: when ext4 met its first and last error, and what was remounted read-only.

ext4 keeps both moments in the superblock: they outlive a restart, until somebody repairs it (fs/ext4/sysfs.c).
"""

from __future__ import annotations

from collections.abc import Iterator

from agent.host.filesystems import parse
from agent.host.kernel_files import entries, read_number, read_text
from agent.host.root import Root
from readings.model import Event, Gap, Sample, Severity, SourceFailed

MOMENTS = {
    "first_error_time": "filesystem_first_error_time_seconds",
    "last_error_time": "filesystem_last_error_time_seconds",
}


class FilesystemFaults:
    name = "filesystem_faults"

    def __init__(self, root: Root) -> None:
        self._mounts = f"{root.proc}/mounts"
        self._folder = f"{root.sys}/fs/ext4"
        self._text = ""
        self._writable: set[str] | None = None

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        told: list[Sample | Event] = list(self._remounted(read_text(self._mounts)))
        disks = [name for name in entries(self._folder) if name != "features"]
        for disk in disks:
            for file, metric in MOMENTS.items():
                at = read_number(f"{self._folder}/{disk}/{file}")
                told.append(Sample(metric, Gap.NOT_OFFERED if at == 0 else at, disk))
        if not disks and not told:
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._folder}: no ext4 file system is mounted")
        return iter(told)

    def _remounted(self, text: str) -> Iterator[Event]:
        if text == self._text:
            return
        mounts = parse(self._mounts, text)
        self._text = text
        for mount in mounts:
            if mount.readonly and self._writable is not None and mount.point in self._writable:
                said = f"{mount.point} ({mount.kind}) takes no more writes: it was remounted read-only"
                yield Event(self.name, "remounted_read_only", Severity.CRITICAL, said)
        self._writable = {mount.point for mount in mounts if not mount.readonly}
