"""One pass over all sources: each is timed, and one that fails is a gap with a reason.

``source_success`` and ``source_duration_seconds`` of every source go out with every tick: the proof that something
was watched, and how. No source can stop a pass; whatever it raises or yields by mistake becomes a gap that says so.
"""

from __future__ import annotations

import logging
import sys
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from readings.delivery.wording import fit, fit_event, fit_fact, fit_series
from readings.model import GAP_FLOATS, Clocks, Event, Fact, Gap, Sample, Severity, SourceFailed
from readings.wire import pack_series

log = logging.getLogger(__name__)

RUNNER = "runner"
MOST_SAMPLES = 10_000  # per source and tick
MOST_EVENTS = 2_000  # per source and tick: ten such sources still fit in one batch
MOST_FACTS = 2_000
LONGEST_DETAIL = 500
CLOCK_STEP_NS = 1_000_000_000
ALL_FACTS_EVERY_S = 86_400.0


class Source(Protocol):
    """Something that can be read. A source of another device than the sender's own has an attribute ``device``."""

    name: str

    def read(self) -> Iterable[Sample | Event | Fact]:
        """All there is now. May raise SourceFailed with a reason, or anything."""
        ...


@dataclass(slots=True)
class TakenTick:
    """What one pass brought. ``device`` is "" for the sender's own.

    ``blocks``: (device, source, packed series, little-endian float64 values), at most one per device and source;
    ``gaps``: (device, source, reason, detail) of each source that gave nothing.
    """

    clocks: Clocks
    blocks: list[tuple[str, str, bytes, bytes]] = field(default_factory=list)
    gaps: list[tuple[str, str, Gap, str]] = field(default_factory=list)
    events: list[tuple[str, Event]] = field(default_factory=list)
    facts: list[tuple[str, Fact]] = field(default_factory=list)


@dataclass(slots=True)
class _Columns:
    """The series of a source as it last gave them: packed once, and which columns are kept (None: all)."""

    given: list[tuple[str, str]]
    packed: bytes
    keep: list[int] | None


@dataclass(slots=True)
class _Answer:
    """What a source has yielded so far."""

    series: list[tuple[str, str]] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


