"""The firmware's own table of the board (SMBIOS, DMTF DSP0134): memory modules, and whether there is a BMC.

Read from the kernel's copy, so that no program need be started. A structure is type, length, handle, fields, then its
strings, each ended by a zero byte and all of them by another; fields name strings by number from 1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from agent.inventory.words import clean

MEMORY_DEVICE, IPMI_DEVICE, END = 17, 38, 127
MOST_STRUCTURES = 5000
# DSP0134 7.18.2; one that is not listed is told by its number.
MEMORY_TYPES = {
    0x0F: "SDRAM", 0x12: "DDR", 0x13: "DDR2", 0x14: "DDR2 FB-DIMM", 0x18: "DDR3", 0x1A: "DDR4", 0x1B: "LPDDR",
    0x1C: "LPDDR2", 0x1D: "LPDDR3", 0x1E: "LPDDR4", 0x1F: "NVDIMM", 0x20: "HBM", 0x21: "HBM2", 0x22: "DDR5",
    0x23: "LPDDR5", 0x24: "HBM3",
}  # fmt: skip
NO_WORD = {"", "Not Specified", "Unknown", "NO DIMM", "None", "N/A"}


@dataclass(frozen=True, slots=True)
class Structure:
    kind: int
    fields: bytes  # from its type on, as the offsets of the specification count
    strings: tuple[bytes, ...]

    def text(self, offset: int) -> str:
        number = self.fields[offset] if offset < len(self.fields) else 0
        said = clean(self.strings[number - 1]) if 1 <= number <= len(self.strings) else ""
        return "" if said in NO_WORD else said

    def number(self, offset: int, form: str) -> int | None:
        """None where this version of the structure is too short to have it."""
        if offset + struct.calcsize(form) > len(self.fields):
            return None
        return int(struct.unpack_from(form, self.fields, offset)[0])


def structures(table: bytes) -> Iterator[Structure]:
    """Those that are whole, up to the end the table says."""
    at = 0
    for _ in range(MOST_STRUCTURES):
        if at + 4 > len(table) or table[at + 1] < 4:
            return
        kind, length = table[at], table[at + 1]
        end = table.find(b"\0\0", at + length)
        if end < 0:
            return
        yield Structure(kind, table[at : at + length], tuple(table[at + length : end].split(b"\0")))
        if kind == END:
            return
        at = end + 2


def memory_modules(table: bytes) -> dict[str, str]:
    """``dimm.<where>.<what>``; a slot without a module is ``dimm.<where>.size_mib`` 0."""
    facts: dict[str, str] = {}
    seen: set[str] = set()
    for module in structures(table):
        if module.kind != MEMORY_DEVICE:
            continue
        where = module.text(0x10) or f"slot {len(seen)}"
        if where in seen:  # boards with several nodes call them alike
            where = f"{where} {module.text(0x11)}".strip()
        if where in seen:
            where = f"{where} #{len(seen)}"
        seen.add(where)
        facts |= {f"dimm.{where}.{what}": value for what, value in _module(module).items() if value}
    return facts


def _module(module: Structure) -> dict[str, str]:
    size = _size_mib(module)
    if size == 0:
        return {"size_mib": "0"}
    kind = module.number(0x12, "<B")
    speed = module.number(0x20, "<H") or module.number(0x15, "<H")
    return {
        "size_mib": "" if size is None else str(size),
        "type": MEMORY_TYPES.get(kind, f"type {kind:#04x}") if kind is not None and kind > 2 else "",
        "speed_mt_per_s": str(speed) if speed not in {None, 0, 0xFFFF} else "",
        "manufacturer": module.text(0x17),
        "serial": module.text(0x18),
        "part": module.text(0x1A),
    }


def _size_mib(module: Structure) -> int | None:
    """None: the firmware does not know."""
    size = module.number(0x0C, "<H")
    if size is None or size == 0xFFFF:
        return None
    if size == 0x7FFF:
        extended = module.number(0x1C, "<I")
        return None if extended is None else extended & 0x7FFF_FFFF
    return (size & 0x7FFF) // 1024 if size & 0x8000 else size


def has_bmc(table: bytes) -> bool:
    return any(structure.kind == IPMI_DEVICE for structure in structures(table))
