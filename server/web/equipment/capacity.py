"""Shares that fill up: processors and memory by part, volumes, sessions; the fullest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from readings.units import show
from server.web.equipment.newest import Newest, Shown, shown
from server.web.equipment.parts import part_word
from server.web.i18n import N_, Words
from server.web.sight import Value

OPEN_BARS = 6
WARN, BAD = 0.85, 0.95
SHARES: tuple[tuple[str, str, str], ...] = (
    ("cpu_busy_ratio", N_("CPU 使用率"), ""),
    ("memory_used_ratio", N_("内存使用率"), "memory_total_bytes"),
    ("filesystem_used_ratio", N_("容量使用率"), "filesystem_size_bytes"),
)
COUNTS: tuple[str, ...] = (
    *("disks_failed_count", "disks_spare_count", "fans_failed_count", "power_supplies_failed_count"),
    *("sessions_count", "processes_count"),
)
FAULTY = frozenset({"disks_failed_count", "fans_failed_count", "power_supplies_failed_count"})


@dataclass(frozen=True, slots=True)
class Bar:
    """``share`` 0–1 of the bar, None where there is no value; ``of`` is the whole, as text."""

    part: str
    number: str
    unit: str
    share: float | None
    sign: str
    of: str
    gap: str


@dataclass(frozen=True, slots=True)
class Bars:
    title: str
    rows: Sequence[Bar]
    more: Sequence[Bar]


def bars(newest: Newest, words: Words) -> list[Bars]:
    found = []
    for metric, title, whole in SHARES:
        values = newest.offered(metric)
        if metric == "cpu_busy_ratio" and "total" in values and len(values) > 1:
            # A host's own processors one by one say little beside their sum; boards of a switch have no sum.
            values = {"total": values["total"]}
        rows = [_bar(value, newest.get(whole, part) if whole else None, words) for part, value in values.items()]
        rows.sort(key=lambda bar: -(bar.share if bar.share is not None else -1.0))
        if rows:
            found.append(Bars(words(title), rows[:OPEN_BARS], rows[OPEN_BARS:]))
    if sessions := _sessions(newest, words):
        found.append(Bars(words("会话"), [sessions], []))
    return found


def counts(newest: Newest, words: Words) -> list[Shown]:
    """Plain numbers that say something at once; a failed part is a fault."""
    found = []
    for metric in COUNTS:
        for part, value in newest.offered(metric).items():
            one = shown(value, words, part=part_word(part, words))
            if metric in FAULTY and value.value is not None:
                sign = "fault" if value.value > 0 else "normal"
                one = Shown(one.title, one.part, one.number, one.unit, sign, one.gap, one.stale, one.at)
            found.append(one)
    return found


def _bar(value: Value, whole: Value | None, words: Words) -> Bar:
    one = shown(value, words)
    size = ""
    if whole is not None and whole.value is not None:
        size = " ".join(show(whole.value, whole.unit, words.language)).strip()
    share = value.value
    sign = "" if share is None else "fault" if share >= BAD else "warn" if share >= WARN else ""
    return Bar(part_word(value.part, words), one.number, one.unit, share, sign, size, one.gap)


def _sessions(newest: Newest, words: Words) -> Bar | None:
    count, limit = newest.get("sessions_count"), newest.value("sessions_limit_count")
    if count is None or count.value is None or not limit:
        return None
    one = shown(count, words)
    share = count.value / limit
    return Bar("", one.number, one.unit, share, "warn" if share >= WARN else "", f"{limit:.0f}", "")
