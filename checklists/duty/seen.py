"""What the centre holds of one device at one moment, as far as checklists ask. Moments are stored time in ms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Log = tuple[str, int, int]  # (source, worst severity that counts, how far back in ms)


@dataclass(frozen=True, slots=True)
class PartSeen:
    """The newest reading of one part: a value in base units, or the word of the gap that stands for it."""

    part: str
    at_ms: int
    value: float | None
    gap: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class LogSeen:
    """The log of one source over a time. ``read_ms``: when it was read last (None: never), ``gap``: or why it was not.

    ``count`` lines were found, ``newest`` is the last of them, at ``newest_ms``, known by ``newest_id``. ``missing``:
    the word for lines of that time which nobody will ever read ("" where none is known to be missing).
    """

    read_ms: int | None
    gap: str = ""
    count: int = 0
    newest: str = ""
    newest_ms: int | None = None
    newest_id: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class AlarmSeen:
    """One open alarm."""

    id: int
    opened_ms: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """``heard_ms``: the device's newest tick (None: never). ``silent_ms``: so old it may be before it counts as silent.

    ``readings`` by metric, ``alarms`` the newest first.
    """

    heard_ms: int | None = None
    interval_s: float = 15.0
    silent_ms: int = 45_000
    readings: Mapping[str, Sequence[PartSeen]] = field(default_factory=dict)
    logs: Mapping[Log, LogSeen] = field(default_factory=dict)
    alarms: Sequence[AlarmSeen] = ()
