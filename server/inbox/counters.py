"""What the inbox counts of its own work, as plain numbers that the self-metrics read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

# Why a batch is not accepted.
REASONS = (
    "unknown_sender",
    "too_large",
    "damaged",
    "malformed",
    "too_broad",
    "wrong_version",
    "foreign_device",
    "not_held",  # taken, but for the devices whose share the sender did not hold at that time
    "conflict",
    "store_full",
    "gone",
    "method",
)


@dataclass(slots=True)
class Counters:
    """All grow from 0 at start. ``refused`` is by reason (REASONS). ``commit_seconds`` is the time spent in the
    ``commits`` transactions, ``unreadable`` stored rows that did not parse when they were read again.
    """

    batches: int = 0
    duplicates: int = 0
    hellos: int = 0
    unreadable: int = 0
    samples: int = 0
    body_bytes: int = 0
    commits: int = 0
    commit_seconds: float = 0.0
    request_seconds: float = 0.0
    refused: Counter[str] = field(default_factory=Counter)
