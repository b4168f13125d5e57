"""What a batch may say at all: numbers a database can hold, texts of a bounded length, gaps that were somewhere.

What passes here can be stored by every applier: a batch that was acknowledged must not be the one they stumble on.
"""

from __future__ import annotations

from collections.abc import Iterable

from readings.model import Severity
from readings.wire import Batch, WireError

LARGEST = 2**62
LARGEST_COUNT = 2**31
LONGEST_NAME = 200
LONGEST_TEXT = 65_536


def check_numbers(numbers: Iterable[int]) -> None:
    """Times in ns and numbers of ticks. Raises WireError 422."""
    for number in numbers:
        if not -LARGEST < number < LARGEST:  # a clock set before 1970 is wrong, yet a clock
            raise _malformed(f"{number} is neither a time nor a number of a tick")


def check_contents(batch: Batch) -> None:
    """Raises WireError 422."""
    for tick in batch.ticks:
        if not (0 <= tick.boottime < LARGEST and abs(tick.wall) < LARGEST and tick.number < LARGEST):
            raise _malformed(f"tick {tick.number}: clocks {tick.boottime}, {tick.wall}")
    for block in batch.blocks:
        _check_name(block.source)
    for gap in batch.gaps:
        _check_name(gap.source)
        if not gap.ticks or len(gap.detail) > LONGEST_TEXT:
            raise _malformed(f"gap of {gap.source}: {len(gap.ticks)} ticks, {len(gap.detail)} characters of detail")
    for event in batch.events:
        _check_name(event.source)
        _check_name(event.kind)
        if not Severity.EMERGENCY <= event.severity <= Severity.DEBUG or not 0 < event.count < LARGEST_COUNT:
            raise _malformed(f"event of {event.source}: severity {event.severity}, count {event.count}")
        if len(event.text) > LONGEST_TEXT or len(event.cursor) > LONGEST_TEXT or not 0 <= event.index < LARGEST:
            raise _malformed(f"event of {event.source}: {len(event.text)} characters, index {event.index}")
        check_numbers(time for time in (event.boottime, event.wall) if time is not None)
    for fact in batch.facts:
        _check_name(fact.key)
        if len(fact.value) > LONGEST_TEXT:
            raise _malformed(f"fact {fact.key}: {len(fact.value)} characters")
    for lost in batch.dropped:
        check_numbers((lost.first, lost.last, lost.since_boottime, lost.until_boottime))
        check_numbers((lost.since_wall, lost.until_wall))


def _check_name(name: str) -> None:
    if len(name) > LONGEST_NAME:
        raise _malformed(f"a name of {len(name)} characters: {name[:40]!r}…")


def _malformed(detail: str) -> WireError:
    return WireError(422, "malformed", f"batch: {detail}")
