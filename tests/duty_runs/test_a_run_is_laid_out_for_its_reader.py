"""Lines by device and section, what differs first, and how much is left; the same to Prometheus."""

from __future__ import annotations

import re

import pytest

from server.centre import Centre
from server.duty.lines import Run
from server.duty.runs import whole_run
from server.duty.views import by_device, for_review, may_confirm, may_review, progress
from tests.duty_runs.conftest import NewServer, StartRound
from tests.duty_runs.house import Round
from tests.fixtures_centre import Client, MakeToken, Visit

LINES = re.compile(r'^zhishou_checklist_items\{state="(\w+)",template="host_round"\} (\S+)$', re.MULTILINE)


@pytest.fixture
def run(server: NewServer, start: StartRound) -> Round:
    server("S-1")
    server("S-2", well=False)
    return start()


def stored(centre: Centre, run: Round) -> Run:
    return whole_run(centre.records, run.number)


def test_lines_stand_by_device_and_section(run: Round, centre: Centre) -> None:
    groups = by_device(stored(centre, run))
    assert [(group.device_no, group.name) for group in groups] == [("S-1", "主机 S-1"), ("S-2", "主机 S-2"), ("", "")]
    assert [section.id for section in groups[0].sections] == ["system", "errors"]
    assert [section.text.zh for section in groups[-1].sections] == ["机房"]
    assert [line.item for line in groups[0].sections[1].lines] == ["kernel_errors@S-1", "alarms@S-1"]
    assert len(groups[0].lines) == groups[0].progress.total == 8


def test_progress_counts_what_is_left(run: Round, wang: Client, centre: Centre) -> None:
    run.confirm("cpu@S-1")
    run.confirm("memory@S-1")
    run.by(wang).review("cpu@S-1")
    whole = progress(stored(centre, run).lines)
    assert (whole.total, whole.open, whole.waiting, whole.done, whole.complete) == (17, 15, 1, 1, False)
    assert progress([]).complete


def test_what_differs_comes_first_for_the_reviewer(run: Round, centre: Centre) -> None:
    run.confirm("cpu@S-1")
    run.confirm("heard@S-2", note="powered off")
    run.confirm("lamps", result="abnormal", note="amber in rack 2")
    run.confirm("memory@S-1", result="abnormal", note="swapping")
    whole = stored(centre, run)

    mine = [line.item for line in for_review(whole, "wang", ["dba"])]
    assert mine == ["memory@S-1", "lamps", "heard@S-2", "cpu@S-1"]
    assert for_review(whole, "li", ["dba"]) == [], "nobody reviews what they confirmed"
    assert for_review(whole, "sun", []) == [], "nobody reviews what is for another post"


def test_a_page_knows_whom_a_line_waits_for(run: Round, centre: Centre) -> None:
    run.confirm("cpu@S-1")
    lines = {line.item: line for line in stored(centre, run).lines}
    done, left = lines["cpu@S-1"], lines["memory@S-1"]
    assert [may_confirm(left, posts) for posts in (["sysadmin"], ["dba"], [])] == [True, False, False]
    assert not may_confirm(done, ["sysadmin"])
    assert [may_review(done, *who) for who in (("wang", ["dba"]), ("li", ["dba"]), ("sun", []))] == [True, False, False]
    assert not may_review(left, "wang", ["dba"])


def test_prometheus_sees_the_lines_of_open_runs(run: Round, wang: Client, visit: Visit, token: MakeToken) -> None:
    scraper = visit().bear(token("read"))

    def told() -> dict[str, float]:
        found = LINES.findall(scraper.get("/metrics").text)
        return {state: float(number) for state, number in found}

    assert told() == {"open": 17, "confirmed": 0, "reviewed": 0}
    run.confirm_all()
    run.by(wang).review("cpu@S-1")
    assert told() == {"open": 0, "confirmed": 16, "reviewed": 1}
    run.by(wang).review_all()
    run.close()
    assert told() == {"open": 0, "confirmed": 0, "reviewed": 0}
