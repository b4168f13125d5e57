"""Whether a batch is new, a repeat, or in conflict with what was taken before: by its numbers and its hash alone."""

from __future__ import annotations

from enum import Enum


class Decision(Enum):
    """What becomes of a batch: stored, answered as a repeat, or answered 409."""

    ACCEPT = "accept"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


def judge_numbers(position: int, first: int, last: int, offered: bytes, known: bytes | None) -> Decision:
    """``position``: last tick number held durably in this epoch (0: none); the batch holds ticks first…last.

    ``offered`` is the hash of the payload, ``known`` the hash kept for exactly (epoch, first, last), None when none is
    kept. A batch may begin beyond position + 1: the spool gave up the ticks between and says so itself.
    """
    if first > position:
        return Decision.ACCEPT
    if last <= position and known is not None and known == offered:
        return Decision.DUPLICATE
    return Decision.CONFLICT
