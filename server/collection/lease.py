"""Whose turn it is: pure decisions on a share's lease. A lease lasts one interval and is renewed every third of it.

So the other collector, asking as often, takes over at the latest one interval and a third after the holder's last
word. The holder counts from the moment it asked, not from the answer: by its own clock it stops no later than the
centre gives its share away, and nothing is read twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

# Where nobody could take over a lease has no end: a collector cut off from the centre goes on, and loses nothing.
FOREVER_MS = 2**52
LEAST_MS = 5_000
ASKED_IN_A_LEASE = 3


class Turn(Enum):
    RENEW = "renew"
    TAKE = "take"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class ShareState:
    """As the records have it. ``holder`` "": nobody."""

    active: str
    standby: str
    interval_s: float
    holder: str
    until_ms: int


def turn(share: ShareState, asking: str, now_ms: int) -> Turn:
    """What becomes of ``asking``, one of the two of this share.

    >>> turn(ShareState("a", "b", 60, "a", 1_000), "b", 999), turn(ShareState("a", "b", 60, "a", 1_000), "b", 1_000)
    (<Turn.WAIT: 'wait'>, <Turn.TAKE: 'take'>)
    """
    if share.holder == asking:
        return Turn.RENEW
    if not share.holder and asking == share.active:
        return Turn.TAKE
    return Turn.TAKE if now_ms >= share.until_ms else Turn.WAIT


def lasts_ms(share: ShareState) -> int:
    return max(LEAST_MS, round(share.interval_s * 1000))


def next_end_ms(share: ShareState, now_ms: int) -> int:
    return now_ms + lasts_ms(share) if share.standby else FOREVER_MS
