"""How much may wait, and for how long: by the time the sender was up, so that a wall clock that jumps drops nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from readings.delivery.shelf import Head, Shelf
from readings.delivery.tick import StoredTick

MOST_BOOTS = 1_000
MOST_AT_ONCE = 10_000


class Ages:
    """The last boottime seen of each boot, boots in their order."""

    def __init__(self) -> None:
        self._boots: dict[str, int] = {}

    def see(self, boot_id: str, boottime: int) -> None:
        """A tick was taken now."""
        if next(reversed(self._boots), "") != boot_id:
            self._boots.pop(boot_id, None)
            while len(self._boots) >= MOST_BOOTS:
                del self._boots[next(iter(self._boots))]
        self._boots[boot_id] = boottime

    def saw_before(self, boots: Mapping[str, int]) -> None:
        """What a file from before says."""
        self._boots = {**boots, **self._boots}

    def of(self, head: Head) -> int:
        """ns the sender was up since, at least."""
        boots = list(self._boots)
        at = boots.index(head.boot_id) if head.boot_id in self._boots else 0
        later = sum(self._boots[boot] for boot in boots[at + 1 :])
        return self._boots.get(head.boot_id, head.boottime) - head.boottime + later


@dataclass(slots=True)
class Bounds:
    """Of what waits in the file, and in memory while the file cannot be written."""

    max_bytes: int
    max_age_ns: int
    max_memory_bytes: int
    ages: Ages = field(default_factory=Ages)

    def hold(self, size: int, oldest: Head) -> bool:
        """Whether ``size`` bytes, of which ``oldest`` has waited longest, may wait."""
        return size <= self.max_bytes and self.ages.of(oldest) <= self.max_age_ns

    def over(self, shelf: Shelf, after_seq: int, newest_seq: int) -> list[Head]:
        """The oldest rows after ``after_seq`` that have to go; never the newest."""
        first = shelf.heads(after_seq, 1)
        if not first or self.hold(shelf.size, first[0]):
            return []
        gone: list[Head] = []
        size = shelf.size
        for head in shelf.heads(after_seq, MOST_AT_ONCE):
            if head.seq >= newest_seq or self.hold(size, head):
                break
            size -= head.size
            gone.append(head)
        return gone

    def over_in_memory(
        self, rows: Sequence[StoredTick], protected_seq: int
    ) -> tuple[list[StoredTick], list[StoredTick]]:
        """(rows that stay, rows that go): the oldest go, but none up to ``protected_seq`` and never the newest."""
        size = sum(row.size for row in rows)
        kept: list[StoredTick] = []
        gone: list[StoredTick] = []
        for row in rows:
            if size > self.max_memory_bytes and row.seq > protected_seq and row is not rows[-1]:
                gone.append(row)
                size -= row.size
            else:
                kept.append(row)
        return kept, gone
