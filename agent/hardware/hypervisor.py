"""Whether this host is a virtual machine, whose, and what says so: then it has no hardware of its own to watch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agent.host.kernel_files import read_text, read_word
from agent.host.root import Root
from readings.delivery.runner import Source
from readings.model import Event, Fact, Gap, Sample, SourceFailed

# What firmware made by a hypervisor calls itself: (part of sys_vendor, product_name or bios_vendor, its name).
MAKERS = (
    *(("QEMU", "KVM/QEMU"), ("KVM", "KVM/QEMU"), ("VMware", "VMware"), ("VirtualBox", "VirtualBox")),
    *(("innotek", "VirtualBox"), ("Xen", "Xen"), ("HVM domU", "Xen"), ("OpenStack", "KVM/QEMU (OpenStack)")),
    *(("Virtual Machine", "Hyper-V"), ("BHYVE", "bhyve"), ("Parallels", "Parallels"), ("RHEV", "KVM/QEMU")),
    *(("oVirt", "KVM/QEMU"), ("Alibaba Cloud ECS", "Alibaba Cloud"), ("Google Compute Engine", "Google Cloud")),
    *(("Bochs", "KVM/QEMU"), ("SeaBIOS", "KVM/QEMU"), ("Amazon EC2", "Amazon EC2"), ("Firecracker", "Firecracker")),
)
UNNAMED = "some hypervisor"
# Machines of those clouds that are whole computers: their firmware says the same maker.
WHOLE = ("metal", "bare")
FIELDS = ("sys_vendor", "product_name", "bios_vendor", "board_vendor", "chassis_vendor")


@dataclass(frozen=True, slots=True)
class Nature:
    """``virtual`` None: nothing here says which. ``proof`` is the sentence that goes with it."""

    virtual: bool | None
    name: str
    proof: str

    def because(self) -> str:
        """What is put behind the sentence that some hardware is not there."""
        return f"; a virtual machine has none of its own ({self.name}: {self.proof})" if self.virtual else ""


def nature(root: Root) -> Nature:
    """From /sys/hypervisor, the flag every hypervisor sets in CPUID, DMI, and the device tree. Never raises."""
    dmi = {field: read_word(f"{root.sys}/class/dmi/id/{field}") or "" for field in FIELDS}
    flags = _flags(root)
    found = _virtual(root, _maker(dmi), flags)
    if found is not None:
        return Nature(True, *found)
    if flags:
        return Nature(False, "", f"{root.proc}/cpuinfo has no flag 'hypervisor'")
    if dmi["sys_vendor"]:
        return Nature(False, "", f"the firmware is that of {dmi['sys_vendor']!r}")
    return Nature(None, "", "neither CPU flags nor firmware say whether this is a virtual machine")


def _virtual(root: Root, maker: tuple[str, str] | None, flags: set[str]) -> tuple[str, str] | None:
    """(name, proof) of the hypervisor. CPU flags are believed before the firmware's maker."""
    kind = read_word(f"{root.sys}/hypervisor/type")
    features = read_word(f"{root.sys}/hypervisor/properties/features") or ""
    # Xen's first domain drives the real hardware (feature bit 11, XENFEAT_dom0).
    if kind is not None and not _hexadecimal(features) >> 11 & 1:
        return kind, f"{root.sys}/hypervisor/type says {kind!r}"
    if "hypervisor" in flags:
        name = maker[0] if maker else UNNAMED
        return name, f"{root.proc}/cpuinfo has the flag 'hypervisor'" + (f", {maker[1]}" if maker else "")
    if maker is not None and not flags:
        return maker
    guest = read_word(f"{root.proc}/device-tree/hypervisor/compatible")
    return None if guest is None else (guest, f"{root.proc}/device-tree/hypervisor/compatible says {guest!r}")


def _maker(dmi: dict[str, str]) -> tuple[str, str] | None:
    if any(word in dmi["product_name"].lower() for word in WHOLE):
        return None
    for field in FIELDS:
        for sign, name in MAKERS:
            if sign in dmi[field]:
                return name, f"DMI {field} says {dmi[field]!r}"
    return None


def _flags(root: Root) -> set[str]:
    try:
        text = read_text(f"{root.proc}/cpuinfo")
    except SourceFailed:
        return set()
    line = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return set(line.partition(":")[2].split())


def _hexadecimal(word: str) -> int:
    try:
        return int(word, 16)
    except ValueError:
        return 0


class Hypervisor:
    """What a machine is does not change while it runs: looked at once."""

    name = "hypervisor"

    def __init__(self, found: Nature) -> None:
        self._found = found

    def read(self) -> Iterator[Sample | Fact]:
        """Raises SourceFailed."""
        if self._found.virtual is None:
            raise SourceFailed(Gap.NOT_OFFERED, self._found.proof)
        yield Sample("host_virtual", float(self._found.virtual))
        yield Fact("virtual", self._found.name or "no")
        yield Fact("virtual.proof", self._found.proof)


class Proven:
    """A source of hardware: where there is none, the reason names the hypervisor, which is the proof."""

    def __init__(self, source: Source, found: Nature) -> None:
        self.name = source.name
        self._source = source
        self._found = found

    def read(self) -> Iterator[Sample | Event | Fact]:
        """Raises SourceFailed."""
        try:
            yield from self._source.read()
        except SourceFailed as failed:
            if failed.gap is not Gap.NOT_OFFERED or not self._found.virtual:
                raise
            raise SourceFailed(failed.gap, failed.detail + self._found.because()) from failed


def not_in_a_guest(found: Nature, what: str) -> None:
    """Raises SourceFailed where the kernel of a guest shows counters of hardware it does not have: always zero."""
    if found.virtual:
        raise SourceFailed(Gap.NOT_OFFERED, f"{what}: a counter of hardware stays zero in a virtual machine")
