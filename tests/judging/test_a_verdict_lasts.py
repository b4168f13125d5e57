"""`for`, hysteresis and gaps, as a table of ticks and what stands after each."""

from __future__ import annotations

import pytest

from checklists.lasting import Standing, settle
from checklists.verdicts import Verdict

WORDS = {"+": Verdict.MET, "-": Verdict.NOT_MET, "?": Verdict.UNKNOWN}


@pytest.mark.parametrize(
    ("for_ticks", "raw", "stands"),
    [
        pytest.param(0, "++-+?+", "++-+?+", id="without for: as it comes"),
        pytest.param(2, "+--+", "++++", id="a short excursion is nothing"),
        pytest.param(2, "+---+", "+++-+", id="a lasting one is not met, and one good value ends it"),
        pytest.param(2, "---", "??-", id="from the start: unknown until it has lasted"),
        pytest.param(2, "+-?-", "++?-", id="a gap joins the runs on both sides"),
        pytest.param(2, "+---?-", "+++-?-", id="after a gap what had tripped is not met at once"),
        pytest.param(2, "+-?+", "++?+", id="good after a gap is good"),
        pytest.param(2, "+-+-+-", "++++++", id="a flicker never lasts"),
    ],
)
def test_what_stands_after_each_tick(for_ticks: int, raw: str, stands: str) -> None:
    standing = Standing(Verdict.UNKNOWN, 0)
    after = []
    for at, sign in enumerate(raw):
        standing = settle(standing, WORDS[sign], at * 1000, for_ticks * 1000)
        after.append(standing.verdict)
    assert after == [WORDS[sign] for sign in stands]


def test_since_is_when_the_verdict_began() -> None:
    standing = Standing(Verdict.UNKNOWN, 0)
    since = []
    for at, sign in enumerate("++--+"):
        standing = settle(standing, WORDS[sign], at, 0)
        since.append(standing.since_ms)
    assert since == [0, 0, 2, 2, 4]
