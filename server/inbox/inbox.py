"""The inbox: acknowledged means on disk."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

from readings.wire import Receipt, WireError
from server.inbox.arrival import Arrival, Sender, StoreFull
from server.inbox.breadth import Breadth
from server.inbox.counters import Counters
from server.inbox.handover import Handover
from server.inbox.reception import Offer, arrival_of_row, open_body
from server.inbox.speaking import OwnDeviceOnly, Rights
from server.inbox.store import InboxStore, StoredRow, connect, read_rows
from server.inbox.writer import Witness, Writer

log = logging.getLogger(__name__)

WAITING_LIMIT_BYTES = 128 * 2**20


def _no_witness(_sender_id: str) -> tuple[int, str]:
    return 0, ""


class Inbox:
    """Open on ``path`` (made when missing). ``now_ns`` is the centre's UTC clock; ``witness`` what receipts tell of.

    Raises sqlite3.Error and OSError when the file cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        now_ns: Callable[[], int],
        *,
        witness: Witness = _no_witness,
        handover_bytes: int | None = None,
        rights: Rights | None = None,
    ) -> None:
        self.path = path
        self.counters = Counters()
        self.breadth = Breadth()
        self.handover = Handover() if handover_bytes is None else Handover(handover_bytes)
        self._store = InboxStore(path)
        self._now_ns = now_ns
        self._witness = witness
        self._rights = rights or OwnDeviceOnly()
        self._writer: Writer | None = None
        self._reading = connect(path, reading=True)

    def start(self, after_id: int = 0) -> None:
        """Begin to take batches; ids are given out beyond ``after_id``, the furthest cursor of any applier."""
        self._store.start_after(after_id)
        self._writer = Writer(
            self._store, self.handover, self.counters, self._now_ns, self._witness, rights=self._rights
        )
        self._writer.start()

    async def take(self, sender: Sender, body: bytes, received_ns: int) -> Receipt:
        """Store the batch once, however often it is sent; return when it is on disk.

        Raises WireError (400, 413, 422), Conflict (409) or StoreFull (503).
        """
        writer = self._writer
        if writer is None:
            raise StoreFull("inbox: not started")
        if writer.waiting_bytes > WAITING_LIMIT_BYTES:
            raise StoreFull(f"inbox: {writer.waiting_bytes} bytes wait to be written")
        envelope, batch, newest, digest = open_body(sender, body, self._rights)
        for said in (batch, newest):
            if said is not None:
                self.breadth.admit(sender.device_no, said)
        loop = asyncio.get_running_loop()
        offer = Offer(sender, envelope, body, batch, newest, digest, received_ns, loop.create_future(), loop)
        writer.submit(offer)
        return await offer.answer

    def healthy(self) -> str | None:
        """Why batches cannot be stored now, None when they can."""
        if self._writer is None or not self._writer.is_alive():
            return "inbox: its writer is not running"
        return self._writer.trouble

    def stored_after(self, after_id: int, up_to: int, limit_bytes: int) -> list[Arrival]:
        """Stored arrivals with after_id < id ≤ up_to, in order, at least one if there is one; for one thread."""
        return [self._again(row) for row in read_rows(self._reading, after_id, up_to, limit_bytes)]

    def _again(self, row: StoredRow) -> Arrival:
        try:
            return arrival_of_row(row)
        except WireError:
            # It parsed when it was accepted: the file is damaged, or this version is older than the row. One row
            # must not hold up all others; it is passed on as an arrival without a batch.
            self.counters.unreadable += 1
            log.exception("inbox: %s: batch %d of %s does not parse any more", self.path, row[0], row[1])
            return Arrival(row[0], Sender(row[1], row[2]), row[3], row[6], None, None, [], None, inferred=False)

    def release(self, up_to: int) -> None:
        """Every applier holds the arrivals up to this id durably; their bodies may go, in small steps."""
        if self._writer is not None:
            self._writer.release(up_to)

    def stored_batches(self) -> int:
        """How many bodies wait for an applier to become durable."""
        connection = sqlite3.connect(self.path)
        try:
            return int(connection.execute("select count(*) from batch").fetchone()[0])
        finally:
            connection.close()

    def close(self) -> None:
        """Answer what waits and close the file."""
        if self._writer is not None:
            self._writer.stop()
        else:
            self._store.close()
        self._reading.close()
