"""What a verification showed stands, whichever readings are taken out of the sealed files afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import pytest
from numpy.typing import NDArray
from sqlmodel import select

from checklists.verification.coverage import account
from checklists.verification.evidence import ENDLESS_MS
from checklists.verification.outcome import Outcome
from server.centre import Centre, Settings
from server.history.sealing import Columns, write_segment
from server.history.tables import Segment, SeriesRow
from server.verification.remembering import MOST_SETBACKS, Memory, remembering
from server.verification.tables import VerificationPace, VerificationSetback
from tests.verifying.befalling import lost
from tests.verifying.weeks import Week
from tests.verifying_runs.house import House
from tests.weeks import Course, Happened, Pair, counting, level

BUSY, SWITCHES = ("cpu_busy_ratio", "total"), ("context_switches_total", "")
SWAPPED, WAITED = ("swap_in_pages_total", ""), ("pressure_memory_full_seconds_total", "")
ORDER = [Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS]
FELL_S, HID_S = 1830, 1860  # the counter is set back, and by then it has gained more than it lost
Kept = Callable[[Pair, NDArray[np.int64]], NDArray[np.bool_]]  # (series, seconds since the boot) → what stays


def set_back(per_second: float) -> Course:
    whole = counting(per_second)
    return lambda at: whole(at) - np.where(at >= FELL_S, per_second * 45, 0)


@dataclass(frozen=True)
class Ill:
    courses: Mapping[Pair, Course]
    happened: tuple[Happened, ...] = ()


ILLS = {
    "nothing": Ill({}),
    "its counter set back": Ill({SWITCHES: set_back(4100.0)}),
    "its swapping set back": Ill({SWAPPED: lambda at: np.where((at >= FELL_S) & (at < HID_S), 2.0, 7.0)}),
    "busy for a while": Ill({BUSY: lambda at: np.where((at > 600) & (at < 1200), 0.95, 0.2)}),
    "waiting for memory": Ill({WAITED: counting(0.5)}),
    "an error": Ill({}, (Happened(700, "EDAC MC0: 1 UE memory read error"),)),
    "a steady load": Ill({BUSY: level(0.79)}),
}


def forget(house: House, kept: Kept) -> None:
    """Rewrite every sealed file without what is not kept."""
    centre, booted_ms = house.centre, house.host.booted_ns // 10**6
    centre.history.seal()
    folder = centre.settings.data / "history"
    with centre.records.writing() as session:
        pairs = {row.id: (row.metric, row.part) for row in session.exec(select(SeriesRow))}
        for segment in session.exec(select(Segment)).all():
            with duckdb.connect(":memory:") as reader:
                asked = reader.execute(
                    "select series, t, value, gap from read_parquet(?)", [str(folder / segment.file)]
                )
                found = {name: np.ma.filled(column, np.nan) for name, column in asked.fetchnumpy().items()}
            stays = np.ones(len(found["t"]), np.bool_)
            for number, pair in pairs.items():
                here = found["series"] == number
                stays[here] = kept(pair, (found["t"][here] - booted_ms) // 1000)
            left = {name: column[stays] for name, column in found.items()}
            written = write_segment(folder, segment.file, Columns(**left))
            segment.sha256, segment.size, segment.samples = written.sha256, written.size, written.samples
            session.add(segment)


@contextmanager
def opened_anew(house: House) -> Iterator[Centre]:
    centre = Centre.open(Settings(data=house.centre.settings.data), house.clock, start=False)
    try:
        yield centre
    finally:
        centre.close()


def outcomes(centre: Centre, house: House, number: str) -> tuple[dict[str, Outcome], str]:
    judged = centre.verifications.judge(house.run(number), round(house.clock().timestamp() * 1000)).judgement
    return {result.criterion: result.outcome for result in judged.results}, judged.verdict.value


def around(first_s: float, last_s: float, *pairs: Pair) -> Kept:
    return lambda pair, at: ~((at >= first_s) & (at < last_s)) | (pair not in pairs)


def some(seed: int, share: float) -> Kept:
    chance = np.random.default_rng(seed)
    return lambda _pair, at: chance.random(len(at)) >= share


def every_second(_pair: Pair, at: NDArray[np.int64]) -> NDArray[np.bool_]:
    """What flickers from reading to reading shows one of its sides alone."""
    even: NDArray[np.bool_] = at // 30 % 2 == 0
    return even


LOSSES: dict[str, Kept] = {
    "what shows the fall": around(FELL_S - 1, FELL_S + 60, SWITCHES, SWAPPED),
    "ten minutes of all counters": around(1500, 2100, SWITCHES, SWAPPED, WAITED),
    "the busy minutes": around(600, 1200, BUSY),
    "every second reading": every_second,
    "a few": some(1, 0.02),
    "most": some(2, 0.9),
    "all but ten minutes": lambda _pair, at: at <= 600,
}


@pytest.mark.parametrize("ill", ILLS)
def test_no_outcome_improves_whatever_is_lost(house: House, ill: str) -> None:
    """One loss after another, each seen by a centre that was started anew."""
    house.host.courses = {**house.host.courses, **ILLS[ill].courses}
    house.host.happened = ILLS[ill].happened
    number = house.start(window="1 h")["number"]
    house.watch(1.05)
    house.centre.verifications.round()
    before, verdict = outcomes(house.centre, house, number)

    for loss, kept in LOSSES.items():
        forget(house, kept)
        with opened_anew(house) as centre:
            left, now = outcomes(centre, house, number)
        assert [name for name in before if ORDER.index(left[name]) > ORDER.index(before[name])] == [], loss
        assert ["fail", "inconclusive", "pass"].index(now) <= ["fail", "inconclusive", "pass"].index(verdict), loss
    assert now != "pass"


def test_a_counter_that_was_set_back_cannot_be_smoothed(house: House) -> None:
    house.host.courses = {**house.host.courses, SWITCHES: set_back(4100.0)}
    number = house.start(window="1 h")["number"]
    house.watch(0.6)
    house.centre.verifications.round()
    house.watch(1.05)
    forget(house, around(FELL_S - 1, FELL_S + 60, SWITCHES))

    with opened_anew(house) as centre:
        judged = centre.verifications.judge(house.run(number), round(house.clock().timestamp() * 1000))
        continuity = judged.judgement.of("S2")
        with centre.records.session() as session:
            kept = session.exec(select(VerificationSetback)).all()
            paces = session.exec(select(VerificationPace)).all()

    assert (continuity.outcome, continuity.evidence["counter"]["outcome"]) == (Outcome.INCONCLUSIVE, "INCONCLUSIVE")
    assert "倒退 1 次" in continuity.sentence.zh
    assert "went down 1 times without a restart" in continuity.sentence.en
    booted_ms = house.host.booted_ns // 10**6
    assert [(row.metric, row.after_ms - booted_ms, row.before_ms - booted_ms) for row in kept] == [
        ("context_switches_total", (FELL_S - 30) * 1000, FELL_S * 1000)
    ]
    assert [row.interval_ms for row in paces] == [30_000]


def test_reading_less_often_half_way_makes_no_reading_spare(house: House) -> None:
    """Two minutes at 85 %, read as 100 and 70: were one reading a minute asked of them, the 70 alone would count."""

    def busy(at: NDArray[np.float64]) -> NDArray[np.float64]:
        flickering = np.where(at % 60 == 0, 1.0, 0.7)
        return np.select([(at >= 600) & (at <= 720), (at >= 2400) & (at <= 2520)], [flickering, 0.85], 0.2)

    house.host.courses = {**house.host.courses, BUSY: busy}
    number = house.start(window="1 h")["number"]
    house.watch(0.5)
    house.centre.verifications.round()
    house.host.interval_s, house.host.slot = 60, house.host.slot // 2
    for hours in (0.52, 1.05):
        house.watch(hours)
        house.centre.verifications.round()

    processor = house.centre.verifications.judge(house.run(number), round(house.clock().timestamp() * 1000)).judgement
    with house.centre.records.session() as session:
        paces = [row.interval_ms for row in session.exec(select(VerificationPace))]

    assert paces == [30_000, 60_000]
    assert processor.of("S14").outcome is Outcome.FAIL
    assert processor.of("S14").evidence["busy"]["over_for_certain"] == 4


def test_a_counter_that_falls_all_the_time_is_kept_count_of_only_so_long() -> None:
    week = Week(minutes=600)
    week.values[SWITCHES] = -week.values[SWITCHES]
    evidence, new = remembering(week.evidence(), Memory(), week.evidence().start_ms)

    assert len(new.setbacks) == MOST_SETBACKS + 1
    assert [fall.before_ms for fall in new.setbacks if fall.before_ms >= evidence.end_ms] == [ENDLESS_MS]
    again, more = remembering(week.evidence(), new, evidence.end_ms)
    assert (*more.setbacks, *more.paces) == ()
    smoothed = lost(again, (SWITCHES, ("minutes", 300, 300)))
    rising = replace(smoothed, tracks={**smoothed.tracks, SWITCHES: Week(minutes=600).evidence().track(*SWITCHES)})
    counter = account(rising, "kernel_log", SWITCHES[0]).counter
    assert counter is not None
    assert not counter[300:].any()
