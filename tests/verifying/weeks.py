"""Weeks as the centre would hold them: a healthy device first, then whatever befalls it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from checklists.verification.evidence import Boot, Evidence, Hole, Line, Pair, Planned, Seen, Track

START = 1_800_000_000_000 // 60_000 * 60_000
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK_MINUTES = 7 * 24 * 60

BUSY, STEAL, LOAD = ("cpu_busy_ratio", "total"), ("cpu_steal_ratio", "total"), ("load_per_core", "")
USED, LOG = ("memory_used_ratio", ""), ("source_success", "kernel_log")
SWITCHES, SWAP_IN = ("context_switches_total", ""), ("swap_in_pages_total", "")
PRESSURE = ("pressure_memory_full_seconds_total", "")
GAUGES: dict[Pair, float] = {BUSY: 0.2, STEAL: 0.0, LOAD: 0.3, USED: 0.4, LOG: 1.0}
COUNTERS: dict[Pair, float] = {SWITCHES: 15_000.0, SWAP_IN: 0.0, PRESSURE: 0.0}  # what each gains between two readings

Times = NDArray[np.int64]


@dataclass
class Week:
    """``phase_ms``: when in the interval the first reading falls."""

    minutes: int = WEEK_MINUTES
    interval_ms: int = 15_000
    phase_ms: int = 4_000
    values: dict[Pair, NDArray[np.float64]] = field(default_factory=dict)
    times: dict[Pair, Times] = field(default_factory=dict)
    ticks: Times = field(default_factory=lambda: np.empty(0, np.int64))
    lines: list[Line] = field(default_factory=list)
    boots: list[Boot] = field(default_factory=lambda: [Boot(START - DAY, "boot-a")])
    holes: list[Hole] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ticks = np.arange(START + self.phase_ms, self.end_ms, self.interval_ms, dtype=np.int64)
        for pair, value in GAUGES.items():
            self.values[pair] = np.full(len(self.ticks), value)
        for pair, gain in COUNTERS.items():
            self.values[pair] = (1e6 + np.arange(len(self.ticks)) * gain).astype(np.float64)
        self.times = dict.fromkeys(self.values, self.ticks)
        self.seen = [Seen(START + day * DAY + 9 * HOUR, "li", False) for day in range(self.minutes // 1440)]

    @property
    def end_ms(self) -> int:
        return START + self.minutes * MINUTE

    def within(self, pair: Pair, first: int, minutes: int) -> NDArray[np.bool_]:
        begin = START + first * MINUTE
        return (self.times[pair] >= begin) & (self.times[pair] < begin + minutes * MINUTE)

    def set(self, pair: Pair, first: int, minutes: int, value: float) -> Week:
        """The gauge has this value from minute ``first`` on for so many minutes."""
        self.values[pair][self.within(pair, first, minutes)] = value
        return self

    def flicker(self, pair: Pair, first: int, minutes: int, high: float, low: float) -> Week:
        """One reading high, the next one low."""
        second = np.arange(len(self.times[pair])) % 2 == 1
        self.set(pair, first, minutes, high)
        self.values[pair][self.within(pair, first, minutes) & second] = low
        return self

    def gain(self, pair: Pair, at_minute: int, minutes: int, each: float) -> Week:
        """The counter gains ``each`` more with every reading of those minutes."""
        self.values[pair] = self.values[pair] + np.cumsum(self.within(pair, at_minute, minutes) * each)
        return self

    def fall(self, pair: Pair, at_minute: int, by: float) -> Week:
        """The counter is set back by so much in that minute, in the middle of a boot."""
        back = self.times[pair] >= START + at_minute * MINUTE + self.interval_ms
        self.values[pair] = self.values[pair] - back * by
        return self

    def spare(self, pair: Pair, at_minute: int, values: Sequence[float]) -> Week:
        """Read more often than asked: so many readings more in that minute."""
        also = START + at_minute * MINUTE + self.phase_ms + 1_000 * (1 + np.arange(len(values), dtype=np.int64))
        order = np.argsort(times := np.concatenate((self.times[pair], also)), kind="stable")
        self.times[pair], self.values[pair] = times[order], np.concatenate((self.values[pair], values))[order]
        return self

    def without(self, *pairs: Pair) -> Week:
        for pair in pairs:
            del self.values[pair], self.times[pair]
        return self

    def silent(self, first: int, minutes: int, reason: str = "unreachable") -> Week:
        """Nothing at all is read for so many minutes, as when the agent is not running."""
        begin, end = START + first * MINUTE, START + (first + minutes) * MINUTE
        for pair in self.values:
            self.keep(pair, ~self.within(pair, first, minutes))
        self.ticks = self.ticks[(self.ticks < begin) | (self.ticks >= end)]
        self.holes.append(Hole(begin, end, reason))
        return self

    def keep(self, pair: Pair, kept: NDArray[np.bool_]) -> Week:
        self.values[pair], self.times[pair] = self.values[pair][kept], self.times[pair][kept]
        return self

    def reboot(self, at_minute: int, down_minutes: int = 3) -> Week:
        """Counters begin anew after it."""
        back = START + (at_minute + down_minutes) * MINUTE
        self.silent(at_minute, down_minutes)
        later = self.ticks[self.ticks >= back]
        if not len(later):
            return self  # it did not come back inside the window
        for pair in COUNTERS:
            after = self.times[pair] >= back
            self.values[pair] = np.where(after, self.values[pair] - self.values[pair][after][:1], self.values[pair])
        self.boots.append(Boot(int(later[0]), f"boot-{len(self.boots)}"))
        return self

    def work(self, first: int, minutes: int, *, noted: int | None = None) -> Week:
        """Work is planned for those minutes; entered at minute ``noted``, just before it begins unless said."""
        begin = START + first * MINUTE
        entered = begin if noted is None else START + noted * MINUTE
        self.planned.append(Planned(begin, begin + minutes * MINUTE, entered, "li", "kernel update"))
        return self

    def restarted(self, at_minute: int, severity: int = 5) -> Week:
        """The device itself says how it stopped before: from 4 on in order, 3 nobody knows, below not at all."""
        at = START + at_minute * MINUTE
        self.lines.append(Line(at, "restarts", "restart", severity, "this host was started again"))
        return self

    def says(self, at_minute: int, text: str, kind: str = "kernel_log", severity: int = 3) -> Week:
        source = "journal" if kind == "user_log" else "kernel_log"
        self.lines.append(Line(START + at_minute * MINUTE + 7_000, source, kind, severity, text))
        return self

    def evidence(self) -> Evidence:
        tracks = {pair: Track(self.times[pair], self.values[pair]) for pair in self.values}
        return Evidence(
            START,
            self.end_ms,
            self.interval_ms,
            self.ticks,
            tracks,
            tuple(self.lines),
            tuple(self.boots),
            tuple(self.holes),
            tuple(self.seen),
            planned=tuple(self.planned),
        )


def only(evidence: Evidence, pair: Pair, kept: NDArray[np.bool_]) -> Evidence:
    """The evidence with some readings of one series alone."""
    track = evidence.tracks[pair]
    return replace(evidence, tracks={**evidence.tracks, pair: Track(track.t[kept], track.value[kept])})


def after(change: Callable[[Week], Week] | None, week: Week) -> Evidence:
    return (change(week) if change else week).evidence()


def empty_runs(ticks: Times, minutes: int) -> Iterable[tuple[int, int]]:
    """(start, end) of every stretch of whole minutes without a tick."""
    filled = np.bincount((ticks - START) // MINUTE, minlength=minutes) > 0
    edges: Sequence[int] = np.flatnonzero(np.diff(np.concatenate(([True], filled, [True])).astype(np.int8))).tolist()
    return [(START + a * MINUTE, START + b * MINUTE) for a, b in zip(edges[::2], edges[1::2], strict=True)]
