"""What this host is: names, kernel, operating system, board, CPU, as facts."""

from __future__ import annotations

import platform
from collections.abc import Iterator

from agent.host.kernel_files import entries, read_text, read_word
from agent.host.root import Root
from readings.model import Fact, SourceFailed

# Facts seldom change: look every so many passes (the runner tells only those that did).
REREAD = 20
KERNEL = {"kernel.name": "ostype", "kernel.release": "osrelease", "kernel.version": "version", "hostname": "hostname"}
BOARD = (
    *("sys_vendor", "product_name", "product_version", "product_serial", "product_uuid", "product_sku"),
    *("product_family", "board_vendor", "board_name", "board_version", "board_serial", "board_asset_tag"),
    *("bios_vendor", "bios_version", "bios_date", "bios_release", "chassis_vendor", "chassis_serial"),
    *("chassis_asset_tag", "chassis_type", "chassis_version"),
)
OS_KEYS = {"NAME", "ID", "VERSION", "VERSION_ID", "VERSION_CODENAME", "PRETTY_NAME", "ID_LIKE", "BUILD_ID", "VARIANT"}
CLOCKSOURCE = "devices/system/clocksource/clocksource0"
LONGEST = 300


class Identity:
    name = "identity"

    def __init__(self, root: Root) -> None:
        self._root = root
        self._passes = 0

    def read(self) -> Iterator[Fact]:
        """All facts, every REREAD passes; nothing in between."""
        due = self._passes % REREAD == 0
        self._passes += 1
        return (Fact(key, value) for key, value in facts(self._root).items()) if due else iter(())


def facts(root: Root) -> dict[str, str]:
    """What can be read; what cannot is not said (a virtual machine has no board serial to tell)."""
    words = {key: read_word(f"{root.proc}/sys/kernel/{file}") for key, file in KERNEL.items()}
    words["kernel.machine"] = platform.machine() if root.live else None
    words["boot_id"] = read_word(f"{root.proc}/sys/kernel/random/boot_id")
    words["clocksource"] = read_word(f"{root.sys}/{CLOCKSOURCE}/current_clocksource")
    words["clocksources"] = read_word(f"{root.sys}/{CLOCKSOURCE}/available_clocksource")
    words |= {f"dmi.{field}": read_word(f"{root.sys}/class/dmi/id/{field}") for field in BOARD}
    for disk in entries(f"{root.sys}/class/nvme"):
        said = [read_word(f"{root.sys}/class/nvme/{disk}/{field}") for field in ("model", "serial", "firmware_rev")]
        words[f"nvme.{disk}"] = " ".join(word.strip() for word in said if word) or None
    words |= os_release(root) | cpu(root)
    return {key: value[:LONGEST] for key, value in words.items() if value}


def os_release(root: Root) -> dict[str, str | None]:
    """/etc/os-release (freedesktop.org): ``NAME="Debian GNU/Linux"`` → {"os.name": …}."""
    said: dict[str, str | None] = {}
    for line in _text(f"{root.etc}/os-release").splitlines():
        key, _, value = line.partition("=")
        if key in OS_KEYS:
            said[f"os.{key.lower()}"] = value.strip().strip("\"'")
    return said


def cpu(root: Root) -> dict[str, str | None]:
    """/proc/cpuinfo: the model, and how many CPUs the kernel sees."""
    said: dict[str, str | None] = {}
    number = 0
    for line in _text(f"{root.proc}/cpuinfo").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "processor":
            number += 1
        elif key.strip() in {"model name", "vendor_id", "microcode", "cpu family", "model", "stepping"}:
            said.setdefault(f"cpu.{key.strip().replace(' ', '_')}", value.strip())
    return said | {"cpu.count": str(number) if number else None}


def _text(path: str) -> str:
    try:
        return read_text(path)
    except SourceFailed:
        return ""