class Runner:
    """Takes ticks from ``sources``. Not for several threads; ``monotonic`` times the sources."""

    def __init__(
        self,
        sources: Sequence[Source],
        clocks: Callable[[], Clocks],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        names = [(getattr(source, "device", ""), source.name) for source in sources]
        if len(set(names)) != len(names) or any(name == RUNNER for _, name in names):
            raise ValueError(f"sources need names of their own, none {RUNNER!r}: {names}")
        self._sources = [(source, device) for (device, _), source in zip(names, sources, strict=True)]
        self._proof: dict[str, list[tuple[str, str]]] = {}
        for device, name in names:
            self._proof.setdefault(device, []).extend([("source_success", name), ("source_duration_seconds", name)])
        self._clocks = clocks
        self._monotonic = monotonic
        self._columns: dict[tuple[str, str], _Columns] = {}
        self._before: Clocks | None = None
        self._facts: dict[tuple[str, str], str] = {}
        self._all_facts_at: float | None = None

    def tick(self) -> TakenTick:
        """One pass over all sources, in their order. Never raises for a source."""
        taken = TakenTick(self._clocks())
        self._watch_clock(taken)
        started = self._monotonic()
        if self._all_facts_at is None or started - self._all_facts_at >= ALL_FACTS_EVERY_S:
            self._facts.clear()
            self._all_facts_at = started
        proof: dict[str, list[float]] = {device: [] for device in self._proof}
        for source, device in self._sources:
            success = self._take(source, device, taken)
            ended = self._monotonic()
            proof[device] += (success, ended - started)
            started = ended
        for device, values in proof.items():
            self._pack(device, RUNNER, self._proof[device], values, taken)
        self._before = taken.clocks
        return taken

    def _take(self, source: Source, device: str, taken: TakenTick) -> float:
        """1 read, 0 failed. What a host does not have cannot fail: its success is itself a gap, ``not_offered``."""
        answer = _Answer()
        try:
            _gather(source, answer)
            matrix = array("d", answer.values)
        except Exception as error:  # noqa: BLE001 - whatever a source raises is a gap of that source, never of the pass
            gap, detail = _reason(error)
            taken.gaps.append((device, source.name, gap, fit(detail, LONGEST_DETAIL)))
            success = GAP_FLOATS[gap] if gap is Gap.NOT_OFFERED else 0.0
        else:
            success = 1.0
            if answer.series:
                self._pack(device, source.name, answer.series, matrix, taken)
        # The samples of a source that failed half-way are not a whole and are let go; its events happened and stay.
        if answer.events:
            taken.events += [(device, fit_event(event)) for event in answer.events]
        if answer.facts:
            self._take_facts(device, answer.facts[:MOST_FACTS], taken)
        return success

    def _pack(
        self, device: str, source: str, series: list[tuple[str, str]], values: Sequence[float], taken: TakenTick
    ) -> None:
        """Hot path: while a source gives the same series as before, their packed bytes are the same object."""
        columns = self._columns.get((device, source))
        if columns is None or columns.given != series:
            columns = self._columns[device, source] = _columns_of(series)
            if columns.keep is not None:
                odd = [name for index, name in enumerate(series) if index not in set(columns.keep)]
                text = f"{source}: given twice in one pass or no name of a metric, so ignored: {odd[:5]}"
                log.warning("%s", text)
                taken.events.append((device, Event(RUNNER, "series_ignored", Severity.WARNING, text)))
        kept = values if columns.keep is None else [values[index] for index in columns.keep]
        matrix = kept if isinstance(kept, array) else array("d", kept)
        if sys.byteorder == "big":
            matrix.byteswap()
        taken.blocks.append((device, source, columns.packed, matrix.tobytes()))

    def _take_facts(self, device: str, facts: list[Fact], taken: TakenTick) -> None:
        for fact in facts:
            if self._facts.get((device, fact.key)) != fact.value:
                self._facts[device, fact.key] = fact.value
                taken.facts.append((device, fit_fact(fact)))

    def _watch_clock(self, taken: TakenTick) -> None:
        before, now = self._before, taken.clocks
        if before is None or before.boot_id != now.boot_id:
            return
        step = (now.wall_ns - before.wall_ns) - (now.boottime_ns - before.boottime_ns)
        if abs(step) > CLOCK_STEP_NS:
            text = f"the wall clock was set {'forward' if step > 0 else 'back'} by {abs(step) / 1e9:.3f} s"
            event = Event("clock", "clock_step", Severity.WARNING, text, now.boottime_ns, now.wall_ns)
            taken.events.append(("", event))


def _gather(source: Source, answer: _Answer) -> None:
    """Read ``source`` into ``answer``; at MOST_EVENTS it is left where it stands, the rest is for the next pass."""
    name, put, room = answer.series.append, answer.values.append, MOST_SAMPLES
    for item in source.read():
        if type(item) is Sample:
            value = item.value
            name((item.metric, item.part))
            put(GAP_FLOATS[value] if type(value) is Gap else value)
            room -= 1
            if room < 0:
                raise SourceFailed(Gap.UNREADABLE, f"more than {MOST_SAMPLES} samples")
        elif type(item) is Event:
            answer.events.append(item)
            if len(answer.events) >= MOST_EVENTS:
                return
        elif type(item) is Fact:
            answer.facts.append(item)
        else:
            raise SourceFailed(Gap.UNREADABLE, f"it yielded {item!r}, which is no sample, event or fact")


def _columns_of(given: list[tuple[str, str]]) -> _Columns:
    first: dict[tuple[str, str], int] = {}
    for index, series in enumerate(given):
        fitted = fit_series(series)
        if fitted is not None:
            first.setdefault(fitted, index)
    whole = len(first) == len(given)
    return _Columns(given, pack_series(list(first)), None if whole else list(first.values()))


def _reason(error: Exception) -> tuple[Gap, str]:
    if isinstance(error, SourceFailed):
        return error.gap, error.detail
    detail = f"{type(error).__name__}: {error}"
    if isinstance(error, PermissionError):
        return Gap.REFUSED, detail
    if isinstance(error, FileNotFoundError):
        return Gap.NOT_OFFERED, detail
    if isinstance(error, TimeoutError):
        return Gap.TIMED_OUT, detail
    return Gap.UNREADABLE, detail
