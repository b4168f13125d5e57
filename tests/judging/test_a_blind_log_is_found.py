"""The rule over the agents' self-test: a log that did not bring its line back is reported, with its name."""

from __future__ import annotations

import pytest

from checklists.loading import FOLDER, load_rule
from readings.catalogue import load_catalogue
from readings.model import Gap
from server.judge.judge import Judge
from server.records import Records
from tests.judging.sent import START, Host


@pytest.mark.parametrize(
    ("said", "verdicts"),
    [
        pytest.param(1.0, ["met"], id="it came back"),
        pytest.param(0.0, ["not_met"], id="it did not"),
        pytest.param(Gap.REFUSED, ["unknown"], id="it could not be written"),
        pytest.param(Gap.NOT_OFFERED, [], id="no such log"),
    ],
)
def test_a_log_is_as_good_as_its_self_test(
    said: float | Gap, verdicts: list[str], records: Records, host: Host
) -> None:
    judge = Judge(records, [load_rule(FOLDER / "log_blind.yaml", load_catalogue())], START)

    judge.apply([host.arrival([(number, {("log_marker_seen", "kernel"): said}) for number in range(4)])])

    found = judge.findings("SRV-1")
    assert [finding.verdict.value for finding in found] == verdicts
    assert all(finding.key == ("log_blind", "kernel") for finding in found)
