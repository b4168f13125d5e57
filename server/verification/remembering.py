"""What a running verification keeps of what its readings showed, so that losing them later proves nothing better.

A FAIL is kept by the findings. Beside it two things decide what missing readings may have been: that a counter was set
back, and how often the device was to be read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session, col, select

from checklists.verification.counters import all_fallen
from checklists.verification.evidence import ENDLESS_MS, Evidence, Pace, Setback
from server.verification.tables import VerificationPace, VerificationSetback

MOST_SETBACKS = 1_000  # of one counter; one that falls more often bridges nothing from there on


@dataclass(frozen=True, slots=True)
class Memory:
    """In the order in which it was noted."""

    setbacks: Sequence[Setback] = ()
    paces: Sequence[Pace] = ()


def memory_of(session: Session, run_id: int) -> Memory:
    fallen = select(VerificationSetback).where(col(VerificationSetback.run_id) == run_id)
    paced = select(VerificationPace).where(col(VerificationPace.run_id) == run_id)
    return Memory(
        [
            Setback((row.metric, row.part), row.after_ms, row.before_ms)
            for row in session.exec(fallen.order_by(col(VerificationSetback.id)))
        ],
        [
            Pace(row.from_ms, row.interval_ms)
            for row in session.exec(paced.order_by(col(VerificationPace.from_ms), col(VerificationPace.id)))
        ],
    )


def remembering(evidence: Evidence, memory: Memory, judged_to_ms: int) -> tuple[Evidence, Memory]:
    """The evidence with what is remembered, and what is to be noted of it now.

    ``judged_to_ms``: the end of the minutes that were judged last, the start of the window where none were.
    """
    pace = _pace(evidence, memory.paces, judged_to_ms)
    paces = [*memory.paces, *pace]
    known = replace(evidence, setbacks=memory.setbacks)
    if paces:
        known = replace(known, interval_ms=paces[0].interval_ms, paces=paces[1:])
    return known, Memory(_setbacks(known), pace)


def note(session: Session, run_id: int, new: Memory) -> None:
    """In the caller's transaction."""
    for fall in new.setbacks:
        metric, part = fall.pair
        session.add(
            VerificationSetback(
                run_id=run_id, metric=metric, part=part, after_ms=fall.after_ms, before_ms=fall.before_ms
            )
        )
    for pace in new.paces:
        session.add(VerificationPace(run_id=run_id, from_ms=pace.from_ms, interval_ms=pace.interval_ms))


def _pace(evidence: Evidence, known: Sequence[Pace], judged_to_ms: int) -> list[Pace]:
    """Nothing while nothing was read, nor where nothing changed.

    When it changed between two judgings nobody saw: of both the shorter interval counts for that time, since what is
    read more often than asked has readings to spare.
    """
    if not len(evidence.ticks):
        return []
    if not known:
        return [Pace(evidence.start_ms, evidence.interval_ms)]
    if known[-1].interval_ms == evidence.interval_ms:
        return []
    shorter = evidence.interval_ms < known[-1].interval_ms
    return [Pace(max(known[-1].from_ms, judged_to_ms if shorter else evidence.end_ms), evidence.interval_ms)]


def _setbacks(evidence: Evidence) -> list[Setback]:
    """What is seen for the first time; once it is too much of one counter, the one entry that stands for all."""
    count, known = Counter(fall.pair for fall in evidence.setbacks), set(evidence.setbacks)
    endless = {fall.pair for fall in evidence.setbacks if fall.before_ms == ENDLESS_MS}
    new: list[Setback] = []
    for fall in all_fallen(evidence):
        if fall in known or fall.pair in endless:
            continue
        count[fall.pair] += 1
        if count[fall.pair] > MOST_SETBACKS:
            endless.add(fall.pair)
            fall = replace(fall, before_ms=ENDLESS_MS)  # noqa: PLW2901 - what is noted in its place
        new.append(fall)
    return new
