"""The watches on the columns of one packed list of series, judged a row at a time without looking at each."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import isnan

import numpy as np
from numpy.typing import NDArray

from checklists.criteria import Judgement, Reading
from checklists.verdicts import Verdict
from checklists.windows import WHOLE
from readings.model import gap_of
from server.judge.watch import Watch

Row = NDArray[np.float64]
Kept = tuple[int, Row]  # at_ms, the values of the watched columns

MET, NOT_MET, UNKNOWN, UNSEEN = 0, 1, 2, 255
VERDICTS = (Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN)
FEW = 8
MOST_KEPT = 6000  # ticks a window holds: 24 h at 15 s


class BandColumns:
    """Watches whose newest value must lie in a band. A tick like the one before costs a few array operations."""

    def __init__(self, watches: Sequence[Watch], columns: Sequence[int]) -> None:
        self.watches = watches
        self._few = len(watches) <= FEW
        self._columns = list(columns) if self._few else np.asarray(columns, dtype=np.intp)
        bands = [watch.rule.criterion.band(watch.tripped) for watch in watches]
        low, high = [low for low, _ in bands], [high for _, high in bands]
        self._low = low if self._few else np.array(low)
        self._high = high if self._few else np.array(high)
        self.forget()

    def forget(self) -> None:
        """Look at every watch at the next tick, whatever it brings."""
        self._codes = bytes([UNSEEN]) * len(self.watches)
        self._pending = True

    def tick(self, row: Row, at_ms: int) -> list[Watch]:
        """The watches whose standing changed. ``row``: all columns of the block."""
        values, codes = self._looked(row)
        if codes == self._codes and not self._pending:
            return []
        before, self._codes = self._codes, codes
        changed: list[Watch] = []
        pending = False
        for place, watch in enumerate(self.watches):
            if codes[place] != before[place] or watch.pending:
                tripped = watch.tripped
                if watch.step(_judgement(codes[place], float(values[place])), at_ms):
                    changed.append(watch)
                    if watch.tripped is not tripped:
                        self._low[place], self._high[place] = watch.rule.criterion.band(watch.tripped)
                pending |= watch.pending
        self._pending = pending
        return changed

    def _looked(self, row: Row) -> tuple[Sequence[float] | Row, bytes]:
        """The watched values and a code for each. A few are compared faster one by one than as arrays."""
        if self._few:
            item = row.item
            numbers = [item(column) for column in self._columns]
            looked = zip(numbers, self._low, self._high, strict=True)
            return numbers, bytes(
                MET if low <= value <= high else UNKNOWN if isnan(value) else NOT_MET for value, low, high in looked
            )
        values = row[self._columns]
        inside = (values >= self._low) & (values <= self._high)
        array = (~inside).view(np.int8) + np.isnan(values).view(np.int8)
        return values, array.tobytes()


def _judgement(code: int, value: float) -> Judgement:
    if code == UNKNOWN:
        gap = gap_of(value)
        return Judgement(Verdict.UNKNOWN, reason=gap.word if gap else "")
    return Judgement(VERDICTS[code], value)


class WindowColumns:
    """Watches that look back over one and the same time; ``fresh_ms`` bounds how long a reading stands for.

    Counters that only ever grew in the window are judged all at once from its two ends; everything else by its
    criterion, which defines the meaning.
    """

    def __init__(self, watches: Sequence[Watch], columns: Sequence[int], fresh_ms: int, *, counters: bool) -> None:
        self.watches = watches
        self._columns = np.asarray(columns, dtype=np.intp)
        self._over_ms = watches[0].rule.criterion.window_ms
        self._fresh_ms = fresh_ms
        self._limits = np.array([watch.rule.criterion.band(False)[1] for watch in watches])
        self._counters = counters
        self._kept: deque[Kept] = deque(maxlen=MOST_KEPT)
        self._uneven_ms = 0  # the last tick at which a counter went down or was a gap
        self.forget()

    def forget(self) -> None:
        self._codes = bytes([UNSEEN]) * len(self.watches)
        self._pending = True

    def refill(self, row: Row, at_ms: int) -> None:
        """Only remember the values: a tick judged before, fed again after a restart."""
        if not self._kept or at_ms > self._kept[-1][0]:
            self._keep(row[self._columns], at_ms)

    def go_on_from(self, others: Sequence[WindowColumns]) -> None:
        """Take over what another list of series remembered of the same watches."""
        self._kept.clear()
        for other in others:
            if (other._over_ms, other._counters) == (self._over_ms, self._counters):
                places = {watch.key: place for place, watch in enumerate(other.watches)}
                source = [places.get(watch.key) for watch in self.watches]
                for at_ms, values in other._kept:
                    self._keep(np.array([np.nan if at is None else values[at] for at in source]), at_ms)

    def _keep(self, values: Row, at_ms: int) -> Row:
        kept = self._kept
        before = kept[-1][1] if kept else values
        if not (values >= before).all():  # also where either is a gap
            self._uneven_ms = at_ms
        kept.append((at_ms, values))
        begin = at_ms - self._over_ms
        # What lies before the window tells for how long its first reading stands: one of those stays.
        while len(kept) > 1 and kept[1][0] <= begin:
            kept.popleft()
        return values

    def tick(self, row: Row, at_ms: int) -> list[Watch]:
        values = self._keep(row[self._columns], at_ms)
        if self._counters and self._uneven_ms < self._kept[0][0]:
            codes, judged = self._grown(values, at_ms)
        else:
            judgements = [self._judge(place, at_ms) for place in range(len(self.watches))]
            codes = bytes(VERDICTS.index(judgement.verdict) for judgement in judgements)
            judged = judgements
        if codes == self._codes and not self._pending:
            return []
        before, self._codes = self._codes, codes
        changed: list[Watch] = []
        pending = False
        for place, watch in enumerate(self.watches):
            if codes[place] != before[place] or watch.pending:
                judgement = judged[place] if judged else self._judge(place, at_ms)
                if watch.step(judgement, at_ms):
                    changed.append(watch)
                pending |= watch.pending
        self._pending = pending
        return changed

    def _grown(self, values: Row, at_ms: int) -> tuple[bytes, list[Judgement]]:
        begin = at_ms - self._over_ms
        first_ms, first = self._kept[0] if self._kept[0][0] >= begin or len(self._kept) == 1 else self._kept[1]
        unmet = MET if at_ms - first_ms >= WHOLE * self._over_ms else UNKNOWN
        over = values - first > self._limits
        if not over.any():
            return bytes([unmet]) * len(self.watches), []
        return np.where(over, NOT_MET, unmet).astype(np.uint8).tobytes(), []

    def _judge(self, place: int, at_ms: int) -> Judgement:
        window: list[Reading] = []
        for kept_ms, values in self._kept:
            value = float(values[place])
            window.append(Reading(kept_ms, gap_of(value) or value))
        return self.watches[place].rule.criterion.judge(window, at_ms, self._fresh_ms)
