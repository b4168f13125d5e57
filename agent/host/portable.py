"""What psutil says of a host that is not Linux: the part every system has."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psutil

from agent.clocks import boottime_ns
from readings.model import Gap, Sample, SourceFailed

MS = 0.001
ROLL = 2**32
BACK = 2**31  # a fall by less is no roll-over


class Portable:
    """A source made of one psutil question."""

    def __init__(self, name: str, ask: Callable[[], Iterator[Sample]]) -> None:
        self.name = name
        self._ask = ask

    def read(self) -> Iterator[Sample]:
        return self._ask()


def portable_sources(*, windows: bool) -> list[Portable]:
    """``windows``: there psutil makes up load averages out of its own sampling; they are not offered."""
    psutil.cpu_percent(percpu=True)  # the first call only remembers where the counters stand
    switches = Unrolled()
    return [
        Portable("cpu", lambda: cpu(switches)),
        Portable("load", lambda: load(windows=windows)),
        Portable("memory", memory),
        Portable("uptime", uptime),
        Portable("filesystems", filesystems),
        Portable("disks", disks),
        Portable("network", network),
    ]


class Unrolled:
    """A counter that the system keeps in 32 bits and begins again at 0, as one that goes on while the agent runs.

    What rolled over before the agent was started again is not known: the counter then stands back by it, and whoever
    bridges time with it (checklists/verification/counters.py) does not bridge that.
    """

    def __init__(self) -> None:
        self._before = self._added = 0

    def count(self, now: int) -> float:
        if self._before < ROLL and self._before - now > BACK:
            self._added += ROLL
        self._before = now
        return float(self._added + now)


def cpu(switches: Unrolled) -> Iterator[Sample]:
    busy = [share / 100 for share in psutil.cpu_percent(percpu=True)]
    yield Sample("cpu_busy_ratio", sum(busy) / len(busy) if busy else Gap.UNREADABLE, "total")
    for number, share in enumerate(busy):
        yield Sample("cpu_busy_ratio", share, str(number))
    yield Sample("cpu_steal_ratio", Gap.NOT_OFFERED, "total")
    for number, spent in enumerate(psutil.cpu_times(percpu=True)):
        for mode in ("user", "system", "idle"):  # Windows counts interrupts and DPCs into "system"
            yield Sample("cpu_seconds_total", float(getattr(spent, mode)), f"{number}/{mode}")
    said = psutil.cpu_stats()
    yield Sample("context_switches_total", switches.count(said.ctx_switches))
    yield Sample("boot_time_seconds", psutil.boot_time())


def load(*, windows: bool) -> Iterator[Sample]:
    """What waits for CPUs, where the system counts it; how many processes there are is offered everywhere."""
    averages: list[float | Gap] = [Gap.NOT_OFFERED] * 3 if windows else [*psutil.getloadavg()]
    for metric, average in zip(("load1", "load5", "load15"), averages, strict=True):
        yield Sample(metric, average)
    one = averages[0]
    if isinstance(one, Gap):
        yield Sample("load_per_core", one)
    else:
        cpus = psutil.cpu_count()
        yield Sample("load_per_core", one / cpus if cpus else Gap.UNREADABLE)
    yield Sample("processes_count", float(len(psutil.pids())))


def uptime() -> Iterator[Sample]:
    yield Sample("uptime_seconds", boottime_ns() / 1e9)


def memory() -> Iterator[Sample]:
    said, swap = psutil.virtual_memory(), psutil.swap_memory()
    yield Sample("memory_total_bytes", float(said.total))
    yield Sample("memory_available_bytes", float(said.available))
    yield Sample("memory_used_ratio", 1 - said.available / said.total if said.total else Gap.UNREADABLE)
    yield Sample("swap_total_bytes", float(swap.total))
    yield Sample("swap_used_bytes", float(swap.used))
    yield Sample("swap_used_ratio", swap.used / swap.total if swap.total else Gap.NOT_OFFERED)


def filesystems() -> Iterator[Sample]:
    for mount in psutil.disk_partitions():
        if not mount.fstype or "cdrom" in mount.opts.split(","):
            continue  # a drive of Windows with nothing in it, or nothing that fills up
        try:
            said = psutil.disk_usage(mount.mountpoint)
        except OSError:
            yield Sample("filesystem_size_bytes", Gap.UNREADABLE, mount.mountpoint)
            continue
        yield Sample("filesystem_size_bytes", float(said.total), mount.mountpoint)
        yield Sample("filesystem_available_bytes", float(said.free), mount.mountpoint)
        yield Sample("filesystem_used_ratio", said.percent / 100, mount.mountpoint)
        yield Sample("filesystem_readonly", float("ro" in mount.opts.split(",")), mount.mountpoint)


def disks() -> Iterator[Sample]:
    """Raises SourceFailed: Windows does not count before ``diskperf -y`` where somebody switched it off."""
    counted = psutil.disk_io_counters(perdisk=True)
    if not counted:
        raise SourceFailed(Gap.NOT_OFFERED, "no disk is counted (on Windows: diskperf -y, as administrator)")
    for disk, said in counted.items():
        yield Sample("disk_reads_total", float(said.read_count), disk)
        yield Sample("disk_writes_total", float(said.write_count), disk)
        yield Sample("disk_read_bytes_total", float(said.read_bytes), disk)
        yield Sample("disk_written_bytes_total", float(said.write_bytes), disk)
        yield Sample("disk_read_time_seconds_total", said.read_time * MS, disk)
        yield Sample("disk_write_time_seconds_total", said.write_time * MS, disk)


def network() -> Iterator[Sample]:
    for interface, said in psutil.net_io_counters(pernic=True).items():
        yield Sample("network_receive_bytes_total", float(said.bytes_recv), interface)
        yield Sample("network_transmit_bytes_total", float(said.bytes_sent), interface)
        yield Sample("network_receive_packets_total", float(said.packets_recv), interface)
        yield Sample("network_transmit_packets_total", float(said.packets_sent), interface)
        yield Sample("network_receive_errors_total", float(said.errin), interface)
        yield Sample("network_transmit_errors_total", float(said.errout), interface)
        yield Sample("network_receive_drops_total", float(said.dropin), interface)
        yield Sample("network_transmit_drops_total", float(said.dropout), interface)
    for interface, link in psutil.net_if_stats().items():
        yield Sample("network_up", float(link.isup), interface)
        yield Sample("network_mtu_bytes", float(link.mtu), interface)
        known = link.speed > 0
        yield Sample("network_speed_bytes_per_second", link.speed * 125_000.0 if known else Gap.NOT_OFFERED, interface)
