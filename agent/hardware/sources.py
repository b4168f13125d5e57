"""Every source of hardware beside those of agent/host, and the logs that hardware keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from agent.hardware.bmc import Bmc
from agent.hardware.bmc_log import BmcLog
from agent.hardware.bmc_sensors import BmcSensors
from agent.hardware.command import Asking
from agent.hardware.crash_records import CrashRecords
from agent.hardware.filesystem_faults import FilesystemFaults
from agent.hardware.hypervisor import Hypervisor, Nature, Proven
from agent.hardware.machine_checks import MachineChecks
from agent.hardware.memory_modules import MemoryModules
from agent.hardware.pace import A_MINUTE, Repeated
from agent.hardware.pcie import Pcie
from agent.hardware.raid_controller import RaidController
from agent.hardware.rasdaemon import Rasdaemon
from agent.hardware.smart import Smart
from agent.host.root import Root
from agent.oslog.telling import LogSource
from readings.delivery.runner import Source
from readings.model import Clocks

# Sources of agent/host that a virtual machine has no hardware for.
OF_HARDWARE = {
    *("edac", "hwmon", "thermal_zones", "cpu_throttle", "cpu_frequency", "power_supply", "rapl"),
    *("infiniband", "fibre_channel", "tape", "nvme"),
}


def hardware_sources(
    root: Root, programs: Asking, found: Nature, *, wait_s: float = 0.0, pace_s: float = A_MINUTE
) -> list[Source]:
    """``wait_s``: how long the first answer of a slow program is waited for. ``pace_s``: of what is quick to read."""
    looked_at: list[Source] = [MemoryModules(root), MachineChecks(root, found), Pcie(root)]
    return [
        Hypervisor(found),
        *(Repeated(Proven(source, found), pace_s) for source in looked_at),
        FilesystemFaults(root),
        BmcSensors(Bmc(root, programs, found), wait_s),
        Smart(programs, found, wait_s),
        RaidController(programs, found, wait_s),
    ]


def hardware_logs(
    root: Root,
    clocks: Callable[[], Clocks],
    marks: Mapping[str, str],
    programs: Asking,
    found: Nature,
    *,
    wait_s: float = 0.0,
) -> list[LogSource]:
    """``marks`` by source name, as the spool kept them."""
    return [
        BmcLog(Bmc(root, programs, found), clocks, marks.get(BmcLog.name, ""), wait_s=wait_s),
        Rasdaemon(root, clocks, marks.get(Rasdaemon.name, "")),
        CrashRecords(root, clocks, marks.get(CrashRecords.name, "")),
    ]


def proven(sources: Sequence[Source], found: Nature) -> list[Source]:
    """In a virtual machine a source that finds no hardware says why."""
    if not found.virtual:
        return list(sources)
    return [Proven(source, found) if source.name in OF_HARDWARE else source for source in sources]
