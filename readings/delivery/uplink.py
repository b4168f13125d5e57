"""Hands the spool's ticks to the centre: oldest first, one request in flight, the same bytes until they are answered.

What an answer means (the rules are those of docs/decisions on delivery):

200 taken up to the receipt's position · 409 the centre holds other ticks under these numbers: ask, or renumber ·
400, 413, 422 refused: halved if too large, else set aside · 401, 403 not let in: keep all, say so, try slowly ·
everything else, and no answer: keep all, back off. What a proxy in between says in the centre's stead is no answer.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from readings.delivery.answer import Answer, TransportError, detail, is_problem, receipt_in
from readings.delivery.exchange import Exchanges
from readings.delivery.shelf import SpoolBlocked
from readings.delivery.spool import Parcel, Spool
from readings.model import Clocks
from readings.wire import (
    MAX_BODY_BYTES,
    VERSION,
    Clock,
    Envelope,
    Exchange,
    Receipt,
    pack_envelope,
)

log = logging.getLogger(__name__)

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
NOT_LET_IN_WAIT_S = 60.0
LONGEST_ASKED_WAIT_S = 300.0
IDLE_WAIT_S = 60.0
ENVELOPE_BYTES = 1024  # more than everything in an envelope but payload and newest


@dataclass(slots=True)
class UplinkState:
    """For people and metrics. ``trouble`` is "" while the centre answers and takes."""

    trouble: str = ""
    failures: int = 0
    not_let_in: bool = False
    receipt: Receipt | None = None


class Uplink:
    """One sender of ``spool``. ``post`` sends a body to the centre and may raise TransportError.

    ``step`` does at most one request and says how many seconds to wait before the next; ``run`` loops until stopped.
    ``after`` is called with every receipt, before anything else is sent; it must not raise.
    """

    def __init__(
        self,
        spool: Spool,
        post: Callable[[bytes], Answer],
        clocks: Callable[[], Clocks],
        *,
        jitter: Callable[[], float] = random.random,
        limit_ticks: int = 1_000,
        limit_bytes: int = 3 * 2**20,
        after: Callable[[Receipt], None] = lambda _receipt: None,
    ) -> None:
        self._spool = spool
        self._post = post
        self._clocks = clocks
        self._jitter = jitter
        self._most_ticks = self._limit_ticks = limit_ticks
        self._limit_bytes = limit_bytes
        self._after = after
        self._exchanges = Exchanges()
        self._greeted = ""  # the epoch whose position is known
        self._sent = ("", 0)  # the newest epoch and the last number of it that was ever sent
        self._conflict_at = ("", 0)
        self._parcel: Parcel | None = None
        self._attempts = 0  # of this parcel: after the first its fate is open
        self._refusal: tuple[int, str] | None = None  # what to do with a parcel once its fate is known
        self._failed_in_a_row = 0
        self._renumbered = 0  # in a row, no batch taken in between
        self._with_newest = True
        self.idle = False
        self.state = UplinkState()

    def run(self, stop: threading.Event) -> None:
        """Send until ``stop``; a new tick ends an idle wait at once, never a back-off."""
        while not stop.is_set():
            try:
                seconds = self.step()
            except Exception:
                # Whatever it was, an agent that no longer sends is blind: tried again, and slowly.
                log.exception("uplink: a step failed")
                seconds = LONGEST_WAIT_S
            if self.idle:
                self._spool.wait_for_tick(min(seconds, 1.0))
            elif seconds > 0:
                stop.wait(seconds)

    def step(self) -> float:
        """One request at most; seconds to wait until the next step. Never raises for spool, network or centre."""
        self.idle = False
        try:
            return self._step()
        except SpoolBlocked as blocked:
            return self._fail(f"spool: {blocked}")
        except TransportError as error:
            return self._fail(f"no answer: {error}")

    def _step(self) -> float:
        if self._parcel is not None and self._refusal is None:
            return self._send(self._parcel)
        epoch = self._parcel.epoch if self._parcel else self._spool.oldest_epoch()
        if epoch is None:
            self.idle = True
            return IDLE_WAIT_S
        if epoch != self._greeted or self._refusal is not None:
            return self._greet(epoch)
        self._parcel = self._spool.batch(self._limit_ticks, self._limit_bytes)
        self._attempts = 0
        self._with_newest = True
        return 0.0 if self._parcel is None else self._send(self._parcel)

    # -- hello: where does the centre stand?

    def _greet(self, epoch: str) -> float:
        answer, receipt = self._ask(Envelope(VERSION, epoch, 0, 0, self._clock(), newest=self._newest(epoch, 0, 0)))
        if receipt is None:
            return self._unwelcome(answer)
        parcel, refusal = self._parcel, self._refusal
        if parcel is not None and refusal is not None:
            # Refused now, but was an earlier attempt of the same bytes taken?
            if receipt.position >= parcel.last:
                self._spool.acknowledge(epoch, parcel.last)
            else:
                self._set_aside(parcel, *refusal)
            self._parcel = self._refusal = None
        if epoch != self._spool.epoch:
            self._spool.acknowledge(epoch, receipt.position)
        elif receipt.position > self._sent_through(epoch):
            # Somebody else went on under this epoch: this process was copied in mid-run.
            self._welcome(receipt)
            return self._renumber(epoch)
        self._greeted = epoch
        return self._welcome(receipt)

    def _renumber(self, epoch: str) -> float:
        """Ours get numbers of their own. Once is quick; a centre that says so again and again is asked ever later."""
        self._spool.renumber(epoch)
        self._greeted = ""
        self._renumbered += 1
        if self._renumbered == 1:
            return 0.0
        self._failed_in_a_row = self._renumbered - 2
        return self._fail(f"epoch {epoch} is said to be another's, {self._renumbered} times in a row")

    def _sent_through(self, epoch: str) -> int:
        return self._sent[1] if self._sent[0] == epoch else 0

    # -- a batch

    def _send(self, parcel: Parcel) -> float:
        self._sent = (parcel.epoch, max(parcel.last, self._sent_through(parcel.epoch)))
        newest = self._newest(parcel.epoch, parcel.last, len(parcel.payload)) if self._with_newest else b""
        self._attempts += 1
        envelope = Envelope(VERSION, parcel.epoch, parcel.first, parcel.last, self._clock(), parcel.payload, newest)
        if len(parcel.payload) + ENVELOPE_BYTES > MAX_BODY_BYTES:
            self._attempts -= 1
            return self._refused(parcel, 413, f"{len(parcel.payload)} bytes", newest=False)
        answer, receipt = self._ask(envelope)
        if receipt is not None:
            return self._taken(parcel, receipt)
        if answer.status == 409 and is_problem(answer.body):
            return self._conflict(parcel)
        if answer.status in {400, 413, 422} and is_problem(answer.body):
            return self._refused(parcel, answer.status, detail(answer.body), newest=bool(newest))
        if answer.status == 413 and (parcel.ticks > 1 or newest) and self._attempts == 1:
            # A proxy's own limit: smaller pieces pass it.
            return self._refused(parcel, 413, "", newest=bool(newest))
        return self._unwelcome(answer)

    def _taken(self, parcel: Parcel, receipt: Receipt) -> float:
        if receipt.position < parcel.last:
            self._greeted = ""
            return self._fail(f"the centre took ticks to {parcel.last} and stands at {receipt.position}")
        closed = parcel.epoch != self._spool.epoch
        self._spool.acknowledge(parcel.epoch, receipt.position if closed else parcel.last)
        self._parcel = None
        self._limit_ticks = min(self._most_ticks, max(1, self._limit_ticks * 2))
        self._welcome(receipt)
        if not closed and receipt.position > parcel.last:
            return self._renumber(parcel.epoch)
        self._renumbered = 0
        self._failed_in_a_row = 0
        return 0.0

    def _conflict(self, parcel: Parcel) -> float:
        """Other ticks stand under these numbers, or some of ours do.

        In a closed epoch ours do: a request of the process before was still under way. If asking does not help, or in
        the epoch of this process, somebody else uses it: then ours get numbers of their own.
        """
        here = (parcel.epoch, parcel.first)
        again = parcel.epoch == self._spool.epoch or here == self._conflict_at
        self._conflict_at = here
        self._parcel = None
        self._greeted = ""
        return self._renumber(parcel.epoch) if again else 0.0

    def _refused(self, parcel: Parcel, status: int, detail: str, *, newest: bool) -> float:
        if self._attempts > 1:
            self._refusal = (status, detail)
            return 0.0
        if status == 413 and newest:
            self._with_newest = False
            self._attempts = 0
            return 0.0
        self._set_aside(parcel, status, detail)
        self._parcel = None
        return 0.0

    def _set_aside(self, parcel: Parcel, status: int, detail: str) -> None:
        if status == 413 and parcel.ticks > 1:
            self._limit_ticks = max(1, parcel.ticks // 2)
            return
        self.state.failures += 1
        self._spool.refuse(parcel, status, detail)

    # -- one request

    def _ask(self, envelope: Envelope) -> tuple[Answer, Receipt | None]:
        """The answer, and the receipt if it is one. Learns from the exchange of clocks."""
        sent = self._clocks()
        answer = self._post(pack_envelope(envelope))
        answered = self._clocks()
        if answer.status != 200:
            return answer, None
        receipt = receipt_in(answer.body, envelope.epoch)
        if sent.boot_id == answered.boot_id:
            self._exchanges.add(
                Exchange(sent.boot_id, sent.boottime_ns, receipt.received, receipt.replied, answered.boottime_ns)
            )
        return answer, receipt

    def _clock(self) -> Clock:
        now = self._clocks()
        best = self._exchanges.best(now.boot_id, now.boottime_ns)
        return Clock(now.boot_id, now.boottime_ns, now.wall_ns, best)

    def _newest(self, epoch: str, last: int, taken_bytes: int) -> bytes:
        """The newest tick, unless the payload holds it, it was shown already, or the body would grow too large."""
        newest = self._spool.newest()
        if newest is None or (newest[0] == epoch and newest[1] <= last):
            return b""
        return newest[2] if taken_bytes + len(newest[2]) + ENVELOPE_BYTES <= MAX_BODY_BYTES else b""

    # -- what came of it

    def _welcome(self, receipt: Receipt) -> float:
        if self.state.trouble:
            log.info("the centre answers again (it was: %s)", self.state.trouble)
        self.state.trouble = ""
        self.state.not_let_in = False
        self.state.receipt = receipt
        self._spool.remember(receipt)
        self._after(receipt)
        return 0.0

    def _unwelcome(self, answer: Answer) -> float:
        said = detail(answer.body)
        if answer.status in {401, 403} and is_problem(answer.body):
            first = not self.state.not_let_in
            self.state.not_let_in = True
            text = f"the centre does not let this sender in ({answer.status}): {said}"
            if first:
                log.error("%s; everything is kept", text)
            self._fail(text)
            return NOT_LET_IN_WAIT_S * (0.5 + self._jitter() / 2)
        seconds = self._fail(f"{answer.status}: {said}")
        return max(seconds, min(answer.retry_after_s or 0.0, LONGEST_ASKED_WAIT_S))

    def _fail(self, trouble: str) -> float:
        if trouble != self.state.trouble:
            log.warning("uplink: %s", trouble)
        self.state.trouble = trouble
        self.state.failures += 1
        self._failed_in_a_row += 1
        longest: float = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(self._failed_in_a_row - 1, 10))
        return longest * (0.5 + self._jitter() / 2)
