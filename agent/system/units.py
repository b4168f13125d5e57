"""systemd's units, ``systemctl show``: which failed, and which were started again by themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.hardware.command import Asking
from agent.hardware.pace import Asked
from agent.host.root import Root
from readings.model import Clocks, Event, Gap, Sample, Severity, SourceFailed

PACE_S, LIMIT_S = 60.0, 20.0
PATTERNS = ("*.service", "*.mount", "*.socket", "*.timer", "*.path", "*.swap")
PROPERTIES = "Id,LoadState,ActiveState,Result,NRestarts"
MOST_TOLD = 50  # a look


@dataclass(frozen=True, slots=True)
class Unit:
    name: str
    state: str
    result: str
    restarts: int


class Units:
    """The first look tells what failed already, by name: the number alone would not say which."""

    name = "units"

    def __init__(
        self,
        root: Root,
        clocks: Callable[[], Clocks],
        programs: Asking,
        *,
        wait_s: float = 0.0,
        pace_s: float = PACE_S,
    ) -> None:
        self._run = f"{root.files}/run/systemd/system"
        self._clocks = clocks
        self._programs = programs
        self._taken = 0
        self._before: dict[str, Unit] | None = None
        self._asked = Asked(self.name, self._ask, pace_s=pace_s, limit_s=LIMIT_S, offered=self._offered, wait_s=wait_s)

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        newest = self._asked.newest()
        told: list[Sample | Event] = []
        if newest.number != self._taken:
            self._taken = newest.number
            told += self._changes(newest.answer)
        return iter([*told, *samples(newest.answer), self._asked.age(newest)])

    def _offered(self) -> None:
        if not os.path.isdir(self._run):  # noqa: PTH112 - text paths; sd_booted(3) looks at the same
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._run}: systemd does not run this host")
        if self._programs.find("systemctl") is None:
            raise SourceFailed(Gap.NOT_OFFERED, "systemctl: systemd runs here and there is no program to ask it")

    def _ask(self) -> dict[str, Unit]:
        program = self._programs.find("systemctl") or "systemctl"
        answer = self._programs.run([program, "show", "--no-pager", f"--property={PROPERTIES}", *PATTERNS], LIMIT_S)
        units = parse(answer.out)
        if not units:
            raise SourceFailed(Gap.UNREADABLE, f"systemctl show: {answer.last_words()}")
        return units

    def _changes(self, now: dict[str, Unit]) -> list[Event]:
        before, self._before = self._before, now
        at = self._clocks().boottime_ns
        told: list[Event] = []
        for unit in now.values():
            was = before.get(unit.name) if before is not None else None
            said = change(was, unit, first_look=before is None)
            if said is not None and len(told) < MOST_TOLD:
                kind, severity, text = said
                told.append(Event(self.name, kind, severity, text, at, None, unit.name))
        return told


def change(was: Unit | None, unit: Unit, *, first_look: bool) -> tuple[str, Severity, str] | None:
    """(kind, severity, text) of what happened to a unit between two looks."""
    failed_before = was is not None and was.state == "failed"
    if unit.state == "failed" and not failed_before:
        when = " (when first looked at)" if first_look else ""
        return "unit_failed", Severity.WARNING, f"{unit.name} failed: {unit.result}{when}"
    if failed_before and unit.state != "failed":
        return "unit_recovered", Severity.NOTICE, f"{unit.name} is {unit.state} again"
    more = unit.restarts - (was.restarts if was is not None else unit.restarts)
    if more > 0:
        return (
            "unit_restarted",
            Severity.WARNING,
            f"{unit.name} was started again by systemd, {more} times ({unit.result})",
        )
    return None


def samples(units: dict[str, Unit]) -> Iterator[Sample]:
    yield Sample("units_count", float(len(units)))
    yield Sample("units_failed_count", float(sum(unit.state == "failed" for unit in units.values())))
    yield Sample("units_restarts_total", float(sum(unit.restarts for unit in units.values())))


def parse(text: str) -> dict[str, Unit]:
    """Blocks of ``Property=value`` with an empty line between them; units that are only mentioned are left out."""
    units: dict[str, Unit] = {}
    for block in text.split("\n\n"):
        said = {key: value for key, _, value in (line.partition("=") for line in block.splitlines())}
        name, restarts = said.get("Id", ""), said.get("NRestarts", "0")
        if name and said.get("LoadState") not in {"not-found", "masked"}:
            count = int(restarts) if restarts.isdecimal() else 0
            units[name] = Unit(name, said.get("ActiveState", ""), said.get("Result", ""), count)
    return units
