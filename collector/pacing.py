"""How often a way of asking is really used: seldom where it is heavy, more and more seldom where it is refused.

No account shall be locked by our asking, and nobody shows its whole configuration every minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from collector.polled import Poll
from readings.delivery.runner import TakenTick
from readings.model import Clocks, Gap

LONGEST_WAIT_S = 900.0  # after a refusal, or a failure of what is asked seldom


class Paced:
    """A poll that is asked every ``interval_s`` and answers from memory while it rests.

    Then its tick holds the gap of the last time, or nothing where that went well: ``every_s`` has not passed.
    """

    def __init__(self, poll: Poll, interval_s: float, clocks: Callable[[], Clocks], every_s: float = 0.0) -> None:
        self._poll = poll
        self._interval_s = interval_s
        self._every_s = every_s
        self._clocks = clocks
        self._refused_in_a_row = 0
        self._rests_until = float("-inf")
        self._gaps: list[tuple[str, str, Gap, str]] = []

    async def take(self) -> TakenTick:
        loop = asyncio.get_running_loop()
        if loop.time() < self._rests_until:
            return TakenTick(self._clocks(), gaps=list(self._gaps))
        tick = await self._poll.take()
        self._gaps = list(tick.gaps)
        refused = any(gap is Gap.REFUSED for _, _, gap, _ in tick.gaps)
        self._refused_in_a_row = self._refused_in_a_row + 1 if refused else 0
        self._rests_until = loop.time() + self._rest_s()
        return tick

    def _rest_s(self) -> float:
        """Half an interval less than what is meant: the next slot must not be missed by a little."""
        rest_s = self._every_s - self._interval_s / 2
        if self._refused_in_a_row:
            doubled = self._interval_s * 2 ** min(self._refused_in_a_row - 1, 10)
            rest_s = self._interval_s / 2 + min(LONGEST_WAIT_S, doubled)
        elif self._gaps:
            rest_s = min(rest_s, LONGEST_WAIT_S)
        return rest_s
