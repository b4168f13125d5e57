"""How a verdict stands over time: `for`, hysteresis, and gaps that neither help nor forgive."""

from __future__ import annotations

from typing import NamedTuple

from checklists.verdicts import Verdict


class Standing(NamedTuple):
    """What a rule says of a part since when.

    ``tripped``: the last value that was known was not met (its narrower band holds now). ``pending_ms``: since when
    it has been out of bounds without having lasted `for` yet. A gap touches neither: it joins the runs on both sides.
    """

    verdict: Verdict
    since_ms: int
    tripped: bool = False
    pending_ms: int | None = None


def settle(before: Standing, raw: Verdict, at_ms: int, for_ms: int) -> Standing:
    """The standing after one more tick that alone would be judged ``raw``."""
    if raw is Verdict.UNKNOWN:
        return _turned(before, raw, at_ms, before.tripped, before.pending_ms)
    if raw is Verdict.MET:
        return _turned(before, raw, at_ms, False, None)
    if before.tripped:
        return _turned(before, raw, at_ms, True, None)
    begun = at_ms if before.pending_ms is None else before.pending_ms
    if at_ms - begun >= for_ms:
        return _turned(before, raw, at_ms, True, None)
    # Out of bounds but not for long enough: what was known before still stands, and nothing turns green by waiting.
    return Standing(before.verdict, before.since_ms, False, begun)


def _turned(before: Standing, verdict: Verdict, at_ms: int, tripped: bool, pending_ms: int | None) -> Standing:
    return Standing(verdict, before.since_ms if verdict is before.verdict else at_ms, tripped, pending_ms)
