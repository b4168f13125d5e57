"""When Windows started, as a boot id, and how it stopped before: both from the System log.

Windows keeps no boot id. ``LastBootUpTime`` is no substitute: it is the wall clock less the time since the start, so
it differs by a second from one question to the next, and moves whenever the clock is set. What never moves is the
record Kernel-General 12 that each start of the kernel writes: its moment (to 100 ns) is the boot id, provided it is
within START_WITHIN_S of when the clocks say the start was. Where there is no such record (the log was cleared, or is
too small for this boot), the id is that calculated moment to the minute, and says ``about``. Such an id may change
without a restart, when the clock is set: then there is one restart too many, never one too few.

A resume from a hybrid shutdown ("fast startup") is no start of the kernel, and has neither record nor new boot id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import takewhile

from agent.hardware.command import Asking
from agent.system.restarts import Ended
from agent.windows.records import Record, query
from readings.model import Clocks, SourceFailed

LIMIT_S = 10.0
START_WITHIN_S = 600
MOST_RECORDS = 60
GENERAL, POWER = "Microsoft-Windows-Kernel-General", "Microsoft-Windows-Kernel-Power"
START = (GENERAL, 12)
UNPLANNED = {(POWER, 41), ("EventLog", 6008)}
PLANNED = {(GENERAL, 13), ("EventLog", 6006), ("User32", 1074)}


def of_provider(provider: str, *numbers: int) -> str:
    return f"(Provider[@Name='{provider}'] and ({' or '.join(f'EventID={number}' for number in numbers)}))"


STARTS = f"*[System[{of_provider(*START)}]]"
STARTS_AND_STOPS = "*[System[{}]]".format(
    " or ".join(
        (
            of_provider(GENERAL, 12, 13),
            of_provider(POWER, 41),
            of_provider("EventLog", 6006, 6008),
            of_provider("User32", 1074),
        )
    )
)


def boot_id(programs: Asking, boottime_ns: int, wall_ns: int) -> str:
    """``windows-2026-11-24T05:43:12.500000000`` or ``windows-about-2026-11-24T05:43``, UTC."""
    started_ns = wall_ns - boottime_ns
    try:
        found = query(programs, STARTS, 1, LIMIT_S, newest_first=True).records
    except SourceFailed:
        found = ()
    for record in found:
        if record.wall_ns is not None and _near(record, started_ns):
            return f"windows-{_utc(record.wall_ns):%Y-%m-%dT%H:%M:%S}.{record.wall_ns % 10**9:09}"
    return f"windows-about-{_utc(started_ns + 30 * 10**9):%Y-%m-%dT%H:%M}"


def look(programs: Asking, clocks: Callable[[], Clocks]) -> Ended:
    """How the boot before ended (for agent.system.restarts)."""
    now = clocks()
    try:
        found = query(programs, STARTS_AND_STOPS, MOST_RECORDS, LIMIT_S, newest_first=True).records
    except SourceFailed as failed:
        return Ended(None, failed.detail)
    return ended(found, now.wall_ns - now.boottime_ns)


def ended(newest_first: Sequence[Record], started_ns: int) -> Ended:
    """What was written since this start says that the stop was unplanned, what stands before it that it was not."""
    at = next((index for index, record in enumerate(newest_first) if _key(record) == START), None)
    if at is None or not _near(newest_first[at], started_ns):
        return Ended(None, "the System log has no record of this start (Kernel-General 12)")
    for record in newest_first[:at]:
        if _key(record) in UNPLANNED:
            return Ended(False, f"the System log says so: {_named(record)}")
    before = takewhile(lambda record: _key(record) != START, newest_first[at + 1 :])
    planned = [record for record in before if _key(record) in PLANNED]
    if planned:
        # Who asked for it stands in 1074; that it came to its end in the others.
        told = next((record for record in planned if record.provider == "User32"), planned[0])
        return Ended(True, f"the System log has its stop: {_named(told)}")
    return Ended(
        None, "the System log says neither that the stop before was planned (13, 6006, 1074) nor not (41, 6008)"
    )


def _key(record: Record) -> tuple[str, int]:
    return record.provider, record.event


def _named(record: Record) -> str:
    return (
        f"{record.provider} {record.event}: {record.text[:200]}" if record.text else f"{record.provider} {record.event}"
    )


def _near(record: Record, started_ns: int) -> bool:
    return record.wall_ns is not None and abs(record.wall_ns - started_ns) <= START_WITHIN_S * 10**9


def _utc(ns: int) -> datetime:
    return datetime.fromtimestamp(max(ns, 0) // 10**9, UTC)
