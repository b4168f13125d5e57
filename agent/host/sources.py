"""Every source of this host, in the order they are read."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Protocol

from agent.host.arp import Arp
from agent.host.bonding import Bonding
from agent.host.conntrack import Conntrack
from agent.host.cpu import Cpu
from agent.host.disks import Disks
from agent.host.families import FAMILIES
from agent.host.filesystems import Filesystems
from agent.host.hwmon import Hwmon
from agent.host.identity import Identity
from agent.host.ipvs import Ipvs
from agent.host.kernel_state import Entropy, KernelHealth, OpenFiles, Selinux, TimeZone
from agent.host.load import Load, Processes
from agent.host.memory import Memory
from agent.host.netstat import Netstat
from agent.host.network import NetworkLinks, NetworkTraffic
from agent.host.nfs import NfsClient, NfsServer
from agent.host.pressure import Pressure
from agent.host.raid import Raid
from agent.host.root import Root
from agent.host.schedstat import Schedstat
from agent.host.sockets import Sockets, UdpQueues
from agent.host.softnet import Softnet
from agent.host.thermal import ThermalZones
from agent.host.timex import KernelClock
from agent.host.tree import TreeSource
from agent.host.uptime import Uptime
from agent.host.vmstat import Vmstat
from agent.host.xfs import Xfs
from agent.host.zfs import Zfs
from readings.model import Event, Fact, Sample


class Source(Protocol):
    """What the runner asks (readings.delivery.runner)."""

    name: str

    def read(self) -> Iterable[Sample | Event | Fact]: ...


def host_sources(root: Root) -> list[Source]:
    """One of each; on a system that is not Linux, what psutil can say."""
    if root.live and sys.platform != "linux":
        from agent.host.portable import portable_sources  # noqa: PLC0415 - psutil is not needed on Linux

        return list(portable_sources(windows=root.windows))
    sources: list[Source] = [
        *(Cpu(root), Load(root), Memory(root), Vmstat(root), Pressure(root), Processes(root), Uptime(root)),
        *(Filesystems(root), Disks(root), NetworkTraffic(root), NetworkLinks(root), Netstat(root), Sockets(root)),
        *(UdpQueues(root), Softnet(root), Conntrack(root), Arp(root), Bonding(root)),
        *(OpenFiles(root), Entropy(root), KernelHealth(root), Selinux(root), Schedstat(root)),
        *(KernelClock(root), TimeZone(root), Hwmon(root), ThermalZones(root), Raid(root)),
        *(NfsClient(root), NfsServer(root), Ipvs(root), Xfs(root), Zfs(root)),
    ]
    sources += [TreeSource(name, root, trees) for name, trees in FAMILIES.items()]
    return [*sources, Identity(root)]
