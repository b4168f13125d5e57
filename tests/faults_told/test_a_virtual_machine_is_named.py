"""What says that a host is a virtual machine, and that hardware is then not offered, with the proof."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.all_sources import all_sources
from agent.hardware.hypervisor import nature
from agent.host.root import Root
from readings.delivery.runner import Runner
from readings.model import Clocks, Gap

FLAG = "flags\t\t: fpu vme hypervisor lahf_lm\n"
NO_FLAG = "flags\t\t: fpu vme lahf_lm\n"


def make(top: Path, files: dict[str, str]) -> Root:
    for name, text in files.items():
        file = top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Root.under(top)


@pytest.mark.parametrize(
    ("files", "virtual", "name"),
    [
        ({"proc/cpuinfo": FLAG}, True, "some hypervisor"),
        ({"proc/cpuinfo": FLAG, "sys/class/dmi/id/sys_vendor": "QEMU\n"}, True, "KVM/QEMU"),
        ({"proc/cpuinfo": FLAG, "sys/class/dmi/id/product_name": "VMware Virtual Platform\n"}, True, "VMware"),
        ({"proc/cpuinfo": FLAG, "sys/class/dmi/id/product_name": "Virtual Machine\n"}, True, "Hyper-V"),
        ({"sys/hypervisor/type": "xen\n"}, True, "xen"),
        (
            {"sys/hypervisor/type": "xen\n", "sys/hypervisor/properties/features": "00002705\n", "proc/cpuinfo": FLAG},
            True,
            "xen",
        ),
        (
            {
                "sys/hypervisor/type": "xen\n",
                "sys/hypervisor/properties/features": "00002f05\n",
                "proc/cpuinfo": NO_FLAG,
            },
            False,
            "",
        ),
        ({"sys/class/dmi/id/product_name": "Alibaba Cloud ECS\n"}, True, "Alibaba Cloud"),
        ({"proc/device-tree/hypervisor/compatible": "linux,kvm\0"}, True, "linux,kvm"),
        ({"proc/cpuinfo": NO_FLAG}, False, ""),
        ({"proc/cpuinfo": NO_FLAG, "sys/class/dmi/id/sys_vendor": "Amazon EC2\n"}, False, ""),
        (
            {"sys/class/dmi/id/sys_vendor": "Amazon EC2\n", "sys/class/dmi/id/product_name": "c6g.metal\n"},
            False,
            "",
        ),
        ({"sys/class/dmi/id/sys_vendor": "Inspur\n"}, False, ""),
        ({}, None, ""),
        ({"proc/cpuinfo": ""}, None, ""),
    ],
    ids=[
        *("flag alone", "QEMU", "VMware", "Hyper-V", "Xen", "Xen guest", "Xen's first domain", "Alibaba on ARM"),
        *(
            "device tree",
            "no flag",
            "no flag whatever DMI says",
            "whole machine of a cloud",
            "a maker",
            "nothing",
            "empty",
        ),
    ],
)
def test_a_host_is_what_its_witnesses_say(
    files: dict[str, str], virtual: bool | None, name: str, tmp_path: Path
) -> None:
    found = nature(make(tmp_path, files))
    assert (found.virtual, found.name) == (virtual, name)
    assert found.proof


def test_in_a_guest_hardware_is_not_offered_with_the_proof(tmp_path: Path, clocks: Callable[[], Clocks]) -> None:
    interrupts = "      CPU0\nTRM:      0   Thermal event interrupts\n"
    root = make(tmp_path, {"proc/cpuinfo": FLAG, "proc/interrupts": interrupts})
    seen = all_sources(root, clocks, {}, wait_s=10)
    taken = Runner([*seen.sources, *seen.logs], clocks).tick()
    why = {source: (gap, detail) for _, source, gap, detail in taken.gaps}
    for source in ("edac", "hwmon", "machine_checks", "pcie", "memory_modules", "bmc_sensors", "bmc_log", "smart"):
        gap, detail = why[source]
        assert gap is Gap.NOT_OFFERED, source
        assert "a virtual machine has none of its own (some hypervisor: " in detail, source


def test_on_a_real_machine_absence_carries_no_such_excuse(tmp_path: Path, clocks: Callable[[], Clocks]) -> None:
    seen = all_sources(make(tmp_path, {"proc/cpuinfo": NO_FLAG}), clocks, {}, wait_s=10)
    taken = Runner([*seen.sources, *seen.logs], clocks).tick()
    assert [detail for _, _, _, detail in taken.gaps if "none of its own" in detail] == []
