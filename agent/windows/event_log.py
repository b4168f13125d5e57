"""The System event log by record number: errors as events, and the exact number of records that were gone unread.

The source has the name of Linux's own log, ``kernel_log``: rounds and criteria name the log of the operating system by
it, and mean this one on Windows. Every question asks once more for the record that was told last. When it comes first,
nothing is missing; when a later one does, the numbers between are lost; when its number is another moment's, or the log
ends before it, the log began anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from agent.hardware.command import Asking
from agent.oslog.telling import MOST_EVENTS, Telling
from agent.windows.meaning import CLEARED, meaning
from agent.windows.records import Parsed, Record, query
from readings.model import Clocks, Event, Gap, Sample, Severity, SourceFailed

MOST_RECORDS = MOST_EVENTS  # a question: all of them could be told in one pass, so none is ever held back
MOST_NEWEST = 20
MOST_QUESTIONS = 5  # a pass, while nothing of what came was to be told; the rest waits in the log itself
MOST_SECONDS = 5.0
BEFORE_START_NS = 5 * 10**9  # the start of this boot is known to about a second

Place = tuple[int, int]  # number and moment (ns) of the record that was told last; (0, 0): a log that began anew


class SystemLog:
    name = "kernel_log"

    def __init__(
        self,
        programs: Asking,
        clocks: Callable[[], Clocks],
        mark: str = "",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``mark``: ``number moment`` of the last committed tick. Without one all of this boot is told."""
        self._programs = programs
        self._clocks = clocks
        self._monotonic = monotonic
        number, _, moment = mark.partition(" ")
        self._place: Place | None = (int(number), int(moment)) if number.isdecimal() and moment.isdecimal() else None
        self._told = 0
        self.telling = Telling(self.name, "kernel", mark)

    @property
    def mark(self) -> str:
        return self.telling.mark

    def commit(self) -> None:
        self.telling.commit()

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        self.telling.begin()
        self._told = 0
        until = self._monotonic() + MOST_SECONDS
        for _ in range(0 if self._caught_up(until) else MOST_QUESTIONS):
            more = self._take(self._ask(self._since(), MOST_RECORDS + 1, until), until)
            if not more or self._told or self._monotonic() >= until:
                break
        return self.telling.end("{} {}".format(*self._place) if self._place is not None else self.telling.mark)

    def _caught_up(self, until: float) -> bool:
        """The usual pass: the newest few records reach back to the one told last, and what came after it is told.

        Windows has no index of record numbers: any other question makes it walk through the whole log.
        """
        if self._place is None:
            return False
        newest = self._ask("*", MOST_NEWEST, until, newest_first=True)
        places = [(record.id, record.wall_ns or 0) for record in newest.records]
        if newest.damaged or self._place not in places:
            return False
        for record in reversed(newest.records[: places.index(self._place)]):
            self._tell(record)
        return True

    def _since(self) -> str:
        if self._place is not None:
            return f"*[System[(EventRecordID>={self._place[0]})]]"
        now = self._clocks()
        started = max(now.wall_ns - now.boottime_ns - BEFORE_START_NS, 0) // 10**9
        stamp = f"{datetime.fromtimestamp(started, UTC):%Y-%m-%dT%H:%M:%S.000Z}"
        return f"*[System[TimeCreated[@SystemTime>='{stamp}']]]"

    def _ask(self, xpath: str, most: int, until: float, *, newest_first: bool = False) -> Parsed:
        left = max(until - self._monotonic(), 0.1)
        return query(self._programs, xpath, most, left, newest_first=newest_first)

    def _take(self, answer: Parsed, until: float) -> bool:
        """Tell what is new; whether there is more to ask for."""
        records, place = answer.records, self._place
        if place is not None and place[0]:
            if not records and not answer.damaged:
                return self._look_behind(place, until)
            if records and records[0].id == place[0] and (records[0].wall_ns or 0) != place[1]:
                self._began_anew(place)
                return True
        news = [record for record in records if place is None or record.id > place[0]]
        if answer.damaged and not news:
            # Silence would vouch for records that nobody understood.
            raise SourceFailed(Gap.UNREADABLE, f"wevtutil: {answer.damaged} records and none that is whole and new")
        for record in news[:MOST_RECORDS]:
            self._tell(record)
        return len(records) + answer.damaged > MOST_RECORDS

    def _look_behind(self, place: Place, until: float) -> bool:
        """Nothing from the last record on, not even itself: does the log end before it?"""
        newest = self._ask("*", 1, until, newest_first=True)
        if newest.damaged:
            raise SourceFailed(Gap.UNREADABLE, "wevtutil: the newest record is damaged")
        if not newest.records or newest.records[0].id < place[0]:
            self._began_anew(place)
        return True

    def _began_anew(self, place: Place) -> None:
        now = self._clocks().boottime_ns
        text = f"the System log began anew: it was cleared or replaced after record {place[0]}"
        self.telling.add(CLEARED, Severity.ERROR, text, boottime_ns=now, cursor=str(place[0]))
        lost = f"{text}, and what followed it unread is gone (nobody can say how many records)"
        self.telling.lost(1, lost, boottime_ns=now, cursor=str(place[0]))
        self._place = (0, 0)
        self._told += 1

    def _tell(self, record: Record) -> None:
        expected = self._place[0] + 1 if self._place is not None else record.id
        if record.id < expected:
            return
        since = self._boottime_of(record)
        if record.id > expected:
            lost = record.id - expected
            text = f"{lost} records of the System log are gone unread ({expected} to {record.id - 1})"
            self.telling.lost(lost, text, boottime_ns=since, cursor=str(record.id - 1))
        self._place = (record.id, record.wall_ns or 0)
        said = meaning(record)
        if said is not None:
            self._told += 1
            kind, severity, text = said
            self.telling.add(kind, severity, text, boottime_ns=since, wall_ns=record.wall_ns, cursor=str(record.id))

    def _boottime_of(self, record: Record) -> int | None:
        """By the host's own wall clock; None for what lies before this boot, or ahead."""
        now = self._clocks()
        ago = None if record.wall_ns is None else now.wall_ns - record.wall_ns
        return None if ago is None or not 0 <= ago <= now.boottime_ns else now.boottime_ns - ago
