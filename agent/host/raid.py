"""/proc/mdstat: software RAID, how many of its disks work, and how far a repair is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.host.kernel_files import read_text, unreadable, whole_lines
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

ARRAY = re.compile(r"^(md\S*) : (active|inactive)((?: \(\S+\))*)((?: \S+)*)$")
MEMBER = re.compile(r"^\S+\[\d+\]((?:\([A-Z]\))*)$")
BLOCKS = re.compile(r"^\s+(\d{1,18}) blocks")
COUNTS = re.compile(r"\[(\d{1,6})/(\d{1,6})\] \[[U_]+\]")
SYNC = re.compile(r"(recovery|resync|reshape|check|repair) = ?\s*(\d{1,3}(?:\.\d{1,6})?)%")
STATES = {"inactive": 0.0, "active": 1.0, "recovery": 2.0, "resync": 3.0, "reshape": 4.0, "check": 5.0, "repair": 6.0}


class Raid:
    name = "raid"

    def __init__(self, root: Root) -> None:
        self._path = f"{root.proc}/mdstat"

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        return parse(self._path, read_text(self._path, "the md driver is not loaded: no software RAID"))


def parse(path: str, text: str) -> Iterator[Sample]:
    """An array is its head line and the indented lines under it. Raises SourceFailed."""
    arrays: list[list[str]] = []
    for line in whole_lines(path, text):
        if line.startswith((" ", "\t")) and arrays:
            arrays[-1].append(line)
        elif line.startswith("md"):
            arrays.append([line])
        elif line and not line.startswith(("Personalities", "unused devices", "read_ahead")):
            raise unreadable(path, line, ValueError("neither an array nor what belongs to one"))
    if not arrays:
        raise SourceFailed(Gap.NOT_OFFERED, f"{path}: no software RAID array")
    return (sample for lines in arrays for sample in array(path, lines))


def array(path: str, lines: list[str]) -> list[Sample]:
    """Disks by state, blocks, and what is being done. Raises SourceFailed."""
    head = ARRAY.match(lines[0])
    if not head:
        raise unreadable(path, lines[0], ValueError("not the head of an array"))
    name, state = head[1], head[2]
    flags = [match[1] for word in head[4].split() if (match := MEMBER.match(word))]
    under = "\n".join(lines[1:])
    counts, blocks, sync = COUNTS.search(under), BLOCKS.search(under), SYNC.search(under)
    failed, spare = (float(sum(mark in flag for flag in flags)) for mark in ("(F)", "(S)"))
    required: float | Gap = Gap.NOT_OFFERED
    active: float | Gap = Gap.NOT_OFFERED
    missing: float | Gap = Gap.NOT_OFFERED
    if counts:
        required, active = float(counts[1]), float(counts[2])
        missing = max(required - active, 0.0)
    elif state == "active" and flags:  # raid0 and linear say no [n/m]: all their disks are needed
        required, active, missing = float(len(flags)), len(flags) - failed - spare, failed
    return [
        Sample("md_state", STATES[sync[1] if sync else state], name),
        Sample("md_disks_required_count", required, name),
        Sample("md_disks_active_count", active, name),
        Sample("md_disks_missing_count", missing, name),
        Sample("md_disks_failed_count", failed, name),
        Sample("md_disks_spare_count", spare, name),
        Sample("md_size_bytes", float(blocks[1]) * 1024 if blocks else Gap.NOT_OFFERED, name),
        Sample("md_sync_done_ratio", float(sync[2]) / 100 if sync else Gap.NOT_OFFERED, name),
    ]
