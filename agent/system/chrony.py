"""chrony, ``chronyc -c tracking``: whether the clock follows a source, and how far off it is."""

from __future__ import annotations

import os
from collections.abc import Iterator

from agent.hardware.command import Asking
from agent.hardware.pace import Asked
from agent.host.root import Root
from readings.model import Gap, Sample, SourceFailed

PACE_S, LIMIT_S = 60.0, 10.0
COLUMNS = 14
NO_SOURCE = {"00000000", "7F7F0101", ""}  # nothing yet, or its own clock with nobody to follow
MEASURES = (
    (2, "chrony_stratum"),
    (4, "chrony_offset_seconds"),
    (5, "chrony_last_offset_seconds"),
    (6, "chrony_rms_offset_seconds"),
    (10, "chrony_root_delay_seconds"),
    (11, "chrony_root_dispersion_seconds"),
)


class Chrony:
    """Asked only where a chronyd left its folder: others keep the clock elsewhere, and adjtimex speaks for all."""

    name = "chrony"

    def __init__(self, root: Root, programs: Asking, wait_s: float = 0.0) -> None:
        self._run = f"{root.files}/run/chrony"
        self._programs = programs
        self._asked = Asked(self.name, self._ask, pace_s=PACE_S, limit_s=LIMIT_S, offered=self._offered, wait_s=wait_s)

    def read(self) -> Iterator[Sample]:
        """Raises SourceFailed."""
        newest = self._asked.newest()
        return iter([*newest.answer, self._asked.age(newest)])

    def _offered(self) -> None:
        if not os.path.isdir(self._run):  # noqa: PTH112 - text paths; who may not look inside may still ask
            raise SourceFailed(Gap.NOT_OFFERED, f"{self._run}: no chronyd runs here")
        if self._programs.find("chronyc") is None:
            raise SourceFailed(Gap.NOT_OFFERED, "chronyc: a chronyd runs here and there is no program to ask it")

    def _ask(self) -> list[Sample]:
        answer = self._programs.run([self._programs.find("chronyc") or "chronyc", "-c", "tracking"], LIMIT_S)
        if answer.code:
            raise SourceFailed(Gap.UNREACHABLE, f"chronyc tracking: {answer.last_words()}")
        return parse(answer.out)


def parse(text: str) -> list[Sample]:
    """Reference, its name, stratum, …, leap status. Raises SourceFailed."""
    cells = text.strip().split(",")
    if len(cells) != COLUMNS:
        raise SourceFailed(Gap.UNREADABLE, f"chronyc -c tracking: {len(cells)} columns, not {COLUMNS}: {text[:120]!r}")
    followed = cells[0] not in NO_SOURCE and cells[13] != "Not synchronised"
    try:
        measures = [Sample(metric, float(cells[column])) for column, metric in MEASURES]
    except ValueError as error:
        raise SourceFailed(Gap.UNREADABLE, f"chronyc -c tracking: {error}: {text[:120]!r}") from error
    return [Sample("chrony_synchronised", float(followed)), *measures]
