"""Moments as the centre keeps and shows them: stored in whole milliseconds UTC, shown as RFC 3339."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
MICROSECOND = timedelta(microseconds=1)
HOUSE = timezone(timedelta(hours=8), "Asia/Shanghai")  # the trade's own clock; China has had no summer time since 1991
FIRST_MS = -62_135_596_800_000  # year 1
LAST_MS = 253_402_300_799_999  # the end of year 9999: what lies beyond can be neither shown nor kept


def to_ms(moment: datetime) -> int:
    """Milliseconds since the epoch; the moment must know its zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment}: a time without a zone")
    return (moment - EPOCH) // MILLISECOND


def to_ns(moment: datetime) -> int:
    """Nanoseconds since the epoch; a datetime knows microseconds."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment}: a time without a zone")
    return (moment - EPOCH) // MICROSECOND * 1000


def from_ms(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


def rfc3339(ms: int) -> str:
    """As every time in the API reads: ``2026-11-23T08:36:52.123Z``."""
    return from_ms(ms).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def rfc3339_or_none(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)


def parse_moment(text: str) -> int:
    """Milliseconds of an RFC 3339 time or of epoch seconds. Raises ValueError naming the text."""
    ms = _moment(text)
    if not FIRST_MS <= ms <= LAST_MS:
        raise ValueError(f"{text!r} lies outside the years 1 to 9999")
    return ms


def _moment(text: str) -> int:
    try:
        return round(float(text) * 1000)
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is neither an RFC 3339 time nor epoch seconds") from error
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone (write 2026-11-23T08:36:52Z)")
    return to_ms(moment)
