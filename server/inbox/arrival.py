"""An accepted batch on its way to the appliers, who sent it, and why one is not accepted.

Errors: ``WireError`` (readings.wire: the bytes are wrong) · ``Conflict`` (the numbers are) · ``StoreFull`` (we are).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from readings.model import Gap
from readings.wire import Batch


@dataclass(frozen=True, slots=True)
class Sender:
    """An agent's identity. Device "" in its blocks means ``device_no``."""

    id: str
    device_no: str


@dataclass(slots=True)
class Arrival:
    """One accepted batch. ``id`` grows by acceptance, never reused; 0: nothing stored, only ``newest`` rides along.

    ``times`` are the stored ms of the batch's ticks, ``newest_ms`` that of the newest tick riding along. ``inferred``:
    a boot of it was never met live, its times rest on the sender's wall clock. The batch's blocks include one of
    source "centre" per device with what the centre itself reads: ``clock_offset_seconds`` of the sender's own,
    ``device_answered`` of each device that a collector met.
    """

    id: int
    sender: Sender
    epoch: str
    received_ms: int
    batch: Batch | None
    newest: Batch | None
    times: list[int]
    newest_ms: int | None
    inferred: bool
    body_bytes: int = 0

    def device_of(self, block_device: str) -> str:
        """The device_no that a block, gap, event or fact is about."""
        return block_device or self.sender.device_no


class Applier(Protocol):
    """Takes arrivals in order, each once or again after a crash: applying one twice changes nothing.

    ``cursor`` is the id of the last arrival whose effect is durable (0: none), or None for an applier that keeps
    nothing: it is fed all that is replayed and never holds a batch in the inbox. What ``apply`` raises makes the pump
    try the same arrivals again later.
    """

    name: str

    def cursor(self) -> int | None: ...

    def apply(self, arrivals: Sequence[Arrival]) -> None: ...


class Conflict(Exception):  # noqa: N818 - it reads as the sentence it makes
    """These numbers were taken before with other content, or overlap what was taken: 409 with our position."""

    def __init__(self, epoch: str, first: int, last: int, position: int) -> None:
        super().__init__(f"epoch {epoch}: ticks {first}…{last} do not follow {position} and are no repeat of it")
        self.position = position


class StoreFull(Exception):  # noqa: N818 - it reads as the sentence it makes
    """The batch could not be put on disk (full, failing, or too much waits): 503, the sender keeps it."""


CENTRE_SOURCE = "centre"


def gap_of_code(code: int) -> Gap:
    """The reason a sender gave by number; one this version does not know is unreadable."""
    try:
        return Gap(code)
    except ValueError:
        return Gap.UNREADABLE
