"""The disks through ``smartctl --json``: which there are, and asking each, in a thread of its own.

Asking costs a disk a few commands, so it is done every ten minutes and the answers stand until the next.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from agent.hardware.command import Asking
from agent.hardware.hypervisor import Nature
from agent.hardware.pace import Asked
from agent.hardware.smart_report import report
from readings.model import Fact, Gap, Sample, SourceFailed

PACE_S = 600.0
SCAN_S, DISK_S = 20.0, 30.0
LIMIT_S = 180.0  # for all disks; those that did not have their turn by then are gaps
MOST_DISKS = 256
Told = list[Sample | Fact]


class Smart:
    name = "smart"

    def __init__(
        self,
        programs: Asking,
        found: Nature,
        wait_s: float = 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._programs = programs
        self._found = found
        self._monotonic = monotonic
        self._taken = 0
        self._asked = Asked(
            self.name, self._ask, pace_s=PACE_S, limit_s=LIMIT_S + DISK_S, offered=self._offered, wait_s=wait_s
        )

    def read(self) -> Iterator[Sample | Fact]:
        """Raises SourceFailed."""
        newest = self._asked.newest()
        fresh, self._taken = newest.number != self._taken, newest.number
        told = [item for item in newest.answer if fresh or isinstance(item, Sample)]
        return iter([*told, self._asked.age(newest)])

    def _offered(self) -> None:
        if self._programs.find("smartctl") is None:
            why = "there is no program to ask the disks (Debian: smartmontools)"
            raise SourceFailed(Gap.NOT_OFFERED, f"smartctl: {why}{self._found.because()}")

    def _ask(self) -> Told:
        program = self._programs.find("smartctl") or "smartctl"
        until = self._monotonic() + LIMIT_S
        disks = scanned(self._programs.run([program, "--json=c", "--scan"], SCAN_S).out)[:MOST_DISKS]
        if not disks:
            why = "smartctl --scan: it finds no disk that could be asked"
            raise SourceFailed(Gap.NOT_OFFERED, why + self._found.because())
        told: Told = []
        for name, kind in disks:
            part = part_of(name, kind)
            if self._monotonic() > until:
                told.append(Sample("smart_health_passed", Gap.TIMED_OUT, part))
                continue
            # --scan calls SATA disks "scsi" because it opens none: what a disk is, smartctl finds out by itself.
            argv = [program, "--json=c", "-x", *(["-d", kind] if "," in kind else []), name]
            try:
                answer = self._programs.run(argv, DISK_S)
                told += report(part, answer.out, virtual=bool(self._found.virtual))
            except SourceFailed as failed:
                told += [
                    Sample("smart_health_passed", failed.gap, part),
                    Fact(f"disk.{part}.unreadable", failed.detail),
                ]
        return told


def scanned(text: str) -> list[tuple[str, str]]:
    """[(device, type)] of ``--scan``. Raises SourceFailed."""
    try:
        said: Any = json.loads(text)
        return [(str(disk["name"]), str(disk.get("type") or "")) for disk in said.get("devices", [])]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SourceFailed(Gap.UNREADABLE, f"smartctl --scan: no list of disks in {text[:120]!r}") from error


def part_of(name: str, kind: str) -> str:
    """``sda``; a disk behind a RAID controller shares its device with others: ``sda megaraid,3``."""
    short = name.removeprefix("/dev/")
    return f"{short} {kind}" if "," in kind else short
