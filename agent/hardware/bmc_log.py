"""The BMC's own log (SEL): records that are new are events, and so are its being erased or full.

The log is listed only when ``sel info`` says that it changed. ``mark`` is the moment of the last erasure and the id of
the last record that was told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from agent.hardware.bmc import Bmc
from agent.hardware.bmc_words import severity
from agent.hardware.pace import Asked
from agent.oslog.telling import Telling
from readings.model import Clocks, Event, Gap, Sample, Severity, SourceFailed

PACE_S, LIMIT_S = 60.0, 60.0
STAMPS = ("%m/%d/%y %H:%M:%S", "%m/%d/%Y %H:%M:%S")
FIRST_SANE_NS = 946_684_800 * 10**9  # a BMC that was never set counts from its own start, or from 1970


@dataclass(frozen=True, slots=True)
class Record:
    id: int
    stamp: str
    sensor: str
    description: str
    direction: str
    detail: str

    @property
    def text(self) -> str:
        said = [self.sensor, self.description, self.direction, self.detail]
        return f"SEL {self.id:x}h of {self.stamp}: " + ", ".join(word for word in said if word)


@dataclass(frozen=True, slots=True)
class Summary:
    """``erased`` is the moment as the BMC writes it, "" when never. ``dropped``: records lost for lack of room."""

    entries: int
    used: float | Gap
    added: str
    erased: str
    dropped: float | Gap


@dataclass(frozen=True, slots=True)
class Look:
    info: Summary
    records: tuple[Record, ...]
    clock: float | Gap


class BmcLog:
    name = "bmc_log"

    def __init__(
        self, bmc: Bmc, clocks: Callable[[], Clocks], mark: str = "", *, wait_s: float = 0.0, pace_s: float = PACE_S
    ) -> None:
        self._bmc = bmc
        self._clocks = clocks
        erased, _, last = mark.rpartition("|")
        self._place = (erased, int(last)) if last.isdecimal() else None
        self._last_info: Summary | None = None
        self._records: tuple[Record, ...] = ()
        self._taken = 0
        self._before: tuple[tuple[Record, ...], int] | None = None
        self._telling = Telling(self.name, "bmc", mark)
        self._asked = Asked(self.name, self._ask, pace_s=pace_s, limit_s=LIMIT_S, offered=bmc.offered, wait_s=wait_s)

    @property
    def mark(self) -> str:
        return self._telling.mark

    def commit(self) -> None:
        self._telling.commit()

    def read(self) -> Iterator[Sample | Event]:
        """Raises SourceFailed."""
        self._telling.begin()
        newest = self._asked.newest()
        look = newest.answer
        if newest.number != self._taken:
            self._taken = newest.number
            self._take(look)
        return iter([*self._telling.end(self._marked()), *samples(look), self._asked.age(newest)])

    def _marked(self) -> str:
        return "" if self._place is None else f"{self._place[0]}|{self._place[1]}"

    def _ask(self) -> Look:
        """In the thread that may wait."""
        info = parse_info(self._bmc.ask("sel", "info", seconds=LIMIT_S / 3).out)
        if info != self._last_info:
            self._records = tuple(parse(self._bmc.ask("sel", "elist", seconds=LIMIT_S / 3).out))
            self._last_info = info
        said = self._bmc.ask("sel", "time", "get", seconds=LIMIT_S / 3).out
        at = wall_ns(said.strip())
        offset: float | Gap = Gap.UNREADABLE if at is None else (at - self._clocks().wall_ns) / 1e9
        return Look(info, self._records, offset)

    def _take(self, look: Look) -> None:
        """Tell what came since the place; what is told is in the order the BMC keeps it."""
        now, before = self._clocks(), self._before
        self._before = (look.records, now.boottime_ns)
        if before is not None and before[0] is look.records:
            return  # not listed again, because nothing changed
        newest = look.records[-1].id if look.records else 0
        if self._place is None:
            self._place = (look.info.erased, newest)
            if look.records:
                text = (
                    f"the BMC's log holds {len(look.records)} records from before this watch began; they are not told"
                )
                self._telling.add("log_begins", Severity.NOTICE, text, boottime_ns=now.boottime_ns)
            return
        erased, told = self._place
        ids = [record.id for record in look.records]
        if look.info.erased != erased:
            self._erased(look.info, now)
            # Ids may begin anew, and a single record may have been deleted: new is what was not there before.
            known = set(before[0]) if before else set()
            fresh = [record for record in look.records if record not in known]
        elif told in ids:
            fresh = list(look.records[ids.index(told) + 1 :])  # ids go round at FFFEh: the order is what counts
        else:
            fresh = list(look.records)
            if told:
                text = f"the record of the BMC's log that was told last ({told:x}h) is gone: others may be too"
                self._telling.lost(1, text, boottime_ns=now.boottime_ns)
        for record in fresh:
            self._tell(record, look.clock, now, before[1] if before else None)
        self._place = (look.info.erased, newest)

    def _tell(self, record: Record, offset: float | Gap, now: Clocks, since_ns: int | None) -> None:
        """At the BMC's moment, corrected by how far its clock is off; between two looks it came between them."""
        said = wall_ns(record.stamp)
        wall = said if said is None or isinstance(offset, Gap) else said - round(offset * 1e9)
        boottime = None
        if since_ns is not None:
            guess = now.boottime_ns
            if wall is not None and not isinstance(offset, Gap):
                guess -= now.wall_ns - wall
            boottime = min(max(guess, since_ns), now.boottime_ns)
        level = severity(record.description, record.direction)
        self._telling.add("bmc_event", level, record.text, boottime_ns=boottime, wall_ns=wall, cursor=f"{record.id:x}h")

    def _erased(self, info: Summary, now: Clocks) -> None:
        when = f" at {info.erased} by its clock" if info.erased else ""
        text = f"the BMC's log was erased{when}: what was in it unread is gone ({info.entries} records now)"
        self._telling.add("bmc_log_erased", Severity.ERROR, text, boottime_ns=now.boottime_ns)


