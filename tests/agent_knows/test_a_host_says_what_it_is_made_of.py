"""A host made of files says its modules, disks, cards, ports and packages; what it cannot say it names."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.host.root import Root
from agent.inventory import parts
from agent.inventory.smbios import has_bmc, memory_modules, structures
from agent.inventory.source import Inventory
from readings.delivery.runner import Runner
from readings.model import Clocks


def structure(kind: int, fields: bytes, *strings: bytes) -> bytes:
    """As DSP0134 6.1 lays it out: head, fields, strings, a zero byte more."""
    said = b"".join(string + b"\0" for string in strings) or b"\0"
    return struct.pack("<BBH", kind, 4 + len(fields), 0x1100) + fields + said + b"\0"


def module(where: bytes, *, size: int = 0x7FFF, extended: int = 32768, kind: int = 0x1A, bank: bytes = b"P0") -> bytes:
    strings = (where, bank, b"Samsung ", b"12345678", b"Not Specified", b"M393A4K40DB3-CWE    ")
    fields = struct.pack("<HHHHHBBBBBHHBBBBBIH", 0x1000, 0xFFFE, 72, 64, size, 9, 0, 1, 2, kind, 0x2080, 3200,
                         3, 4, 5, 6, 2, extended, 2933)  # fmt: skip
    return structure(17, fields, *strings)


TABLE = (
    structure(0, bytes(20), b"Vendor")
    + module(b"DIMM_A1")
    + module(b"DIMM_A2", size=0)
    + module(b"DIMM_B1", size=16384, kind=0x22)
    + module(b"DIMM_B1", size=0x8000 | 2048, bank=b"P1")
    + structure(38, bytes(14))
    + structure(127, b"")
)


def put(root: Path, path: str, content: str | bytes) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)


def link(root: Path, path: str, target: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).symlink_to(target)


STATUS = """Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2.15-2+b8
Description: shell
 Package: not-a-field

Package: libssl3
Status: hold ok installed
Architecture: amd64
Version: 3.0.19-1

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""
TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
   2: 0100007F:A001 0100007F:1538 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 100 0 0 10 0
   3: garbage
"""
TCP6 = """  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0
   1: 00000000000000000000000001000000:0277 00000000000000000000000000000000:0000 0A 0
"""
UDP = """  sl  local_address rem_address   st
  10: 00000000:007B 00000000:0000 07 0
  11: 00000000:D431 00000000:0000 07 0
  12: 0100007F:0035 0100007F:1234 01 0
