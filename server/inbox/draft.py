"""A group of offers weighed one after the other: what would be written, and what each would be answered."""

from __future__ import annotations

import logging

from msgspec.structs import replace

from readings.wire import Batch
from server.inbox.arrival import Arrival, Conflict
from server.inbox.numbers import Decision, judge_numbers
from server.inbox.offsets import MS_NS, Resolved, infer, learn, stored_times
from server.inbox.reception import Offer, arrival, stored_row
from server.inbox.speaking import Rights
from server.inbox.store import RING, InboxStore, SenderState, Writing

log = logging.getLogger(__name__)


class Draft:
    """The states of senders are changed at once; ``forget`` makes them be read again when the writing failed."""

    def __init__(self, store: InboxStore, senders: dict[str, SenderState], last_id: int, rights: Rights) -> None:
        self._store = store
        self._rights = rights
        self._senders = senders
        self._touched: set[str] = set()
        self._hashes: dict[tuple[str, str, int, int], bytes] = {}
        self.last_id = last_id
        self.writing = Writing()
        self.arrivals: list[Arrival] = []  # stored
        self.riders: list[Arrival] = []  # nothing but a newest tick: of a hello or a repeat
        self.samples = 0
        self.duplicates = 0
        self.hellos = 0
        self.not_held = 0

    def weigh(self, offer: Offer) -> tuple[int, bool]:
        """(position, whether it is a repeat). Raises Conflict, and WireError for impossible times."""
        envelope, sender = offer.envelope, offer.sender
        state = self._state(sender.id)
        clock = envelope.clock
        known = state.boots.get(clock.boot_id)
        learnt = learn(known, clock, offer.received_ns)
        if learnt is not known:
            state.boots[clock.boot_id] = learnt
            state.unsaved_boots.add(clock.boot_id)
        position = state.positions.get(envelope.epoch, 0)
        if offer.batch is None:
            self.hellos += 1
            self._ride(offer, state)
            return position, False
        first, last = envelope.first, envelope.last
        key = (sender.id, envelope.epoch, first, last)
        known_hash = None
        if first <= position:
            known_hash = self._hashes.get(key) or self._store.known_hash(*key)
        decision = judge_numbers(position, first, last, offer.hash, known_hash)
        if decision is Decision.CONFLICT:
            raise Conflict(envelope.epoch, first, last, position)
        if decision is Decision.DUPLICATE:
            self.duplicates += 1
            self._ride(offer, state)
            return position, True
        self._accept(offer, offer.batch, state)
        self._hashes[key] = offer.hash
        return last, False

    def forget(self) -> None:
        for sender in self._touched:
            self._senders.pop(sender, None)

    def _state(self, sender: str) -> SenderState:
        self._touched.add(sender)
        state = self._senders.get(sender)
        if state is None:
            state = self._senders[sender] = self._store.sender_state(sender)
        return state

    def _accept(self, offer: Offer, batch: Batch, state: SenderState) -> None:
        envelope, sender = offer.envelope, offer.sender
        at = self._resolve(offer, state)
        row = stored_row(self.last_id + 1, offer, at)
        samples = sum(len(block.values) for block in batch.blocks) // 8
        taken = arrival(row[0], sender, envelope.epoch, row[6], batch=batch, newest=offer.newest, at=at)
        taken.body_bytes = len(offer.body)
        # Nothing below raises: from here on the batch is part of the group.
        self.last_id += 1
        self.arrivals.append(taken)
        self.samples += samples
        state.positions[envelope.epoch] = envelope.last
        writing = self.writing
        writing.batches.append(row)
        writing.positions[sender.id, envelope.epoch] = envelope.last
        writing.ring.append(
            (sender.id, state.turns % RING, state.turns, envelope.epoch, envelope.first, envelope.last, offer.hash)
        )
        state.turns += 1
        for boot_id in state.unsaved_boots:
            writing.boots[sender.id, boot_id] = state.boots[boot_id]
        state.unsaved_boots.clear()

    def _resolve(self, offer: Offer, state: SenderState) -> Resolved:
        inferred = False
        offsets: list[list[int]] = []
        for batch in (offer.batch, offer.newest):
            of_boots: list[int] = []
            for index, boot_id in enumerate(batch.boots if batch is not None else ()):
                offset = state.boots.get(boot_id)
                if offset is None:
                    assert batch is not None
                    offset = state.boots[boot_id] = infer(batch, index, offer.received_ns)
                    state.unsaved_boots.add(boot_id)
                inferred = inferred or offset.inferred
                of_boots.append(offset.offset_ns)
            offsets.append(of_boots)
        at = Resolved(offsets[0], offsets[1], inferred)
        return self._bounded(offer, at) if self._rights.is_collector(offer.sender.id) else at

    def _bounded(self, offer: Offer, at: Resolved) -> Resolved:
        """What a collector says of devices that were not its own to ask at that time is not taken."""
        received_ms, sender = offer.received_ns // MS_NS, offer.sender
        found = [
            {}
            if batch is None
            else self._rights.withheld(sender.id, sender.device_no, batch, stored_times(batch, offsets, received_ms))
            for batch, offsets in ((offer.batch, at.batch), (offer.newest, at.newest))
        ]
        if any(found):
            self.not_held += 1
            devices = sorted(found[0] | found[1])
            log.warning("inbox: %s speaks for devices it does not hold: %s", sender.id, devices[:10])
            return replace(at, withheld=found[0], withheld_newest=found[1])
        return at

    def _ride(self, offer: Offer, state: SenderState) -> None:
        """Show the newest tick of a request that brings nothing to store."""
        if offer.newest is not None:
            at = self._resolve(offer, state)
            epoch, received_ms = offer.envelope.epoch, offer.received_ns // MS_NS
            self.riders.append(arrival(0, offer.sender, epoch, received_ms, batch=None, newest=offer.newest, at=at))
