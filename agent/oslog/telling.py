"""What the three logs share: at most so many events a pass, alike ones folded, and none told twice or lost.

A log source keeps what it yielded until ``commit``: the agent calls it once the tick, and with it ``mark``, is on disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from readings.model import Event, Fact, Gap, Sample, Severity

MOST_EVENTS = 200  # a pass
MOST_UNSAVED = 1000  # while ticks cannot be written
LONGEST_LINE = 4096  # characters
WORST_KEPT = Severity.ERROR
# "error" stands in it because syslog files without priorities are judged by such words. Nothing can hide in such a
# line: only one that says exactly this is taken for ours.
MARKER = re.compile(r"zhishou-agent: self-test ([0-9a-f]{16}), no error")


def marker(token: str) -> str:
    """The line of a self-test; ``token``: 16 hexadecimal digits (agent/oslog/self_test.py)."""
    return f"zhishou-agent: self-test {token}, no error"


class LogSource(Protocol):
    """A source with a place in a log. ``mark`` is where to go on from, once all that was yielded is safe."""

    name: str

    def read(self) -> Iterator[Sample | Event | Fact]: ...
    @property
    def mark(self) -> str: ...
    def commit(self) -> None: ...


class Telling:
    """The events of one log on their way into a tick, and its counters since the agent started."""

    def __init__(self, source: str, log: str, mark: str) -> None:
        self._source = source
        self._log = log
        self._unsaved: list[Event] = []
        self._yielded = 0  # how many of them went into the tick under way
        self.mark = mark
        self.marker = ""  # the token of the last self-test that came by
        self.blind = False  # the self-test did not come by
        self._alike: dict[tuple[str, Severity, str], int] = {}
        self._room = MOST_EVENTS
        self._held_back = 0
        self._counted = {"log_events_total": 0, "log_messages_lost_total": 0, "log_events_held_back_total": 0}

    def begin(self) -> None:
        """A new pass begins: what was not committed is told again, and nothing new is folded into it."""
        self._yielded = 0
        self._alike = {}
        self._held_back = 0
        self._room = max(min(MOST_EVENTS, MOST_UNSAVED - len(self._unsaved)), 0)

    def is_marker(self, text: str) -> bool:
        """Whether this line is a self-test, which is remembered and is no event."""
        found = MARKER.fullmatch(text) if text.startswith("zhishou-agent: self-test ") else None
        if found is None:
            return False
        self.marker = found[1]
        return True

    def add(
        self,
        kind: str,
        severity: Severity,
        text: str,
        *,
        boottime_ns: int | None = None,
        wall_ns: int | None = None,
        cursor: str = "",
    ) -> None:
        """One line of the log. Alike ones become one event that counts them, at the time of the first."""
        if self.is_marker(text):
            return
        text = text[:LONGEST_LINE]
        self._counted["log_events_total"] += 1
        key = (kind, severity, text)
        at = self._alike.get(key)
        if at is not None:
            before = self._unsaved[at]
            self._unsaved[at] = replace(before, count=before.count + 1, cursor=cursor)
        elif self._room > 0:
            self._room -= 1
            self._alike[key] = len(self._unsaved)
            self._unsaved.append(Event(self._source, kind, severity, text, boottime_ns, wall_ns, cursor))
        else:
            self._held_back += 1

    def lost(self, count: int, text: str, *, boottime_ns: int | None = None, cursor: str = "") -> None:
        """``count`` messages can never be read (1 where nobody can say how many)."""
        self._counted["log_messages_lost_total"] += count
        event = Event(self._source, "log_lost", Severity.WARNING, text, boottime_ns, None, cursor, count)
        self._unsaved.append(event)

    def end(self, mark: str) -> Iterator[Sample | Event]:
        """All that is to go into this tick; a pass that fails before this told nothing and moves no mark."""
        if self._held_back:
            self._counted["log_events_held_back_total"] += self._held_back
            text = f"{self._held_back} more messages of severity error or worse in this pass, told only by their number"
            self._unsaved.append(Event(self._source, "log_held_back", Severity.WARNING, text, count=self._held_back))
        self.mark = mark
        self._yielded = len(self._unsaved)
        counted = [
            Sample(metric, Gap.BLIND if self.blind and metric == "log_events_total" else float(count), self._log)
            for metric, count in self._counted.items()
        ]
        return iter([*self._unsaved, *counted])

    def commit(self) -> None:
        """What was yielded is on disk."""
        del self._unsaved[: self._yielded]
        self._yielded = 0