def samples(look: Look) -> Iterator[Sample]:
    erased = wall_ns(look.info.erased)
    yield Sample("bmc_log_records_count", float(look.info.entries))
    yield Sample("bmc_log_used_ratio", look.info.used)
    yield Sample("bmc_log_dropped_count", look.info.dropped)
    yield Sample("bmc_log_erased_time_seconds", Gap.NOT_OFFERED if erased is None else erased / 1e9)
    yield Sample("bmc_clock_offset_seconds", look.clock)


def parse_info(text: str) -> Summary:
    """``Entries : 5`` …; FreeIPMI's names for erasure and dropped records are known too. Raises SourceFailed."""
    said = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())
    }
    entries = said.get("entries", said.get("number of log entries", ""))
    if not entries.isdecimal():
        raise SourceFailed(Gap.UNREADABLE, f"ipmitool sel info: no number of entries in {text[:120]!r}")
    used = said.get("percent used", "").rstrip("%")
    erased = said.get("last del time", said.get("recent erase timestamp", ""))
    lost = said.get("overflow", said.get("events dropped due to lack of space", "")).lower()
    return Summary(
        entries=int(entries),
        used=int(used) / 100 if used.isdecimal() else Gap.NOT_OFFERED,
        added=said.get("last add time", said.get("recent addition timestamp", "")),
        erased="" if erased.lower() in {"not available", "unspecified", "unknown"} else erased,
        dropped=float(lost) if lost.isdecimal() else DROPPED.get(lost, Gap.UNREADABLE),
    )


# ipmitool only says whether any were dropped: at least one.
DROPPED: dict[str, float | Gap] = {"false": 0.0, "no": 0.0, "true": 1.0, "yes": 1.0, "": Gap.NOT_OFFERED}
LINE = re.compile(r"^\s*([0-9a-fA-F]+)\s*\|(.*)$")


def parse(text: str) -> Iterator[Record]:
    """``   5 | 11/24/26 | 08:36:52 UTC | Temperature Inlet Temp | Upper Critical going high | Asserted | …``."""
    for line in text.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        cells = [cell.strip() for cell in match[2].split("|")] + [""] * 6
        date, time, sensor, description, direction = cells[:5]
        yield Record(
            id=int(match[1], 16),
            stamp=f"{date} {time}",
            sensor=sensor,
            description=description,
            direction=direction,
            detail=cells[5],
        )


def wall_ns(stamp: str) -> int | None:
    """UTC of ``11/24/26 08:36:52 UTC``; None for ``Pre-Init`` and other words of a clock that was never set."""
    words = stamp.removesuffix(" UTC").strip()
    for form in STAMPS:
        try:
            at = datetime.strptime(words, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        ns = int(at.timestamp()) * 10**9
        return ns if ns >= FIRST_SANE_NS else None
    return None
