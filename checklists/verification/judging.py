"""A run judged: every criterion of its profile, and what they come to together.

A FAIL that was found stays: whoever judges again hands it in, and readings that are lost later change nothing about it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checklists.verification.coverage import account
from checklists.verification.criterion import Case
from checklists.verification.evidence import Evidence
from checklists.verification.minutes import MINUTE_MS
from checklists.verification.outcome import Coverage, Judgement, Outcome, Result, RunVerdict
from checklists.verification.profile import Profile

NOTHING_PROVEN: Mapping[str, Result] = {}


def judge(
    profile: Profile, evidence: Evidence, window_ms: int, proven: Mapping[str, Result] = NOTHING_PROVEN
) -> Judgement:
    """``window_ms`` is what this run must last; ``proven`` the FAILs found so far, by criterion.

    Raises ValueError where the window holds no whole minute.
    """
    if window_ms < MINUTE_MS:
        raise ValueError(f"a run of {window_ms} ms: it must last a minute at least")
    accounted = account(evidence, profile.log, profile.counter)
    case = Case(evidence, window_ms, accounted, profile.allow)
    results: list[Result] = []
    for criterion in profile.criteria:
        before = proven.get(criterion.named.id)
        results.append(before if before and before.outcome is Outcome.FAIL else criterion.judge(case))
    effective_ms = accounted.watched_minutes * MINUTE_MS
    blockers = {criterion.named.id for criterion in profile.criteria if criterion.named.blocker}
    deciding = [result.outcome for result in results if result.criterion in blockers]
    verdict = run_verdict(deciding, accounted.coverage, whole=effective_ms >= window_ms)
    return Judgement(verdict, effective_ms, accounted.coverage, tuple(results))


def run_verdict(deciding: Sequence[Outcome], coverage: Coverage, *, whole: bool) -> RunVerdict:
    """``deciding``: the outcomes of the blockers. ``whole``: the window is filled. Nothing evaluated proves nothing."""
    if Outcome.FAIL in deciding:
        return RunVerdict.FAIL
    evaluated = any(outcome is not Outcome.NOT_APPLICABLE for outcome in deciding)
    if not evaluated or Outcome.INCONCLUSIVE in deciding or coverage.event != 1.0 or not whole:
        return RunVerdict.INCONCLUSIVE
    return RunVerdict.PASS
