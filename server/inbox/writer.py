"""The one thread that writes inbox.db: everything that waits goes into one transaction, then all are answered."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from asyncio import AbstractEventLoop, Future
from collections import defaultdict
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue

from readings.wire import Receipt, WireError
from server.inbox.arrival import Arrival, Conflict, StoreFull
from server.inbox.counters import Counters
from server.inbox.draft import Draft
from server.inbox.handover import Handover
from server.inbox.reception import Offer
from server.inbox.speaking import Rights
from server.inbox.store import InboxStore, SenderState

log = logging.getLogger(__name__)

GROUP_BATCHES = 512
GROUP_BYTES = 32 * 2**20
PROBE_EVERY_S = 2.0
RELEASE_EVERY_S = 0.2

Witness = Callable[[str], tuple[int, str]]  # agent id -> its configuration revision, head of the audit chain
Outcome = Receipt | Exception
Answer = tuple[Future[Receipt], Outcome]


class Writer(threading.Thread):
    """Takes offers from ``submit``; ``handover`` gets what was accepted, after it is on disk."""

    def __init__(
        self,
        store: InboxStore,
        handover: Handover,
        counters: Counters,
        now_ns: Callable[[], int],
        witness: Witness,
        *,
        rights: Rights,
    ) -> None:
        super().__init__(name="inbox-writer", daemon=True)
        self._store = store
        self._handover = handover
        self._counters = counters
        self._now_ns = now_ns
        self._witness = witness
        self._rights = rights
        self._waiting: SimpleQueue[Offer | None] = SimpleQueue()
        self._senders: dict[str, SenderState] = {}
        self._last_id = store.last_id()
        self._release_up_to = 0
        self._stopping = False
        self.waiting_bytes = 0
        self.trouble: str | None = None
        handover.newest_id = self._last_id

    def submit(self, offer: Offer) -> None:
        self.waiting_bytes += len(offer.body)
        self._waiting.put(offer)

    def release(self, up_to: int) -> None:
        """Every applier is past this id: its rows may go."""
        if up_to > self._release_up_to:
            self._release_up_to = up_to
            self._waiting.put(None)

    def stop(self) -> None:
        """Answer what waits, then end."""
        self._stopping = True
        self._waiting.put(None)
        self.join()
        self._store.close()

    def run(self) -> None:
        released, stepped = 0, 0.0
        while True:
            group = self._next_group()
            if group:
                self._take(group)
            elif self.trouble is not None and not self._stopping:
                self._probe()
            if self._stopping and self._waiting.empty():
                return
            if released < self._release_up_to and self.trouble is None:
                # When nobody waits for an answer; but now and then also when somebody always does.
                now = time.monotonic()
                if self._waiting.empty() or now - stepped >= RELEASE_EVERY_S:
                    stepped, released = now, self._release(released)

    def _next_group(self) -> list[Offer]:
        """What waits, up to the bounds of one transaction; empty when only woken or when it is time for a probe."""
        group: list[Offer] = []
        size = 0
        try:
            offer = self._waiting.get(timeout=PROBE_EVERY_S)
            while True:
                if offer is not None:
                    group.append(offer)
                    size += len(offer.body)
                if len(group) >= GROUP_BATCHES or size >= GROUP_BYTES:
                    break
                offer = self._waiting.get_nowait()
        except Empty:
            pass
        self.waiting_bytes -= size
        return group

    def _take(self, group: list[Offer]) -> None:
        draft = Draft(self._store, self._senders, self._last_id, self._rights)
        began = time.perf_counter()
        outcomes: list[Outcome]
        try:
            outcomes = [self._outcome(draft, offer) for offer in group]
            if draft.arrivals:
                self._store.write(draft.writing)
                self.trouble = None
        except (sqlite3.Error, OSError) as error:
            draft.forget()
            self.trouble = f"inbox: writing {self._store.path}: {error}"
            full = StoreFull(self.trouble)
            outcomes = [full] * len(group)
        except Exception as error:  # the thread must live: nobody else writes
            log.exception("inbox: writing %d batches", len(group))
            draft.forget()
            outcomes = [error] * len(group)
        else:
            self._settle(draft, time.perf_counter() - began)
        answer(zip((offer.answer for offer in group), outcomes, strict=True), [offer.loop for offer in group])

    def _outcome(self, draft: Draft, offer: Offer) -> Outcome:
        try:
            position, duplicate = draft.weigh(offer)
        except (Conflict, WireError) as refusal:
            return refusal
        except (sqlite3.Error, OSError):
            raise
        except Exception as error:
            log.exception("inbox: weighing a batch of %s", offer.sender.id)
            return error
        return self._receipt(offer, position, duplicate)

    def _receipt(self, offer: Offer, position: int, duplicate: bool) -> Receipt:
        revision, head = self._witness(offer.sender.id)
        return Receipt(offer.envelope.epoch, position, offer.received_ns, self._now_ns(), duplicate, revision, head)

    def _settle(self, draft: Draft, seconds: float) -> None:
        counters = self._counters
        counters.commits += bool(draft.arrivals)
        counters.commit_seconds += seconds
        counters.batches += len(draft.arrivals)
        counters.samples += draft.samples
        counters.duplicates += draft.duplicates
        counters.hellos += draft.hellos
        counters.refused["not_held"] += draft.not_held
        self._last_id = draft.last_id
        accepted: list[Arrival] = draft.arrivals + draft.riders
        if accepted:
            self._handover.put(accepted)

    def _release(self, released: int) -> int:
        up_to = self._release_up_to
        try:
            more = self._store.release(up_to)
        except (sqlite3.Error, OSError) as error:
            self.trouble = f"inbox: releasing in {self._store.path}: {error}"
            return released
        if more:
            self._waiting.put(None)
            return released
        return up_to

    def _probe(self) -> None:
        try:
            self._store.probe()
            self.trouble = None
        except (sqlite3.Error, OSError) as error:
            self.trouble = f"inbox: writing {self._store.path}: {error}"


def answer(outcomes: Iterable[Answer], loops: list[AbstractEventLoop]) -> None:
    """Resolve the futures on their loops, one call a loop."""
    by_loop: dict[AbstractEventLoop, list[Answer]] = defaultdict(list)
    for loop, outcome in zip(loops, outcomes, strict=True):
        by_loop[loop].append(outcome)
    for loop, answers in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, answers)


def _resolve(answers: list[Answer]) -> None:
    for future, outcome in answers:
        if future.done():
            continue  # the sender hung up meanwhile; it will ask again
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
