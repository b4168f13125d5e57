"""The rule over the collector's ears: whoever does not listen for a minute is reported, with the listener's name."""

from __future__ import annotations

import pytest

from checklists.loading import FOLDER, load_rule
from readings.catalogue import load_catalogue
from readings.model import Gap
from server.judge.judge import Judge
from server.records import Records
from tests.judging.sent import START, Host

SLOTS = 8  # of 15 s: two minutes


@pytest.mark.parametrize(
    ("said", "slots", "verdicts"),
    [
        pytest.param(1.0, SLOTS, ["met"], id="it hears"),
        pytest.param(0.0, SLOTS, ["not_met"], id="it is deaf"),
        pytest.param(0.0, 2, ["unknown"], id="it only begins"),
        pytest.param(Gap.UNREADABLE, SLOTS, ["unknown"], id="nobody can say"),
    ],
)
def test_a_collector_that_hears_nothing_is_found(
    said: float | Gap, slots: int, verdicts: list[str], records: Records, host: Host
) -> None:
    judge = Judge(records, [load_rule(FOLDER / "listener_deaf.yaml", load_catalogue())], START)

    judge.apply([host.arrival([(number, {("listener_hearing", "traps"): said}) for number in range(slots)])])

    found = judge.findings("SRV-1")
    assert [finding.verdict.value for finding in found] == verdicts
    assert all(finding.key == ("listener_deaf", "traps") for finding in found)
