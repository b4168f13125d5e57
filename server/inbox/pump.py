"""The pump: hands accepted batches to the appliers in order, and lets go of what all of them hold durably."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from server.inbox.arrival import Applier, Arrival
from server.inbox.inbox import Inbox

log = logging.getLogger(__name__)

GROUP_ARRIVALS = 512
GROUP_BYTES = 16 * 2**20
RELEASE_EVERY_S = 1.0
WAIT_S = 0.5
RETRY_FIRST_S = 0.1
RETRY_LAST_S = 30.0


@dataclass(slots=True)
class Feed:
    """How far one applier is. ``failing``: why it does not take it.

    ``riders``: it is given a newest tick that comes with nothing to store, too: whoever keeps nothing, and whoever says
    so (``takes_newest``).
    """

    applier: Applier
    applied: int
    riders: bool
    failing: str | None = None
    delay_s: float = RETRY_FIRST_S
    retry_at: float = 0.0

    def offer(self, arrivals: Sequence[Arrival]) -> None:
        """Hand over what it has not seen; what it raises is kept in ``failing`` and tried again later."""
        fresh = [a for a in arrivals if a.id > self.applied or (a.id == 0 and self.riders)]
        if not fresh:
            return
        try:
            self.applier.apply(fresh)
        except Exception as error:
            self.failing = f"applier {self.applier.name}: {type(error).__name__}: {error}"
            self.retry_at = time.monotonic() + self.delay_s
            self.delay_s = min(self.delay_s * 2, RETRY_LAST_S)
            log.warning("%s; again in %.1f s", self.failing, self.delay_s, exc_info=True)
            return
        self.applied = max(self.applied, *(arrival.id for arrival in fresh))
        self.failing, self.delay_s = None, RETRY_FIRST_S


class Pump(threading.Thread):
    """Feeds ``appliers`` in this order (history, happenings, live, judge). Starts the inbox too, for the ids' sake.

    An applier that fails is left behind and fed from inbox.db until it has caught up; nothing is released before.
    """

    def __init__(self, inbox: Inbox, appliers: Sequence[Applier]) -> None:
        super().__init__(name="pump", daemon=True)
        self._inbox = inbox
        begins = [(applier, applier.cursor()) for applier in appliers]
        cursors = [cursor for _, cursor in begins if cursor is not None]
        self._front = min(cursors, default=0)
        self._feeds = [
            Feed(
                applier,
                self._front if cursor is None else cursor,
                riders=cursor is None or getattr(applier, "takes_newest", False),
            )
            for applier, cursor in begins
        ]
        self._stopping = threading.Event()
        self._released_at = 0.0
        self.broken: str | None = None
        inbox.start(max(cursors, default=0))

    def healthy(self) -> str | None:
        """Which applier does not take what it is given, None when all do."""
        if self.broken is not None or not self.is_alive():
            return self.broken or "pump: not running"
        return next((feed.failing for feed in self._feeds if feed.failing is not None), None)

    def backlog(self) -> int:
        """Stored batches that some applier has not yet been given."""
        return self._inbox.handover.newest_id - min((feed.applied for feed in self._feeds), default=0)

    def stop(self) -> None:
        """End after the group in hand; what was not handed over is handed over at the next start."""
        self._stopping.set()
        self._inbox.handover.wake()
        self.join()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self._round():
                    self._inbox.handover.wait(self._front, WAIT_S if self.healthy() is None else RETRY_FIRST_S)
                self.broken = None
            except Exception as error:
                self.broken = f"pump: {type(error).__name__}: {error}"
                log.exception("pump: reading the inbox")
                self._stopping.wait(1)

    def drain(self, seconds: float) -> bool:
        """Wait until every applier was given everything; False when the time was over before (for tests and stop)."""
        until = time.monotonic() + seconds
        while self.backlog() and time.monotonic() < until:
            time.sleep(0.005)
        return not self.backlog()

    def _round(self) -> bool:
        """One step of everybody; False when there was nothing to do."""
        moved = self._catch_up()
        arrivals, up_to = self._inbox.handover.take(self._front, GROUP_ARRIVALS, GROUP_BYTES)
        if not arrivals and up_to > self._front:
            arrivals = self._inbox.stored_after(self._front, up_to, GROUP_BYTES)
            if not arrivals:  # released already: nobody needs them
                self._front = up_to
        if arrivals:
            before, self._front = self._front, max(self._front, *(arrival.id for arrival in arrivals))
            for feed in self._feeds:
                if feed.failing is None and feed.applied >= before:
                    feed.offer(arrivals)
        self._release()
        return moved or bool(arrivals)

    def _catch_up(self) -> bool:
        """Feed who was left behind from inbox.db, a group at a time."""
        moved = False
        for feed in self._feeds:
            if feed.applied >= self._front or feed.retry_at > time.monotonic():
                continue
            arrivals = self._inbox.stored_after(feed.applied, self._front, GROUP_BYTES)
            if arrivals:
                feed.offer(arrivals)
            else:
                feed.applied = self._front
            moved = True
        return moved

    def _release(self) -> None:
        if time.monotonic() - self._released_at < RELEASE_EVERY_S:
            return
        self._released_at = time.monotonic()
        cursors = [cursor for feed in self._feeds if (cursor := feed.applier.cursor()) is not None]
        if cursors:
            self._inbox.release(min(cursors))
