"""However a host's ticks are cut into batches, sent ahead, repeated or replayed after a crash: one truth at the end."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from checklists.criteria import Reading, at_most
from checklists.lasting import Standing, settle
from checklists.rule import Rule
from checklists.verdicts import RuleSeverity, Verdict
from checklists.windows import IncreaseAtMost
from readings.model import Gap
from server.judge.judge import Judge
from server.judge.tables import FindingChange
from server.records import Records
from tests.judging.sent import START, Host, Values

CPU, ERRORS = ("cpu", ""), ("errors_total", "")
BUSY = Rule("cpu", at_most("cpu", 0.9, 0.7), RuleSeverity.WARNING, "C", "C", "ratio", for_ms=30_000)
GROWN = Rule("errors", IncreaseAtMost("errors_total", 2, 60_000), RuleSeverity.WARNING, "E", "E")
FRESH_MS = 45_000

value = st.sampled_from([0.5, 0.8, 0.95, Gap.TIMED_OUT])
count = st.sampled_from([0.0, 1.0, 2.0, 5.0, Gap.LOST])
tick = st.one_of(st.tuples(value, count), st.just(Gap.REFUSED))
ticks = st.lists(tick, min_size=1, max_size=14)


def values_of(told: tuple[float | Gap, float | Gap] | Gap) -> Values | Gap:
    return told if isinstance(told, Gap) else {CPU: told[0], ERRORS: told[1]}


def truth(told: list[tuple[float | Gap, float | Gap] | Gap]) -> dict[str, list[Verdict | None]]:
    """What stands after each tick, by the criteria themselves, one reading after the other."""
    after: dict[str, list[Verdict | None]] = {"cpu": [], "errors": []}
    for rule, column in ((BUSY, 0), (GROWN, 1)):
        window: list[Reading] = []
        standing: Standing | None = None
        for number, row in enumerate(told):
            at_ms = START + number * 15_000
            if isinstance(row, Gap):
                raw = Verdict.UNKNOWN
                known = standing is not None
            else:
                window.append(Reading(at_ms, row[column]))
                within = [reading for reading in window if reading.at_ms >= at_ms - 60_000]
                tripped = standing is not None and standing.tripped
                raw = rule.criterion.judge(within, at_ms, FRESH_MS, tripped=tripped).verdict
                known = True
            if known:
                standing = settle(standing or Standing(Verdict.UNKNOWN, at_ms), raw, at_ms, rule.for_ms)
            after[rule.id].append(standing.verdict if standing else None)
    return after


def shown(judge: Judge) -> dict[str, Verdict]:
    return {finding.rule: finding.verdict for finding in judge.findings("SRV-1")}


@settings(max_examples=60, deadline=None)
@given(told=ticks, data=st.data())
def test_the_end_is_the_same(told: list[tuple[float | Gap, float | Gap] | Gap], data: st.DataObject) -> None:
    wanted = {rule: verdicts[-1] for rule, verdicts in truth(told).items() if verdicts[-1] is not None}
    host = Host()
    with TemporaryDirectory() as folder:
        records = Records(Path(folder) / "records.db")
        try:
            judge = Judge(records, [BUSY, GROWN], START)
            at = 0
            while at < len(told):
                size = data.draw(st.integers(1, len(told) - at))
                rows = [(number, values_of(told[number])) for number in range(at, at + size)]
                at += size
                ahead = data.draw(st.integers(at, len(told))) if at < len(told) else len(told)
                newest = (ahead, values_of(told[ahead])) if ahead < len(told) else None
                judge.apply([host.arrival(rows, newest)])
                if data.draw(st.booleans()):
                    judge.apply(host.sent)  # a replay
                if data.draw(st.booleans()):
                    judge = Judge(records, [BUSY, GROWN], START)  # a crash, and what is not behind the cursor again
                    judge.apply(host.sent)
            assert shown(judge) == wanted
        finally:
            records.close()


@settings(max_examples=40, deadline=None)
@given(told=ticks)
def test_every_turn_is_written_once_at_its_own_time(told: list[tuple[float | Gap, float | Gap] | Gap]) -> None:
    turns = []
    for rule, verdicts in truth(told).items():
        before: Verdict | None = None
        for number, verdict in enumerate(verdicts):
            if verdict is not None and verdict is not before:
                turns.append((rule, START + number * 15_000, verdict.value))
            before = verdict
    host = Host()
    with TemporaryDirectory() as folder:
        records = Records(Path(folder) / "records.db")
        try:
            judge = Judge(records, [BUSY, GROWN], START)
            for number, row in enumerate(told):
                judge.apply([host.arrival([(number, values_of(row))])])
            with records.session() as session:
                rows = session.exec(select(FindingChange)).all()
            assert sorted((row.rule, row.at_ms, row.verdict) for row in rows) == sorted(turns)
        finally:
            records.close()


def test_a_crash_after_the_backlog_met_the_newest_tick_leaves_no_old_standing() -> None:
    """The newest tick had shown "met" already when the stored ticks came to say the same: that too must be kept."""
    host, values = Host(), values_of((0.5, 0.0))
    with TemporaryDirectory() as folder:
        records = Records(Path(folder) / "records.db")
        try:
            judge = Judge(records, [BUSY, GROWN], START)
            judge.apply([host.arrival([(0, Gap.REFUSED), (1, values), (2, Gap.REFUSED)], (4, values))])
            judge.apply([host.arrival([(3, Gap.REFUSED), (4, values)])])
            judge = Judge(records, [BUSY, GROWN], START)
            judge.apply([host.arrival([(5, Gap.REFUSED)])])
            assert shown(judge)["cpu"] is Verdict.UNKNOWN
        finally:
            records.close()
