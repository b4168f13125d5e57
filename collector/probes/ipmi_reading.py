"""Sensors and log of a management controller, as ipmitool tells them: pure functions of its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from collector.probes.ipmi import IpmiAnswer
from collector.probes.ipmi_words import ABSENT, FINE, LIMITS, REDUNDANT, STATES, severity
from readings.model import Event, Gap, Sample, Severity, SourceFailed

MOST_SENSORS, MOST_RECORDS = 1000, 10_000
VALUE = re.compile(r"^(-?\d+(?:\.\d+)?) (degrees C|RPM|Volts|Amps|Watts|percent)$")
METRICS = {
    "degrees C": ("bmc_temperature_celsius", 1.0),
    "RPM": ("bmc_fan_rpm", 1.0),
    "Volts": ("bmc_voltage_volts", 1.0),
    "Amps": ("bmc_current_amperes", 1.0),
    "Watts": ("bmc_power_watts", 1.0),
    "percent": ("bmc_level_ratio", 100.0),
}
RECORD = re.compile(r"^\s*([0-9a-fA-F]+)\s*\|(.*)$")
STAMPS = ("%m/%d/%y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S")
FIRST_SANE_YEAR = 2005  # a controller whose clock was never set begins at 1970, or says Pre-Init
UNSET = {"", "not available", "unspecified", "unknown"}


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the log; equal to itself when it is listed again."""

    id: str
    stamp: str
    sensor: str
    description: str
    direction: str
    detail: str


@dataclass(frozen=True, slots=True)
class Place:
    """How far the log was told: its summary, when it was last erased, and all records it then held."""

    summary: str
    erased: str
    records: tuple[Record, ...]


def read(answer: IpmiAnswer, now: datetime) -> Iterator[Sample]:
    """Raises SourceFailed: what came back is no list of sensors, or no summary of a log."""
    yield from sensors(answer.sensors)
    said = summary(answer.log_summary)
    entries = said.get("entries", "")
    if not entries.isdecimal():
        raise SourceFailed(Gap.UNREADABLE, f"ipmitool sel info: no number of entries in {answer.log_summary[:120]!r}")
    used, lost = said.get("percent used", "").rstrip("%"), said.get("overflow", "")
    yield Sample("bmc_log_records_count", float(entries))
    yield Sample("bmc_log_used_ratio", int(used) / 100 if used.isdecimal() else Gap.NOT_OFFERED)
    yield Sample("bmc_log_dropped_count", {"false": 0.0, "true": 1.0, "": Gap.NOT_OFFERED}.get(lost, Gap.UNREADABLE))
    erased = moment(_erased(said))
    yield Sample("bmc_log_erased_time_seconds", Gap.NOT_OFFERED if erased is None else erased.timestamp())
    clock = moment(answer.clock.strip())
    yield Sample("bmc_clock_offset_seconds", Gap.UNREADABLE if clock is None else (clock - now).total_seconds())


def sensors(text: str) -> Iterator[Sample]:
    """``Inlet Temp       | 04h | ok  |  7.1 | 24 degrees C``; ``ns`` was not read, which is never fine."""
    lines = [cells for line in text.splitlines() if len(cells := [cell.strip() for cell in line.split("|")]) == 5]
    if not lines or len(lines) > MOST_SENSORS:
        raise SourceFailed(
            Gap.UNREADABLE, f"ipmitool sdr elist: {len(lines)} lines of sensors, 1 to {MOST_SENSORS} fit"
        )
    names = [cells[0] for cells in lines]
    for name, number, state, _, told in lines:
        part = name if names.count(name) == 1 else f"{name} {number}"
        yield from _sensor(part, state.lower(), told)


def _sensor(part: str, state: str, told: str) -> Iterator[Sample]:
    value = VALUE.match(told)
    if value is not None:
        metric, divisor = METRICS[value[2]]
        yield Sample(metric, float(value[1]) / divisor, part)
        yield Sample("bmc_sensor_state", LIMITS.get(state, Gap.UNREADABLE), part)
        return
    words = [word.strip().lower() for word in told.split(",") if word.strip()]
    if state == "ns" or (words and all(word in ABSENT for word in words)):
        yield Sample("bmc_sensor_state", Gap.NOT_OFFERED, part)
        return
    if any(word in REDUNDANT for word in words):
        yield Sample("bmc_redundant", min(REDUNDANT[word] for word in words if word in REDUNDANT), part)
    states = [STATES.get(word) for word in words]
    known = [one for one in states if one is not None]
    unlisted: float | Gap = Gap.UNREADABLE if len(known) < len(states) else FINE
    # The worst that is known stands; an unlisted word beside what is fine could be anything.
    worst = max(known, default=FINE)
    yield Sample("bmc_sensor_state", worst if worst > FINE else unlisted, part)


def news(answer: IpmiAnswer, before: Place | None, now: datetime) -> tuple[list[Event], Place]:
    """Records that were not there ``before``, in the controller's order, and where to go on from.

    What is there at the first look is counted, not told. An erased log is an event of its own.
    """
    erased = _erased(summary(answer.log_summary))
    if answer.log is None and before is not None:
        return [], before
    found = records(answer.log or "")
    place = Place(answer.log_summary, erased, found)
    if before is None:
        text = f"the log holds {len(found)} records from before this watch began; they are not told"
        return ([Event("ipmi", "log_begins", Severity.NOTICE, text)] if found else []), place
    told: list[Event] = []
    known = set(before.records)
    gone = [record for record in before.records if record not in set(found)]
    if erased != before.erased or (gone and not set(found) & known):
        when = f" at {erased} by its clock" if moment(erased) is not None else ""
        text = f"the log was erased{when}: it held {len(before.records)} records, now {len(found)}"
        told.append(Event("ipmi", "bmc_log_erased", Severity.ERROR, text))
    clock = moment(answer.clock.strip())
    told += [_event(record, None if clock is None else clock - now) for record in found if record not in known]
    return told, place


def _event(record: Record, offset: timedelta | None) -> Event:
    """At the record's moment, corrected by how far the controller's clock is off."""
    at = moment(record.stamp)
    wall = None if at is None or offset is None else int((at - offset).timestamp() * 1000) * 10**6
    words = (record.sensor, record.description, record.direction, record.detail)
    text = ", ".join(word for word in words if word)
    level = severity(record.description, record.direction)
    return Event("ipmi", "bmc_event", level, text, wall_ns=wall, cursor=f"{record.id}h")


def records(text: str) -> tuple[Record, ...]:
    """``   5 | 11/24/26 | 08:36:52 UTC | Temperature Inlet Temp | Upper Critical going high | Asserted | …``."""
    found: list[Record] = []
    for line in text.splitlines()[:MOST_RECORDS]:
        match = RECORD.match(line)
        if match is not None:
            cells = [cell.strip() for cell in match[2].split("|")] + [""] * 6
            found.append(Record(match[1].lower(), f"{cells[0]} {cells[1]}", *cells[2:6]))
    return tuple(found)


def summary(text: str) -> dict[str, str]:
    """``Entries : 5`` by its name in small letters."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _erased(said: dict[str, str]) -> str:
    word = said.get("last del time", "")
    return "" if word.lower() in UNSET else word


def moment(stamp: str) -> datetime | None:
    """In UTC, as ipmitool was asked to tell; None for ``Pre-Init`` and clocks that were never set."""
    words = " ".join(stamp.removesuffix("UTC").split())
    for form in STAMPS:
        try:
            at = datetime.strptime(words, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return at if at.year >= FIRST_SANE_YEAR else None
    return None
