"""A reading has a value or a gap with a reason; an event is something that happened once."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from enum import IntEnum

import msgspec


class Gap(IntEnum):
    """Why there is no value. The number is the reason's code on the wire and in storage: never reuse one."""

    UNREACHABLE = 1
    REFUSED = 2
    TIMED_OUT = 3
    NOT_OFFERED = 4
    UNREADABLE = 5
    BLIND = 6
    DROPPED = 7
    LOST = 8

    @property
    def word(self) -> str:
        """The word used in the API and in files, e.g. ``timed_out``."""
        return self.name.lower()


GAP_WORDS = {gap.word: gap for gap in Gap}

# A gap travels and rests inside the matrix of values as a quiet NaN whose lowest byte is the reason.
# 0 in that byte is a plain NaN: a value was asked for and not had, and nobody said why.
QUIET_NAN_BITS = 0x7FF8_0000_0000_0000
GAP_FLOATS: dict[Gap, float] = {gap: struct.unpack("<d", struct.pack("<Q", QUIET_NAN_BITS | gap))[0] for gap in Gap}


def gap_of(value: float) -> Gap | None:
    """The gap a stored float stands for, or None when it is a real value. A NaN without a reason is unreadable."""
    if not math.isnan(value):
        return None
    code = struct.unpack("<Q", struct.pack("<d", value))[0] & 0xFF
    try:
        return Gap(code)
    except ValueError:
        return Gap.UNREADABLE


class Sample(msgspec.Struct, frozen=True, gc=False):
    """One answer of a source: a catalogue key, the part it is about, and a value in base units or a gap.

    A pass makes hundreds: a named tuple takes four times as long to make, a frozen dataclass eight times.
    """

    metric: str
    value: float | Gap
    part: str = ""


class Severity(IntEnum):
    """Syslog severities (RFC 5424): the lower, the worse."""

    EMERGENCY = 0
    ALERT = 1
    CRITICAL = 2
    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFORMATIONAL = 6
    DEBUG = 7


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened once on a device.

    ``boottime_ns`` is CLOCK_BOOTTIME on the sender (None when it happened in an earlier boot), ``wall_ns`` the
    source's own wall clock in UTC (None when it has none). ``cursor`` is the place in the source's own log;
    ``count`` is how many alike were folded into this one.
    """

    source: str
    kind: str
    severity: Severity
    text: str
    boottime_ns: int | None = None
    wall_ns: int | None = None
    cursor: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Fact:
    """What a device is (serial, kernel, firmware): sent when it changes."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Clocks:
    """One look at the sender's clocks, taken together."""

    boot_id: str
    boottime_ns: int
    wall_ns: int


class SourceFailed(Exception):  # noqa: N818 - it reads as the sentence it makes
    """A source could not be read at all: the whole source is one gap with this reason and sentence."""

    def __init__(self, gap: Gap, detail: str) -> None:
        super().__init__(detail)
        self.gap = gap
        self.detail = detail
