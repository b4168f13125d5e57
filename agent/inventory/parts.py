"""Cards, disks and chips as sysfs shows them."""

from __future__ import annotations

import os

from agent.host.root import Root
from agent.inventory.smbios import has_bmc, memory_modules
from agent.inventory.words import clean, link_name, raw, word

MOST_TABLE_BYTES = 2**20
MOST_PARTS = 200  # disks, cards; more are told by their number
MOST_PCI = 400
BMC_DEVICES = ("ipmi0", "ipmi/0", "ipmidev/0")
UNIT_SERIAL_HEAD = 4  # SPC-4 7.8.14: page header before the serial number
SECTOR_BYTES = 512  # of /sys/block/*/size, whatever the disk's own

Facts = dict[str, str]


def dimms(root: Root) -> Facts:
    """Raises OSError."""
    return memory_modules(_board_table(root))


def bmc(root: Root) -> Facts:
    """Raises OSError: no device is there, and whether the board has one cannot be known."""
    device = any(os.path.exists(f"{root.dev}/{name}") for name in BMC_DEVICES)  # noqa: PTH110 - text paths
    return {"bmc.present": "yes" if device or has_bmc(_board_table(root)) else "no"}


def _board_table(root: Root) -> bytes:
    return raw(f"{root.sys}/firmware/dmi/tables/DMI", MOST_TABLE_BYTES)


def cpus(root: Root) -> Facts:
    """Raises OSError."""
    folder = f"{root.sys}/devices/system/cpu"
    packages: set[str] = set()
    cores: set[tuple[str, str]] = set()
    for name in os.listdir(folder):  # noqa: PTH208 - names as text
        if name.startswith("cpu") and name[3:].isdecimal():
            package = word(f"{folder}/{name}/topology/physical_package_id")
            if package:
                packages.add(package)
                cores.add((package, word(f"{folder}/{name}/topology/core_id")))
    return {"cpu.sockets": str(len(packages)), "cpu.cores": str(len(cores))} if packages else {}


def disks(root: Root) -> Facts:
    """Block devices with a device behind them. Raises OSError."""
    facts: Facts = {}
    block = f"{root.sys}/block"
    names = [name for name in sorted(os.listdir(block)) if os.path.isdir(f"{block}/{name}/device")]  # noqa: PTH208, PTH112 - text paths
    for name in names[:MOST_PARTS]:
        folder = f"{block}/{name}"
        size = word(f"{folder}/size")
        vendor = word(f"{folder}/device/vendor")
        model = word(f"{folder}/device/model")
        # virtio shows a PCI number there, SATA the word ATA: neither is who made the disk.
        known_vendor = vendor and not vendor.startswith("0x") and vendor != "ATA"
        said = {
            "model": f"{vendor} {model}" if known_vendor else model,
            "serial": word(f"{folder}/device/serial") or word(f"{folder}/serial") or _unit_serial(folder),
            "firmware": word(f"{folder}/device/firmware_rev") or word(f"{folder}/device/rev"),
            "size_bytes": str(int(size) * SECTOR_BYTES) if size.isdecimal() else "",
            "wwid": word(f"{folder}/wwid") or word(f"{folder}/device/wwid"),
        }
        facts |= {f"disk.{name}.{what}": value for what, value in said.items() if value}
    return facts | {"disk.names": " ".join(names) or "none"}


def _unit_serial(folder: str) -> str:
    try:
        return clean(raw(f"{folder}/device/vpd_pg80")[UNIT_SERIAL_HEAD:])
    except OSError:
        return ""


def cards(root: Root) -> Facts:
    """Network interfaces with a device behind them. Raises OSError."""
    facts: Facts = {}
    net = f"{root.sys}/class/net"
    names = [name for name in sorted(os.listdir(net)) if os.path.isdir(f"{net}/{name}/device")]  # noqa: PTH208, PTH112 - text paths
    for name in names[:MOST_PARTS]:
        speed = word(f"{net}/{name}/speed")
        said = {
            # A bond gives its members its own address; the card's own stands here.
            "mac": word(f"{net}/{name}/bonding_slave/perm_hwaddr") or word(f"{net}/{name}/address"),
            "driver": link_name(f"{net}/{name}/device/driver"),
            "bus": link_name(f"{net}/{name}/device"),
            "speed_mbit_per_s": speed if speed.isdecimal() and speed != "0" else "",  # -1: no link
        }
        facts |= {f"nic.{name}.{what}": value for what, value in said.items() if value}
    return facts | {"nic.names": " ".join(names) or "none"}


def pci(root: Root) -> Facts:
    """``pci.<slot>``: vendor:device, class, subsystem, driver, in hexadecimal as lspci -n. Raises OSError."""
    folder = f"{root.sys}/bus/pci/devices"
    slots = sorted(os.listdir(folder))  # noqa: PTH208 - names as text
    facts: Facts = {"pci.count": str(len(slots))}
    for slot in slots[:MOST_PCI]:
        said = {
            field: word(f"{folder}/{slot}/{field}").removeprefix("0x")
            for field in ("vendor", "device", "class", "subsystem_vendor", "subsystem_device", "revision")
        }
        driver = link_name(f"{folder}/{slot}/driver")
        facts[f"pci.{slot}"] = (
            f"{said['vendor']}:{said['device']} class {said['class']} rev {said['revision']}"
            f" subsystem {said['subsystem_vendor']}:{said['subsystem_device']} driver {driver or 'none'}"
        )
    return facts
