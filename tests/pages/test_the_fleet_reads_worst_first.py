"""The fleet answers first, then lists the worst first, however many devices there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.web import fleet
from server.web.fleet import PAGE_SIZE, FleetView, Question, stand
from server.web.sight import Course, Series, Value

if TYPE_CHECKING:
    from tests.pages.conftest import PaperCentre


def seen(paper: PaperCentre, question: Question = Question(), language: str = "zh") -> FleetView:  # noqa: B008 - frozen
    glance = paper.glance(language)
    return fleet.view(glance, stand(paper, glance.now_ms), question)


def answer(view: FleetView) -> str:
    return "".join(text for _, text in view.answer)


def value(metric: str, part: str, number: float | None, at_ms: int, *, stale: bool = False) -> Value:
    return Value(metric, part, number, None if number is not None else "lost", at_ms, stale, "ratio", {"zh": metric})


def test_no_device_says_how_to_begin(paper: PaperCentre) -> None:
    view = seen(paper)
    assert answer(view) == "还没有设备。三步接入第一台。"
    assert (view.total_devices, view.groups, view.pages) == (0, [], 1)


def test_all_is_well_in_one_sentence(paper: PaperCentre) -> None:
    paper.add("SRV-1")
    assert answer(seen(paper)) == "1 台设备，全部正常。"
    assert answer(seen(paper, language="en")) == "1 device, normal."
    assert seen(paper).worst == ""


def test_what_is_wrong_stands_in_the_sentence_worst_first(paper: PaperCentre) -> None:
    paper.add("SRV-1")
    paper.add("SRV-2", "warning", name="行情", reason={"zh": "CPU 使用率 93 %", "en": "CPU busy 93 %"})
    paper.add("SRV-3", "fault", name="结算", reason={"zh": "磁盘已满", "en": "disk full"})
    paper.add("SRV-4", "unknown")
    assert answer(seen(paper)) == "4 台设备，1 台故障、1 台告警、1 台无数据，其余正常。"
    assert answer(seen(paper, language="en")) == (
        "4 devices: 1 faulty, 1 with a warning, 1 without data; the others are normal."
    )
    assert seen(paper).worst == "最要紧：结算，磁盘已满"


def test_unknown_is_never_counted_as_normal(paper: PaperCentre) -> None:
    paper.add("SRV-1", "unknown")
    view = seen(paper)
    assert answer(view) == "1 台设备，1 台无数据。"
    assert dict(view.counts)["normal"] == 0


def test_groups_follow_from_the_worst_and_by_number_within(paper: PaperCentre) -> None:
    for number, health in enumerate(["normal", "maintenance", "warning", "unreachable", "fault", "unknown", "fault"]):
        paper.add(f"SRV-{number}", health)
    listed = [(group.health, [row.device_no for row in group.rows]) for group in seen(paper).groups]
    assert listed == [
        ("fault", ["SRV-4", "SRV-6"]),
        ("unreachable", ["SRV-3"]),
        ("warning", ["SRV-2"]),
        ("unknown", ["SRV-5"]),
        ("maintenance", ["SRV-1"]),
        ("normal", ["SRV-0"]),
    ]


def test_ten_thousand_devices_come_a_page_at_a_time_and_only_that_page_is_asked_for(paper: PaperCentre) -> None:
    for number in range(10_000):
        paper.add(f"SRV-{number:05d}", "fault" if number == 7777 else "normal")
    paper.values = {ledger.device_no: [value("cpu_busy_ratio", "total", 0.5, 1)] for ledger in paper.devices}
    view = seen(paper)
    assert view.groups[0].rows[0].device_no == "SRV-07777"
    assert sum(len(group.rows) for group in view.groups) == PAGE_SIZE
    assert [group.count for group in view.groups] == [1, 9999]
    assert len(set(paper.asked)) == len(paper.asked) == PAGE_SIZE
    assert view.pages == 200
    assert seen(paper, Question(page=10**6)).page == 200


@pytest.mark.parametrize(
    ("search", "found"),
    [
        pytest.param("前置", ["SRV-1"], id="part of a name"),
        pytest.param("srv-2", ["SRV-2"], id="a number in any case"),
        pytest.param("srv 网关", ["SRV-2"], id="every word must fit"),
        pytest.param("nowhere", [], id="nothing fits"),
    ],
)
def test_devices_are_found_by_what_stands_in_their_row(paper: PaperCentre, search: str, found: list[str]) -> None:
    paper.add("SRV-1", name="交易前置")
    paper.add("SRV-2", name="行情网关")
    view = seen(paper, Question(search))
    assert [row.device_no for group in view.groups for row in group.rows] == found
    assert view.total_devices == 2


def test_a_filter_keeps_the_search_and_starts_at_the_first_page() -> None:
    question = Question("前置", "fault", 3)
    assert question.link(health="warning") == "q=%E5%89%8D%E7%BD%AE&health=warning"
    assert question.link(page=1) == "q=%E5%89%8D%E7%BD%AE&health=fault"
    assert question.link(page=4) == "q=%E5%89%8D%E7%BD%AE&health=fault&page=4"


def test_the_fullest_disk_stands_for_the_disks(paper: PaperCentre, now_ms: int) -> None:
    paper.add("SRV-1")
    paper.values["SRV-1"] = [
        value("cpu_busy_ratio", "0", 0.9, now_ms),
        value("cpu_busy_ratio", "total", 0.25, now_ms),
        value("filesystem_used_ratio", "/", 0.5, now_ms),
        value("filesystem_used_ratio", "/var", 0.75, now_ms),
    ]
    quicks = seen(paper).groups[0].rows[0].quicks
    assert [(quick.number, quick.unit) for quick in quicks] == [("25.0", "%"), ("", ""), ("75.0", "%")]


@pytest.mark.parametrize(("number", "stale"), [(None, False), (0.5, True)], ids=["a gap", "an old value"])
def test_what_is_not_known_now_is_no_number(paper: PaperCentre, now_ms: int, number: float | None, stale: bool) -> None:
    paper.add("SRV-1")
    paper.values["SRV-1"] = [value("cpu_busy_ratio", "total", number, now_ms, stale=stale)]
    assert seen(paper).groups[0].rows[0].quicks[0].number == ""


def test_many_viewers_ask_the_history_once(paper: PaperCentre, now_ms: int) -> None:
    paper.add("SRV-1")
    paper.values["SRV-1"] = [value("cpu_busy_ratio", "total", 0.2, now_ms)]
    paper.lines[Series("cpu_busy_ratio", "total")] = Course([now_ms - 30_000, now_ms - 15_000], [0.1, 0.2])
    glance = paper.glance()
    for _ in range(20):
        fleet.view(glance, stand(paper, now_ms), Question())
    assert paper.asked == ["SRV-1"]
