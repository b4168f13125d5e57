"""/proc/mounts and statvfs: how full the file systems are, and whether they still take writes."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from agent.host.kernel_files import gap_for, read_text, unreadable, whole_lines
from agent.host.mount_table import mounted, repeated
from agent.host.patience import Patience
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

# What node_exporter leaves out by default, too: these hold no one's files.
PSEUDO = {
    *("autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs"),
    *("erofs", "fusectl", "hugetlbfs", "iso9660", "mqueue", "nsfs", "overlay", "proc", "procfs", "pstore"),
    *("rpc_pipefs", "securityfs", "selinuxfs", "squashfs", "sysfs", "tracefs"),
}
# These answer from memory, whatever became of their disk.
LOCAL = {"ext2", "ext3", "ext4", "xfs", "btrfs", "tmpfs", "vfat", "exfat", "f2fs", "jfs", "zfs", "overlay", "reiserfs"}
SKIPPED_FOLDERS = ("/dev", "/proc", "/sys", "/run/credentials", "/var/lib/docker", "/var/lib/containers/storage")
MAX_MOUNTS = 2000
METRICS = (
    "filesystem_size_bytes",
    "filesystem_free_bytes",
    "filesystem_available_bytes",
    "filesystem_used_ratio",
    "filesystem_inodes_count",
    "filesystem_inodes_free_count",
    "filesystem_inodes_used_ratio",
)


@dataclass(frozen=True, slots=True)
class Mount:
    """``written`` is the mount point as the kernel writes it."""

    point: str
    kind: str
    readonly: bool
    written: str = ""


class Filesystems:
    """Asks what may hang (a dead NFS server) under a guard: it is a gap then, and never holds the pass."""

    name = "filesystems"

    def __init__(
        self, root: Root, statvfs: Callable[[str], os.statvfs_result] | None = None, patience_s: float = 2.0
    ) -> None:
        self._path = f"{root.proc}/mounts"
        self._table = f"{root.proc}/self/mountinfo"
        self._prefix = root.files
        ask: Callable[[str], os.statvfs_result] = getattr(os, "statvfs", _no_statvfs) if statvfs is None else statvfs
        self._statvfs = ask
        self._text = self._table_text = ""
        self._mounts: list[Mount] = []
        self._patience: Patience[os.statvfs_result] = Patience(ask, patience_s)

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        text = read_text(self._path)
        table = self._read_table()
        if (text, table) != (self._text, self._table_text):  # seldom
            self._mounts = of_the_host(parse(self._path, text), table)
            self._text, self._table_text = text, table
        mounts = self._mounts
        far = [f"{self._prefix}{mount.point}" for mount in mounts if mount.kind not in LOCAL]
        answers = dict(zip(far, self._patience.ask(far), strict=True)) if far else {}
        for mount in mounts:
            path = f"{self._prefix}{mount.point}"
            answer = answers.get(path) or self._ask(path)
            yield Sample("filesystem_readonly", float(mount.readonly), mount.point)
            if isinstance(answer, OSError):
                values: tuple[float | Gap, ...] = (gap_for(answer),) * len(METRICS)
            else:
                values = measures(answer)
            for metric, value in zip(METRICS, values, strict=True):
                yield Sample(metric, value, mount.point)

    def _read_table(self) -> str:
        try:
            return read_text(self._table)
        except SourceFailed:
            return ""  # then /proc/mounts is all there is

    def _ask(self, path: str) -> os.statvfs_result | OSError:
        try:
            return self._statvfs(path)
        except OSError as error:
            return error


def _no_statvfs(path: str) -> os.statvfs_result:
    """Where the system has no such question (Windows)."""
    raise OSError(errno.ENOSYS, "not asked on this system", path)


def parse(path: str, text: str) -> list[Mount]:
    """One Mount a mount point, the one mounted last (it hides the others). Raises SourceFailed."""
    mounts: dict[str, Mount] = {}
    for line in whole_lines(path, text):
        words = line.split(" ")
        if len(words) < 4:
            raise unreadable(path, line, ValueError("fewer than 4 words"))
        point, kind = unescaped(words[1]), words[2]
        if any(point == folder or point.startswith(f"{folder}/") for folder in SKIPPED_FOLDERS):
            continue
        mounts.pop(point, None)
        # A container's own root is an overlay, and it is the disk its programs fill.
        if (kind not in PSEUDO or (kind == "overlay" and point == "/")) and point.startswith("/"):
            mounts[point] = Mount(point, kind, "ro" in words[3].split(","), words[1])
    return list(mounts.values())[:MAX_MOUNTS]


def of_the_host(mounts: list[Mount], table: str) -> list[Mount]:
    """Without what only this process sees of them: a read-only view, a folder mounted over itself."""
    known = mounted(table)
    twice = repeated(known.values())
    return [
        replace(mount, readonly=known[mount.written].readonly) if mount.written in known else mount
        for mount in mounts
        if mount.written not in twice
    ]


def unescaped(word: str) -> str:
    r"""``/mnt/a\040b`` → ``/mnt/a b`` (the kernel escapes space, tab, newline and backslash in octal)."""
    if "\\" not in word:
        return word
    for code, character in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        word = word.replace(code, character)
    return word


def measures(said: os.statvfs_result) -> tuple[float | Gap, ...]:
    """Values in the order of METRICS. Used is what df says: of the space people other than root may use."""
    unit = said.f_frsize or said.f_bsize
    used, available = said.f_blocks - said.f_bfree, said.f_bavail
    inodes = said.f_files
    return (
        float(said.f_blocks * unit),
        float(said.f_bfree * unit),
        float(available * unit),
        used / (used + available) if used + available > 0 and used >= 0 else Gap.NOT_OFFERED,
        # btrfs and others make inodes as needed and say 0 of 0.
        float(inodes) if inodes else Gap.NOT_OFFERED,
        float(said.f_ffree) if inodes else Gap.NOT_OFFERED,
        1 - said.f_ffree / inodes if inodes else Gap.NOT_OFFERED,
    )
