"""Accepted batches on their way to the pump, in memory as long as there is room, and found again on disk otherwise."""

from __future__ import annotations

import threading
from collections import deque

from server.inbox.arrival import Arrival

LIMIT_BYTES = 64 * 2**20


class Handover:
    """Put by the writer in order of id; what does not fit is left out, and the pump sees the hole by the ids."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._held: deque[Arrival] = deque()
        self._bytes = 0
        self._news = threading.Condition()
        self.newest_id = 0

    def put(self, arrivals: list[Arrival]) -> None:
        with self._news:
            for arrival in arrivals:
                self.newest_id = max(self.newest_id, arrival.id)
                if self._bytes < self._limit:
                    self._held.append(arrival)
                    self._bytes += arrival.body_bytes
            self._news.notify()

    def take(self, after: int, limit: int, limit_bytes: int) -> tuple[list[Arrival], int]:
        """(arrivals, up to): the ones that follow id ``after`` without a hole; when there are none, the stored ones
        with after < id ≤ up to must be read from disk (none when up to = after). Those of id 0 come as they lie.
        """
        taken: list[Arrival] = []
        size = 0
        with self._news:
            while self._held and len(taken) < limit and size < limit_bytes:
                arrival = self._held[0]
                if arrival.id > after + 1:
                    break
                self._held.popleft()
                size += arrival.body_bytes
                if arrival.id == 0 or arrival.id > after:
                    taken.append(arrival)
                    after = arrival.id or after
            self._bytes -= size
            up_to = self._held[0].id - 1 if self._held else self.newest_id
            return taken, max(up_to, after)

    def wait(self, after: int, seconds: float) -> None:
        """Until there is something beyond id ``after``, ``wake`` is called, or the time is over."""
        with self._news:
            if not self._held and self.newest_id <= after:
                self._news.wait(seconds)

    def wake(self) -> None:
        with self._news:
            self._news.notify_all()
