"""Three shares of the window: minutes with a reading, minutes whose log is accounted for, minutes a counter bridges.

A gauge that was not read is lost. A log whose records are numbered is not: one later reading of it in the same boot
proves that nothing between was missed, unless it says itself that something was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from checklists.verification.counters import boots_at, bridged_minutes, changes, fallen
from checklists.verification.evidence import Evidence, Setback
from checklists.verification.minutes import MINUTE_MS, Bools, Ints, kept, watched
from checklists.verification.outcome import Coverage

LOGS = ("kernel_log", "journal", "syslog")
LOSSES = frozenset({"log_lost", "log_held_back"})
PENDING_MINUTES = 2  # at the end of the window: what vouches for them may not have arrived yet


@dataclass(frozen=True, slots=True)
class Accounted:
    """Per minute. ``log`` and ``counter`` None: the device never gave what would vouch for them.

    ``kept``: whether the minute counts; ``fell``: where the counter was set back without a restart.
    """

    kept: Bools
    watched: Bools
    log: Bools | None
    counter: Bools | None
    fell: Sequence[Setback] = ()

    @property
    def coverage(self) -> Coverage:
        minutes = int(self.kept.sum())
        sample = self.watched_minutes / minutes if minutes else 0.0
        return Coverage(sample, *(None if way is None else _share(way[self.kept]) for way in (self.log, self.counter)))

    @property
    def watched_minutes(self) -> int:
        """Of those that count."""
        return int((self.watched & self.kept).sum())


def account(evidence: Evidence, log: str, counter: str) -> Accounted:
    """``log`` is the name of the source that reads the log, ``counter`` a metric only a restart sets back."""
    pair = (counter, "")
    return Accounted(
        kept(evidence),
        watched(evidence),
        log_minutes(evidence, log),
        bridged_minutes(evidence, pair),
        fallen(evidence, pair),
    )


def log_minutes(evidence: Evidence, log: str) -> Bools | None:
    """Per minute, whether it is proved that no line of ``log`` was missed; None when it was never read.

    The end of a boot nobody read after is lost: the kernel's numbers begin anew, and the other logs as the agent reads
    them leave the kernel's lines out.
    """
    track = evidence.track("source_success", log)
    reads = track.t[track.value == 1.0]
    if not len(reads):
        return None
    boots = changes(evidence)
    begin = evidence.start_ms + np.arange(evidence.minutes, dtype=np.int64) * MINUTE_MS
    end = begin + MINUTE_MS
    following = np.searchsorted(reads, end, side="left")
    read = following < len(reads)
    vouching = reads[np.minimum(following, len(reads) - 1)]
    boot = boots_at(begin, boots)
    if boots:
        # In the minute in which the device first said in which boot it is, it was in no other that we know of.
        boot = np.where((begin < boots[0].at_ms) & (boots[0].at_ms < end), 0, boot)
    accounted: Bools = read & (boot >= 0) & (boot == boots_at(vouching, boots))
    for start_ms, end_ms in _lost(evidence, log, reads):
        first, after = (start_ms - evidence.start_ms) // MINUTE_MS, -((evidence.start_ms - end_ms) // MINUTE_MS)
        accounted[max(first, 0) : max(after, 0)] = False
    return accounted


def _lost(evidence: Evidence, log: str, reads: Ints) -> list[tuple[int, int]]:
    """Stretches of which something is known to be lost: before a line that says so, and what the sender gave up."""
    others = {name for name in LOGS if name != log}
    stretches = [(hole.start_ms, hole.end_ms) for hole in evidence.holes if hole.reason == "dropped"]
    for line in evidence.lines:
        if line.kind in LOSSES and line.source not in others:
            before = int(np.searchsorted(reads, line.at_ms, side="left")) - 1
            since = int(reads[before]) if before >= 0 else evidence.start_ms
            stretches.append((min(since, line.at_ms), line.at_ms + 1))
    return stretches


def _share(minutes: Bools) -> float | None:
    """The last minutes may be pending: not yet accounted for, they do not count at all."""
    settled = minutes[: max(0, len(minutes) - PENDING_MINUTES)]
    tail = int(minutes[len(settled) :].sum())
    counted = len(settled) + tail
    return (int(settled.sum()) + tail) / counted if counted else None
