"""A short run judged by one criterion, and what befalls it."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from checklists.verification.evidence import Pair, Seen
from checklists.verification.judging import judge
from checklists.verification.outcome import Result
from tests.verifying.profiles import with_texts
from tests.verifying.weeks import HOUR, START, Week

Change = Callable[[Week], object]
HOURS = 5
MINUTES = HOURS * 60  # 5 % are 15 minutes
PROFILE = with_texts({"window: 168 h": f"window: {HOURS} h", "every: 24 h": "every: 2 h"})


def judged(criterion: str, change: Change, minutes: int = MINUTES) -> Result:
    week = Week(minutes=minutes)
    week.seen = [Seen(START + hour * HOUR, "li", alarm=False) for hour in range(0, minutes // 60, 2)]
    change(week)
    result = judge(PROFILE, week.evidence(), PROFILE.window_ms).of(criterion)
    json.dumps(dict(result.evidence), allow_nan=False)
    for text in (result.required, result.measured, result.sentence):
        assert text.zh
        assert text.en
        assert "None" not in text.zh + text.en
        assert "nan" not in text.zh + text.en
    return result


def nothing(week: Week) -> Week:
    return week


def thin(pair: Pair, first: int, minutes: int) -> Change:
    """One reading of four is lost in each of those minutes."""

    def change(week: Week) -> Week:
        return week.keep(pair, ~(week.within(pair, first, minutes) & (np.arange(len(week.times[pair])) % 4 == 1)))

    return change


def hide(pair: Pair, first: int, minutes: int) -> Change:
    return lambda week: week.keep(pair, ~week.within(pair, first, minutes))


def both(*changes: Change) -> Change:
    return lambda week: [change(week) for change in changes]
