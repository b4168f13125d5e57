"""The ticks of one source of one device in order, and what every rule on it says of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checklists.criteria import Band, Judgement, Reading
from checklists.presence import Absent, Heard
from checklists.rule import Rule
from checklists.verdicts import Verdict
from checklists.windows import IncreaseAtMost
from readings.model import Gap, gap_of
from server.judge.columns import BandColumns, Row, WindowColumns
from server.judge.ticks import Asked
from server.judge.watch import Key, Watch
from server.series import series_ref

MOST_COMPILED = 4  # lists of series a source may change between without compiling again


class RuleBook:
    """The rules of one kind of device, by the metric they look at."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.heard: list[Rule] = []
        self.absent: list[Rule] = []
        self._by_metric: dict[str, list[Rule]] = {}
        for rule in rules:
            if isinstance(rule.criterion, Heard):
                self.heard.append(rule)
            elif isinstance(rule.criterion, Absent):
                self.absent.append(rule)
            else:
                self._by_metric.setdefault(rule.criterion.metric, []).append(rule)

    def on(self, metric: str, part: str) -> list[Rule]:
        return [rule for rule in self._by_metric.get(metric, ()) if rule.parts.holds(part)]


@dataclass(slots=True)
class Compiled:
    """One packed list of series of one source, with the watches on it."""

    watches: list[Watch]
    bands: BandColumns | None
    windows: list[WindowColumns]
    absent: list[tuple[Watch, list[int]]]

    def forget(self) -> None:
        for columns in (self.bands, *self.windows):
            if columns is not None:
                columns.forget()


class Lane:
    """``at_ms``: the last tick taken. ``watches`` live as long as the lane: a part may go and come back."""

    def __init__(self, source: str, book: RuleBook, interval_s: float, at_ms: int = 0) -> None:
        self.source = source
        self.book = book
        self.interval_s = interval_s
        self.at_ms = at_ms
        self.watches: dict[Key, Watch] = {}
        self.now: Compiled | None = None
        self._now_packed = b""
        self._compiled: OrderedDict[bytes, Compiled] = OrderedDict()

    def take(self, asked: Asked) -> Sequence[Watch]:
        """The watches whose standing changed by one pass of the source: its values, or that it gave none."""
        if asked.row is None:
            return self.gap(asked.gap, asked.at_ms)
        return self.tick(asked.packed, asked.row, asked.at_ms)

    def use(self, book: RuleBook) -> None:
        """Other rules from the next tick on."""
        self.book = book
        self._compiled.clear()
        self.now, self._now_packed = None, b""
        for watch in self.watches.values():
            watch.last_ms = watch.last_ms or self.at_ms

    def tick(self, packed: bytes, row: Row, at_ms: int) -> Sequence[Watch]:
        """The watches whose standing changed. A tick that is not newer than the last only fills windows."""
        if packed != self._now_packed:
            self._turn_to(packed)
        now = self.now
        assert now is not None
        if at_ms <= self.at_ms:
            for window in now.windows:
                window.refill(row, at_ms)
            return ()
        self.at_ms = at_ms
        changed: list[Watch] = now.bands.tick(row, at_ms) if now.bands is not None else []
        for window in now.windows:
            changed += window.tick(row, at_ms)
        for watch, columns in now.absent:
            reading = Reading(at_ms, _foremost([float(row[column]) for column in columns]))
            if watch.step(watch.rule.criterion.judge([reading], at_ms, self.fresh_ms(watch)), at_ms):
                changed.append(watch)
        return changed

    def gap(self, reason: Gap, at_ms: int) -> list[Watch]:
        """The whole source gave nothing: everything it says is unknown, for its reason."""
        if at_ms <= self.at_ms:
            return []
        self.at_ms = at_ms
        return self.blank(self.now.watches if self.now else self.watches.values(), reason.word, at_ms)

    def blank(self, watches: Iterable[Watch], reason: str, at_ms: int) -> list[Watch]:
        """Turn these to unknown; the next value is looked at anew."""
        judgement = Judgement(Verdict.UNKNOWN, reason=reason)
        changed = [watch for watch in watches if watch.standing is not None and watch.step(judgement, at_ms)]
        if changed:
            for compiled in self._compiled.values():
                compiled.forget()
        return changed

    def fresh_ms(self, watch: Watch) -> int:
        return watch.rule.fresh_of(self.interval_s)

    def last_ms(self, watch: Watch) -> int:
        """The last tick that carried the series of this watch (or the gap of its source)."""
        return watch.last_ms or self.at_ms

    def copy(self) -> Lane:
        """A lane of its own that stands where this one stands; its windows begin anew."""
        twin = Lane(self.source, self.book, self.interval_s, self.at_ms)
        twin.watches = {key: watch.copy() for key, watch in self.watches.items()}
        return twin

    def _turn_to(self, packed: bytes) -> None:
        if self.now is not None:
            for watch in self.now.watches:
                watch.last_ms = self.at_ms
        compiled = self._compiled.get(packed)
        if compiled is None:
            compiled = self._compiled[packed] = self._compile(packed)
            if len(self._compiled) > MOST_COMPILED:
                self._compiled.popitem(last=False)
        else:
            compiled.forget()
        if self.now is not None:
            for window in compiled.windows:
                window.go_on_from(self.now.windows)
        self.now, self._now_packed = compiled, packed
        for watch in compiled.watches:
            watch.last_ms = 0

    def _watch(self, rule: Rule, part: str) -> Watch:
        watch = self.watches.get((rule.id, part))
        if watch is None:
            watch = self.watches[rule.id, part] = Watch(rule, part)
        return watch

    def _compile(self, packed: bytes) -> Compiled:
        bands: list[tuple[Watch, int]] = []
        windows: dict[tuple[int, bool], list[tuple[Watch, int]]] = {}
        series = series_ref(packed).series
        for column, (metric, part) in enumerate(series):
            for rule in self.book.on(metric, part):
                watch = self._watch(rule, part)
                if isinstance(rule.criterion, Band):
                    bands.append((watch, column))
                else:
                    kind = (rule.criterion.window_ms, isinstance(rule.criterion, IncreaseAtMost))
                    windows.setdefault(kind, []).append((watch, column))
        absent = [
            (self._watch(rule, ""), [at for at, (metric, _) in enumerate(series) if metric == rule.criterion.metric])
            for rule in self.book.absent
            if isinstance(rule.criterion, Absent) and rule.criterion.source == self.source
        ]
        looking_back: list[WindowColumns] = []
        for (_, counters), group in windows.items():
            watches, columns = [watch for watch, _ in group], [column for _, column in group]
            fresh_ms = max(self.fresh_ms(watch) for watch in watches)
            looking_back.append(WindowColumns(watches, columns, fresh_ms, counters=counters))
        watched = [watch for group in (bands, *windows.values()) for watch, _ in group]
        return Compiled(
            watches=watched + [watch for watch, _ in absent],
            bands=BandColumns([watch for watch, _ in bands], [column for _, column in bands]) if bands else None,
            windows=looking_back,
            absent=absent,
        )


def _foremost(values: Sequence[float]) -> float | Gap:
    """What several series of one metric together say of its absence: a value, else what is in doubt, else nothing."""
    readings = [gap_of(value) or value for value in values]
    found = [reading for reading in readings if not isinstance(reading, Gap)]
    doubts = [reading for reading in readings if isinstance(reading, Gap) and reading is not Gap.NOT_OFFERED]
    return (found or doubts or [Gap.NOT_OFFERED])[0]
