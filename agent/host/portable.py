"""What psutil says of a host that is not Linux: the part every system has."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psutil

from readings.model import Gap, Sample


class Portable:
    """A source made of one psutil question."""

    def __init__(self, name: str, ask: Callable[[], Iterator[Sample]]) -> None:
        self.name = name
        self._ask = ask

    def read(self) -> Iterator[Sample]:
        return self._ask()


def portable_sources() -> list[Portable]:
    psutil.cpu_percent(percpu=True)  # the first call only remembers where the counters stand
    return [
        Portable("cpu", cpu),
        Portable("memory", memory),
        Portable("filesystems", filesystems),
        Portable("disks", disks),
        Portable("network", network),
    ]


def cpu() -> Iterator[Sample]:
    busy = [share / 100 for share in psutil.cpu_percent(percpu=True)]
    yield Sample("cpu_busy_ratio", sum(busy) / len(busy) if busy else Gap.UNREADABLE, "total")
    for number, share in enumerate(busy):
        yield Sample("cpu_busy_ratio", share, str(number))
    yield Sample("boot_time_seconds", psutil.boot_time())
    for metric, load in zip(("load1", "load5", "load15"), psutil.getloadavg(), strict=True):
        yield Sample(metric, load)


def memory() -> Iterator[Sample]:
    said, swap = psutil.virtual_memory(), psutil.swap_memory()
    yield Sample("memory_total_bytes", float(said.total))
    yield Sample("memory_available_bytes", float(said.available))
    yield Sample("memory_used_ratio", 1 - said.available / said.total if said.total else Gap.UNREADABLE)
    yield Sample("swap_total_bytes", float(swap.total))
    yield Sample("swap_used_bytes", float(swap.used))


def filesystems() -> Iterator[Sample]:
    for mount in psutil.disk_partitions():
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
    for disk, said in psutil.disk_io_counters(perdisk=True).items():
        yield Sample("disk_reads_total", float(said.read_count), disk)
        yield Sample("disk_writes_total", float(said.write_count), disk)
        yield Sample("disk_read_bytes_total", float(said.read_bytes), disk)
        yield Sample("disk_written_bytes_total", float(said.write_bytes), disk)


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
