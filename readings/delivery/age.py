"""How old a row is by the time its sender was up: a wall clock that jumps makes nothing older."""

from __future__ import annotations

from collections.abc import Mapping

from readings.delivery.shelf import Head

MOST_BOOTS = 1_000


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