"""


@pytest.fixture
def host(tmp_path: Path) -> Path:
    put(tmp_path, "sys/firmware/dmi/tables/DMI", TABLE)
    for cpu, package, core in ((0, 0, 0), (1, 0, 0), (2, 1, 0), (3, 1, 1)):
        put(tmp_path, f"sys/devices/system/cpu/cpu{cpu}/topology/physical_package_id", f"{package}\n")
        put(tmp_path, f"sys/devices/system/cpu/cpu{cpu}/topology/core_id", f"{core}\n")
    put(tmp_path, "sys/devices/system/cpu/cpufreq/x", "")
    put(tmp_path, "sys/block/sda/device/vendor", "SEAGATE \n")
    put(tmp_path, "sys/block/sda/device/model", "ST1200MM0099    \n")
    put(tmp_path, "sys/block/sda/device/rev", "ST31\n")
    put(tmp_path, "sys/block/sda/device/vpd_pg80", b"\x00\x80\x00\x08WFK00001")
    put(tmp_path, "sys/block/sda/size", "2344225968\n")
    put(tmp_path, "sys/block/nvme0n1/device/model", "Samsung SSD 970 PRO 512GB              \n")
    put(tmp_path, "sys/block/nvme0n1/device/serial", "S0000000000000N\n")
    put(tmp_path, "sys/block/nvme0n1/device/firmware_rev", "1B2QEXP7\n")
    put(tmp_path, "sys/block/nvme0n1/wwid", "eui.0025385b01400000\n")
    put(tmp_path, "sys/block/loop0/size", "0\n")
    put(tmp_path, "sys/class/net/eth0/address", "02:00:00:00:00:01\n")
    put(tmp_path, "sys/class/net/eth0/bonding_slave/perm_hwaddr", "02:00:00:00:00:02\n")
    put(tmp_path, "sys/class/net/eth0/speed", "25000\n")
    put(tmp_path, "sys/devices/pci/0000:3b:00.0/vendor", "0x8086\n")
    link(tmp_path, "sys/devices/pci/0000:3b:00.0/driver", "/drivers/ice")
    link(tmp_path, "sys/class/net/eth0/device", str(tmp_path / "sys/devices/pci/0000:3b:00.0"))
    put(tmp_path, "sys/class/net/lo/address", "00:00:00:00:00:00\n")
    fields = {"vendor": "8086", "device": "1592", "class": "020000", "revision": "02", "subsystem_vendor": "8086"}
    for field, value in fields.items():
        put(tmp_path, f"sys/bus/pci/devices/0000:3b:00.0/{field}", f"0x{value}\n")
    put(tmp_path, "proc/net/tcp", TCP)
    put(tmp_path, "proc/net/tcp6", TCP6)
    put(tmp_path, "proc/net/udp", UDP)
    put(tmp_path, "var/lib/dpkg/status", STATUS)
    return tmp_path


def facts_of(source: Inventory) -> dict[str, str]:
    return {fact.key: fact.value for fact in source.read()}


def test_all_parts_are_told(host: Path) -> None:
    said = facts_of(Inventory(Root.under(host)))
    assert said["inventory.unknown"] == "none"
    expected = {
        "cpu.sockets": "2",
        "cpu.cores": "3",
        "dimm.DIMM_A1.size_mib": "32768",
        "dimm.DIMM_A1.type": "DDR4",
        "dimm.DIMM_A1.speed_mt_per_s": "2933",
        "dimm.DIMM_A1.manufacturer": "Samsung",
        "dimm.DIMM_A1.serial": "12345678",
        "dimm.DIMM_A1.part": "M393A4K40DB3-CWE",
        "dimm.DIMM_A2.size_mib": "0",
        "dimm.DIMM_B1.type": "DDR5",
        "dimm.DIMM_B1 P1.size_mib": "2",
        "bmc.present": "yes",
        "disk.names": "nvme0n1 sda",
        "disk.sda.model": "SEAGATE ST1200MM0099",
        "disk.sda.serial": "WFK00001",
        "disk.sda.firmware": "ST31",
        "disk.sda.size_bytes": "1200243695616",
        "disk.nvme0n1.serial": "S0000000000000N",
        "disk.nvme0n1.firmware": "1B2QEXP7",
        "disk.nvme0n1.wwid": "eui.0025385b01400000",
        "nic.names": "eth0",
        "nic.eth0.mac": "02:00:00:00:00:02",
        "nic.eth0.driver": "ice",
        "nic.eth0.bus": "0000:3b:00.0",
        "nic.eth0.speed_mbit_per_s": "25000",
        "pci.count": "1",
        "pci.0000:3b:00.0": "8086:1592 class 020000 rev 02 subsystem 8086: driver none",
        "listening.tcp": "0.0.0.0:22 [::]:22 [::1]:631 127.0.0.1:5432",
        "listening.udp": "0.0.0.0:123",
        "packages.count": "2",
        "packages.list.b": "bash:amd64=5.2.15-2+b8",
        "packages.list.libs": "libssl3:amd64=3.0.19-1",
    }
    assert {key: said.get(key) for key in expected} == expected
    assert "dimm.DIMM_A2.serial" not in said
    assert "loop0" not in str(said)


def test_a_host_without_anything_names_what_it_cannot_say(tmp_path: Path) -> None:
    said = facts_of(Inventory(Root.under(tmp_path)))
    assert set(said) == {"inventory.unknown"}
    for part in ("cpus", "dimms", "disks", "cards", "pci", "bmc", "listening", "packages"):
        assert f"{part}: " in said["inventory.unknown"]


def test_no_bmc_is_said_only_where_the_board_says_so(host: Path) -> None:
    put(host, "sys/firmware/dmi/tables/DMI", TABLE.replace(structure(38, bytes(14)), b""))
    assert parts.bmc(Root.under(host)) == {"bmc.present": "no"}
    put(host, "dev/ipmi0", "")
    assert parts.bmc(Root.under(host)) == {"bmc.present": "yes"}


def test_a_disk_that_was_pulled_is_told_as_gone(host: Path) -> None:
    runner = Runner([Inventory(Root.under(host))], lambda: Clocks("boot", 0, 0))

    def passes(times: int) -> dict[str, str]:
        found: dict[str, str] = {}
        for _ in range(times):
            found |= {fact.key: fact.value for _, fact in runner.tick().facts}
        return found

    assert passes(1)["disk.sda.serial"] == "WFK00001"
    assert passes(20) == {}  # nothing changed
    (host / "sys/block/sda").rename(host / "pulled")
    changed = passes(20)
    assert changed == {
        "disk.names": "nvme0n1", "disk.sda.serial": "", "disk.sda.model": "", "disk.sda.firmware": "",
        "disk.sda.size_bytes": "",
    }  # fmt: skip
    (host / "pulled").rename(host / "sys/block/sda")
    put(host, "sys/block/sda/device/rev", "ST32\n")
    assert passes(20)["disk.sda.firmware"] == "ST32"


def test_a_part_that_cannot_be_read_for_once_keeps_what_was_known(host: Path) -> None:
    source = Inventory(Root.under(host))
    before = facts_of(source)
    (host / "var/lib/dpkg/status").rename(host / "away")
    for _ in range(19):
        assert facts_of(source) == {}
    after = facts_of(source)
    assert after.pop("inventory.unknown").startswith("packages: neither dpkg nor rpm")
    before.pop("inventory.unknown")
    assert after == before


def test_everything_is_stated_anew_once_a_day(host: Path) -> None:
    at = [0.0]
    runner = Runner([Inventory(Root.under(host))], lambda: Clocks("boot", 0, 0), lambda: at[0])
    first = len(runner.tick().facts)
    at[0] = 86_399.0
    assert [len(runner.tick().facts) for _ in range(20)] == [0] * 20
    at[0] = 86_400.0
    assert sum(len(runner.tick().facts) for _ in range(20)) == first


def test_facts_are_bounded() -> None:
    many = {f"pci.{number}": "x" for number in range(3000)}
    said = facts_of(Inventory(Root(), {"pci": lambda: many}))
    assert len(said) == 1902
    assert said["inventory.left_out"] == "1100 facts of 3000"


# The board's table


@pytest.mark.peer("dmidecode")
def test_dmidecode_reads_the_same_modules(peer: Callable[[str], str], tmp_path: Path) -> None:
    entry = bytearray(struct.pack("<5sBBBBBBBIQ", b"_SM3_", 0, 24, 3, 2, 0, 1, 0, len(TABLE), 32))
    entry[5] = -sum(entry) & 0xFF
    (tmp_path / "dump").write_bytes(bytes(entry).ljust(32, b"\0") + TABLE)
    command = [peer("dmidecode"), "--from-dump", str(tmp_path / "dump"), "-t", "17"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    said = [line.split(": ", 1)[1] for line in lines if line.strip().startswith("Size:")]
    assert said == ["32 GB", "No Module Installed", "16 GB", "2 MB"]
    found = memory_modules(TABLE)
    assert [found[key] for key in found if key.endswith("size_mib")] == ["32768", "0", "16384", "2"]
    assert "\tType: DDR5" in lines
    assert "\tConfigured Memory Speed: 2933 MT/s" in lines


@pytest.mark.parametrize("cut", range(0, len(TABLE), 7))
def test_a_table_cut_off_anywhere_gives_what_is_whole(cut: int) -> None:
    whole = memory_modules(TABLE)
    found = memory_modules(TABLE[:cut])
    assert found.items() <= whole.items()
    assert has_bmc(TABLE[:cut]) <= has_bmc(TABLE)


@pytest.mark.parametrize("garbage", [b"", b"\0" * 5000, b"\xff" * 5000, b"\x11\x04\0\0" * 5000, bytes(range(256)) * 20])
def test_garbage_is_no_module(garbage: bytes) -> None:
    assert len(list(structures(garbage))) <= 5000
    assert all(key.startswith("dimm.") for key in memory_modules(garbage))


def test_a_short_structure_of_an_old_board_is_understood() -> None:
    old = structure(17, struct.pack("<HHHHHBBBBBH", 0, 0, 64, 64, 1024, 9, 0, 1, 2, 0x12, 0), b"J1", b"BANK0")
    assert memory_modules(old) == {"dimm.J1.size_mib": "1024", "dimm.J1.type": "DDR"}
    unknown = structure(17, struct.pack("<HHHHHBBBBBH", 0, 0, 64, 64, 0xFFFF, 9, 0, 1, 2, 0x99, 0), b"J1", b"BANK0")
    assert memory_modules(unknown) == {"dimm.J1.type": "type 0x99"}
