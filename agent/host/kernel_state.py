"""Small tables of the kernel: open files, entropy, taint, hung tasks, SELinux, the time zone."""

from __future__ import annotations

import time
from collections.abc import Iterator

from agent.host.kernel_files import count_of, read_number, read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

BYTES_PER_BIT = 1 / 8


class OpenFiles:
    """/proc/sys/fs/file-nr: ``allocated  unused  maximum``."""

    name = "open_files"

    def __init__(self, root: Root) -> None:
        self._path = f"{root.proc}/sys/fs/file-nr"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        line = whole_lines(self._path, read_text(self._path))[0]
        try:
            allocated, _, maximum = (count_of(word) for word in line.split())
        except ValueError as error:
            raise unreadable(self._path, line, error) from error
        yield Sample("files_open_count", allocated)
        yield Sample("files_open_limit_count", maximum)
        yield Sample("files_open_used_ratio", allocated / maximum if maximum else Gap.UNREADABLE)


class Entropy:
    name = "entropy"

    def __init__(self, root: Root) -> None:
        self._folder = f"{root.proc}/sys/kernel/random"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        available = read_number(f"{self._folder}/entropy_avail", BYTES_PER_BIT)
        if isinstance(available, Gap):
            raise SourceFailed(available, f"{self._folder}/entropy_avail: the kernel does not say its entropy")
        yield Sample("entropy_available_bytes", available)
        yield Sample("entropy_pool_bytes", read_number(f"{self._folder}/poolsize", BYTES_PER_BIT))


class KernelHealth:
    """What the kernel remembers of its own trouble until the next boot (admin-guide/tainted-kernels.rst)."""

    name = "kernel_health"

    def __init__(self, root: Root) -> None:
        self._folder = f"{root.proc}/sys/kernel"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        taint = read_number(f"{self._folder}/tainted")
        if isinstance(taint, Gap):
            raise SourceFailed(taint, f"{self._folder}/tainted: the kernel does not say whether it is tainted")
        yield Sample("kernel_taint", taint)
        # 4 machine check, 5 bad page, 7 oops, 14 soft lockup: the bits that mean something broke.
        yield Sample("kernel_broken", float(bool(int(taint) & (1 << 4 | 1 << 5 | 1 << 7 | 1 << 14))))
        yield Sample("kernel_hung_tasks_total", read_number(f"{self._folder}/hung_task_detect_count"))


class Selinux:
    name = "selinux"

    def __init__(self, root: Root) -> None:
        self._path = f"{root.sys}/fs/selinux/enforce"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        enforcing = read_number(self._path)
        if isinstance(enforcing, Gap):
            raise SourceFailed(enforcing, f"{self._path}: SELinux is not in use here")
        yield Sample("selinux_enforcing", enforcing)


class TimeZone:
    """Seconds the host's local time is ahead of UTC now (people read its logs in local time)."""

    name = "time_zone"

    def __init__(self, root: Root) -> None:
        self._live = root.live

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        if not self._live:
            raise SourceFailed(Gap.NOT_OFFERED, "time zone: asked of the running system only")
        yield Sample("clock_zone_offset_seconds", float(time.localtime().tm_gmtoff))
