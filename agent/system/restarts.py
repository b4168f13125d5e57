"""A host that was started again: in order, or not. The boot id says that it was; two witnesses say how it stopped.

wtmp holds a record of every orderly shutdown before that of the start that followed. Where nothing writes wtmp, the
last lines of the journal of the boot before do. Neither: nobody knows, and that is what is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.hardware.command import Asking
from agent.hardware.pace import Asked
from agent.host.root import Root
from agent.system.login_records import Mark, marks
from readings.model import Clocks, Event, Gap, Sample, Severity, SourceFailed

SAME_START_S = 600  # wtmp's record of a start is written some time after the kernel began
JOURNAL_S = 10.0
A_DAY = 86_400.0  # it does not change any more
LAST_LINES = 200
ORDERLY = re.compile(
    r"Reached target .*(?:Power[- ]?Off|Reboot|Halt|Shutdown)|Shutting down\.|Journal stopped|systemd-shutdown\[",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How the boot before ended, None where nobody knows, and what says so."""

    orderly: bool | None
    witness: str


class Restarts:
    """``mark``: the boot id of the last committed tick."""

    name = "restarts"

    def __init__(
        self,
        root: Root,
        clocks: Callable[[], Clocks],
        programs: Asking,
        mark: str = "",
        wait_s: float = 0.0,
        *,
        look: Callable[[], Ended] | None = None,
    ) -> None:
        """``look``: what to ask for how the boot before ended, where it is not wtmp and journal."""
        self._wtmp = f"{root.var}/log/wtmp"
        self._clocks = clocks
        self._programs = programs
        self._told = self._now = mark
        self._asked = Asked(self.name, look or self._look, pace_s=A_DAY, limit_s=A_DAY, wait_s=wait_s)

    @property
    def mark(self) -> str:
        return self._now

    def commit(self) -> None:
        self._told = self._now

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        ended = self._asked.newest().answer
        now = self._clocks()
        told = [_event(ended, now)] if self._told not in {"", now.boot_id} else []
        self._now = now.boot_id
        return self._tell(told, ended)

    def _tell(self, told: list[Event], ended: Ended) -> Iterator[Sample | Event]:
        yield from told
        if ended.orderly is None:  # an event that was yielded stays, though the source gave no reading
            raise SourceFailed(Gap.NOT_OFFERED, f"how this host stopped before: {ended.witness}")
        yield Sample("previous_stop_orderly", float(ended.orderly))

    def _look(self) -> Ended:
        now = self._clocks()
        try:
            found = orderly(marks(self._wtmp), (now.wall_ns - now.boottime_ns) / 1e9)
        except OSError as error:
            found, why = None, f"{self._wtmp}: {error.strerror}"
        else:
            why = f"{self._wtmp} has no record of both starts"
        if found is not None:
            return Ended(found, f"{self._wtmp} has {'a' if found else 'no'} record of a shutdown before this start")
        return self._journal(why)

    def _journal(self, why: str) -> Ended:
        program = self._programs.find("journalctl")
        if program is None:
            return Ended(None, f"{why}; no journal to ask")
        try:
            argv = [program, "--quiet", "--no-pager", "--boot=-1", "--output=cat", f"--lines={LAST_LINES}"]
            answer = self._programs.run(argv, JOURNAL_S)
        except SourceFailed as failed:
            return Ended(None, f"{why}; {failed.detail}")
        if answer.code or not answer.out.strip():
            return Ended(None, f"{why}; the journal holds nothing of the boot before")
        clean = ORDERLY.search(answer.out) is not None
        return Ended(clean, f"the journal of the boot before {'ends' if clean else 'does not end'} with a shutdown")


def _event(ended: Ended, now: Clocks) -> Event:
    said = {
        True: ("it was shut down in order", Severity.NOTICE),
        False: ("unplanned: nothing shut it down in order", Severity.CRITICAL),
        None: ("whether it was shut down in order, nobody knows", Severity.ERROR),
    }
    words, severity = said[ended.orderly]
    text = f"this host was started again; {words} ({ended.witness})"
    return Event(Restarts.name, "restart", severity, text, 0, now.wall_ns - now.boottime_ns, now.boot_id)


def orderly(records: list[Mark], started_s: float) -> bool | None:
    """Whether a shutdown was written between the last two starts. None: wtmp does not speak of both."""
    starts = [index for index, record in enumerate(records) if record.boot]
    if len(starts) < 2 or abs(records[starts[-1]].at_s - started_s) > SAME_START_S:
        return None
    return any(not record.boot for record in records[starts[-2] : starts[-1]])
