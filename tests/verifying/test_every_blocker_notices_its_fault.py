"""The detection matrix: a clean week passes, each fault fails its criterion, and without its source nothing passes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from checklists.verification.evidence import Seen
from checklists.verification.judging import judge
from checklists.verification.outcome import Judgement, Outcome, RunVerdict
from checklists.verification.profile import Profile
from tests.verifying.weeks import (
    BUSY,
    DAY,
    LOAD,
    LOG,
    PRESSURE,
    START,
    STEAL,
    SWAP_IN,
    SWITCHES,
    USED,
    Week,
    after,
)

Change = Callable[[Week], Week]
FAIL, INCONCLUSIVE, PASS = Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS


def unseen(week: Week) -> Week:
    week.seen = week.seen[:3] + week.seen[4:]
    return week


def alarm(week: Week) -> Week:
    week.seen.append(Seen(START + 2 * DAY, "wang", alarm=True, note="PSU 2 amber"))
    return week


def bootless(week: Week) -> Week:
    week.boots = []
    return week


def fell_often(week: Week) -> Week:
    for minute in range(5000, 5600):
        week.fall(SWAP_IN, minute, 1)
    return week


# What befalls the week, and the one criterion it is aimed at with what that must come to.
FAULTS: dict[str, tuple[str, Outcome, Change]] = {
    "a kernel error": ("S10", FAIL, lambda week: week.says(5000, "EDAC MC0: 1 UE memory read error")),
    "a reboot": ("S12", FAIL, lambda week: week.reboot(5000)),
    "busy for a tenth of the week": ("S14", FAIL, lambda week: week.set(BUSY, 1000, 1008, 0.85)),
    "saturated for 61 min": ("S14", FAIL, lambda week: week.set(BUSY, 1000, 61, 0.95)),
    "load over 2 per core": ("S14", FAIL, lambda week: week.set(LOAD, 1000, 1008, 3.0)),
    "CPU stolen": ("S14", FAIL, lambda week: week.set(STEAL, 1000, 1008, 0.2)),
    "memory used for a tenth of the week": ("S15", FAIL, lambda week: week.set(USED, 1000, 1008, 0.85)),
    "memory nearly full for 15 min": ("S15", FAIL, lambda week: week.set(USED, 1000, 15, 0.95)),
    "swapping in": ("S15", FAIL, lambda week: week.gain(SWAP_IN, 1000, 1008, 3)),
    "waiting for memory": ("S15", FAIL, lambda week: week.gain(PRESSURE, 1000, 60, 3)),
    "an alarm lamp": ("S22", FAIL, alarm),
    "silent for 15 min": ("S15", INCONCLUSIVE, lambda week: week.silent(5000, 15)),
    "half the week only": ("S1", INCONCLUSIVE, lambda week: week.silent(5000, 5080)),
    "silent for 4 h 1 min": ("S2", INCONCLUSIVE, lambda week: week.silent(5000, 241)),
    "silent for 1 % and more": ("S2", INCONCLUSIVE, lambda week: week.silent(5000, 101)),
    "kernel messages lost": ("S2", INCONCLUSIVE, lambda week: week.says(5000, "9 lost", "log_lost", 4)),
    "ticks dropped by the spool": ("S2", INCONCLUSIVE, lambda week: week.silent(5000, 1, "dropped")),
    "silent at the end": ("S12", INCONCLUSIVE, lambda week: week.silent(10_077, 3)),
    "no kernel log": ("S10", INCONCLUSIVE, lambda week: week.without(LOG)),
    "no boot known": ("S12", INCONCLUSIVE, bootless),
    "no CPU readings": ("S14", INCONCLUSIVE, lambda week: week.without(BUSY)),
    "no load": ("S14", INCONCLUSIVE, lambda week: week.without(LOAD)),
    "no steal": ("S14", INCONCLUSIVE, lambda week: week.without(STEAL)),
    "no memory readings": ("S15", INCONCLUSIVE, lambda week: week.without(USED)),
    "no swap counter": ("S15", INCONCLUSIVE, lambda week: week.without(SWAP_IN)),
    "no pressure": ("S15", INCONCLUSIVE, lambda week: week.without(PRESSURE)),
    "no counter": ("S2", INCONCLUSIVE, lambda week: week.without(SWITCHES)),
    "a counter set back": ("S2", INCONCLUSIVE, lambda week: week.fall(SWITCHES, 5000, 50_000)),
    "the swap counter set back for long": ("S15", INCONCLUSIVE, fell_often),
    "nobody looked on day 4": ("S22", INCONCLUSIVE, unseen),
}
NOT_FAULTS: dict[str, Change] = {
    "a nightly job of 30 min": lambda week: [week.set(BUSY, 120 + day * 1440, 30, 1.0) for day in range(7)][-1],
    "silent for 14 min": lambda week: week.silent(5000, 14),
    "an error of user space": lambda week: week.says(5000, "sshd: fatal", "user_log"),
    "a kernel warning": lambda week: week.says(5000, "thermal zone trip", "kernel_log", 4),
    "the log not read for an hour": lambda week: week.keep(LOG, ~week.within(LOG, 5000, 60)),
}


def week_of(server: Profile, change: Change | None) -> Judgement:
    return judge(server, after(change, Week()), server.window_ms)


def test_a_clean_week_passes_every_criterion(server: Profile) -> None:
    judged = week_of(server, None)
    assert {result.criterion: result.outcome for result in judged.results} == dict.fromkeys(
        ["S1", "S2", "S10", "S12", "S14", "S15", "S22"], PASS
    )
    assert (judged.verdict, judged.effective_ms) == (RunVerdict.PASS, server.window_ms)
    assert (judged.coverage.sample, judged.coverage.event, judged.coverage.counter) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_noticed(name: str, server: Profile) -> None:
    aimed_at, outcome, change = FAULTS[name]
    judged = week_of(server, change)
    assert judged.of(aimed_at).outcome is outcome
    assert judged.verdict is (RunVerdict.FAIL if outcome is FAIL else RunVerdict.INCONCLUSIVE)


@pytest.mark.parametrize("name", NOT_FAULTS)
def test_what_is_no_fault_of_the_device_fails_nothing(name: str, server: Profile) -> None:
    judged = week_of(server, NOT_FAULTS[name])
    assert [r.criterion for r in judged.results if r.outcome is not PASS] == (["S1"] if "silent" in name else [])


def test_every_blocker_has_its_fault(server: Profile) -> None:
    assert {aim for aim, _, _ in FAULTS.values()} == {c.named.id for c in server.criteria if c.named.blocker}


def test_the_matrix_is_as_published(server: Profile, golden: Callable[[str, str], None]) -> None:
    changes: dict[str, Change | None] = {
        "nothing": None,
        **NOT_FAULTS,
        **{name: c for name, (_, _, c) in FAULTS.items()},
    }
    rows = [["", *(criterion.named.id for criterion in server.criteria), "run"]]
    for name, change in changes.items():
        judged = week_of(server, change)
        rows.append([name, *(result.outcome.value for result in judged.results), judged.verdict.value])
    text = "\n".join(f"{row[0]:36}" + "".join(f"{cell:13}" for cell in row[1:]).rstrip() for row in rows)
    golden("detection_matrix.txt", text + "\n")
