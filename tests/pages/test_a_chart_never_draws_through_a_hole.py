"""What a chart is drawn from: holes break lines, counters become rates, limits and events come along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from server.web import sparkline
from server.web.chart_answer import answer
from server.web.panels import MAX_LINES, PANELS, RANGE_WORDS, RANGES
from server.web.sight import Course, Cover, EventRow, Hole, Limit, Series

if TYPE_CHECKING:
    from tests.pages.conftest import PaperCentre

TICK_MS = 15_000


def drawn(paper: PaperCentre, span: str = "15m") -> dict[str, Any]:
    return answer(paper.glance(), paper.devices[0], span)


def panel(paper: PaperCentre, name: str, span: str = "15m") -> dict[str, Any]:
    return next(panel for panel in drawn(paper, span)["panels"] if panel["id"] == name)


@pytest.fixture
def cpu(paper: PaperCentre, now_ms: int) -> PaperCentre:
    """Six ticks of CPU and a hole, as the history tells it."""
    paper.add("SRV-1")
    times = [now_ms - TICK_MS * back for back in (10, 9, 8, 7, 3, 2, 1)]
    paper.lines[Series("cpu_busy_ratio", "total")] = Course(times, [0.1, 0.2, 0.3, None, 0.4, 0.5, 0.6])
    return paper


def test_a_hole_breaks_the_line(cpu: PaperCentre) -> None:
    assert panel(cpu, "cpu")["series"][0]["avg"] == [0.1, 0.2, 0.3, None, 0.4, 0.5, 0.6]


def test_lines_of_one_chart_share_their_times(paper: PaperCentre, now_ms: int) -> None:
    paper.add("SRV-1")
    paper.lines[Series("load1")] = Course([now_ms - 30_000, now_ms - 15_000], [1.0, 2.0])
    paper.lines[Series("load5")] = Course([now_ms - 15_000], [3.0])
    chart = panel(paper, "load")
    assert chart["t"] == [now_ms / 1000 - 30, now_ms / 1000 - 15]
    assert [line["avg"] for line in chart["series"]] == [[1.0, 2.0], [None, 3.0]]


def test_a_gap_reading_stays_a_gap(paper: PaperCentre, now_ms: int) -> None:
    paper.add("SRV-1")
    times = [now_ms - TICK_MS * back for back in (3, 2, 1)]
    paper.lines[Series("cpu_busy_ratio", "total")] = Course(times, [0.1, None, 0.3])
    assert panel(paper, "cpu")["series"][0]["avg"] == [0.1, None, 0.3]


def test_a_hole_is_shaded_from_the_last_value_to_the_next_with_the_devices_reason(
    cpu: PaperCentre, now_ms: int
) -> None:
    first, last_before, next_after = (now_ms - TICK_MS * back for back in (10, 8, 3))
    cpu.cover = Cover(
        15, 10, [Hole(0, first - 30_000, "not_offered"), Hole(last_before + 20_000, next_after, "unreachable")]
    )
    assert panel(cpu, "cpu")["gaps"] == [
        {"start": (first - 30_000) / 1000 - 30, "end": first / 1000, "reason": "not_offered"},
        {"start": last_before / 1000, "end": next_after / 1000, "reason": "unreachable"},
    ]


def test_what_one_source_did_not_give_is_shaded_too(cpu: PaperCentre, now_ms: int) -> None:
    cpu.cover = Cover(15, 15)
    reasons = [gap["reason"] for gap in panel(cpu, "cpu")["gaps"]]
    assert reasons == ["unreadable", "unreadable"]


def test_a_bucket_is_known_until_the_next_begins(paper: PaperCentre, now_ms: int) -> None:
    paper.add("SRV-1")
    start = now_ms - 86_400_000
    known = [at for at in range(start, now_ms, 300_000) if not start + 6_000_000 < at < start + 9_000_000]
    paper.lines[Series("cpu_busy_ratio", "total")] = Course(known, [0.5] * len(known))
    assert panel(paper, "cpu", "1d")["gaps"] == [
        {"start": start / 1000 + 6_300, "end": start / 1000 + 9_000, "reason": "unreadable"}
    ]


def test_limits_and_events_come_along(cpu: PaperCentre, now_ms: int) -> None:
    cpu.thresholds["cpu_busy_ratio"] = [Limit(0.9, "warning")]
    cpu.happened = [EventRow(now_ms - 1000, "kernel", 3, "I/O error", 1, False)]
    assert panel(cpu, "cpu")["limits"] == [{"value": 0.9, "severity": "warning"}]
    assert drawn(cpu)["events"] == [{"at": now_ms / 1000 - 1, "severity": 3, "text": "I/O error"}]


def test_what_a_device_does_not_have_is_no_empty_chart(cpu: PaperCentre) -> None:
    assert [chart["id"] for chart in drawn(cpu)["panels"]] == ["cpu"]


def test_what_it_has_without_a_value_in_this_stretch_is_an_empty_chart(cpu: PaperCentre) -> None:
    cpu.lines[Series("temperature_celsius", "cpu")] = Course((), ())
    assert panel(cpu, "temperature")["series"] == []


def test_traffic_is_drawn_as_its_rate_in_bits_and_loopback_left_out(paper: PaperCentre, now_ms: int) -> None:
    paper.add("SRV-1")
    times = [now_ms - TICK_MS * back for back in (3, 2, 1)]
    for part in ("eth0", "lo"):
        paper.lines[Series("network_receive_bytes_total", part, rate=True)] = Course(times, [None, 1000, 2000])
    chart = panel(paper, "network")
    assert chart["unit"] == "bits_per_second"
    assert [(line["label"], line["avg"]) for line in chart["series"]] == [("eth0 收", [None, 8000, 16000])]


def test_min_and_max_come_along_where_the_history_summarised(cpu: PaperCentre, now_ms: int) -> None:
    times = [now_ms - 600_000, now_ms - 300_000]
    cpu.lines[Series("cpu_busy_ratio", "total")] = Course(times, [0.2, 0.3], [0.1, 0.2], [0.9, 0.4])
    line = panel(cpu, "cpu", "1d")["series"][0]
    assert (line["min"], line["max"]) == ([0.1, 0.2], [0.9, 0.4])


def test_no_chart_has_more_lines_than_colours_and_keeps_the_highest(paper: PaperCentre, now_ms: int) -> None:
    paper.add("SRV-1")
    for number in range(12):
        paper.lines[Series("temperature_celsius", f"core {number:02d}")] = Course([now_ms - TICK_MS], [float(number)])
    labels = [line["label"] for line in panel(paper, "temperature")["series"]]
    assert labels == [f"core {number:02d}" for number in range(12 - MAX_LINES, 12)]


def test_every_range_asks_for_a_bounded_number_of_points() -> None:
    assert RANGES.keys() == RANGE_WORDS.keys()
    assert all(back_s / (step_s or 15) <= 400 for back_s, step_s in RANGES.values())
    assert len({chart.id for chart in PANELS}) == len(PANELS)


def test_a_sparkline_breaks_where_nothing_is_known() -> None:
    points = [(0, 1.0), (10, 2.0), (20, None), (30, 3.0), (40, 1.0), (90, 2.0), (100, 2.5)]
    line = sparkline.draw(points, start_ms=0, end_ms=100, step_ms=10)
    assert str(line).count("<polyline") == 3
    assert "nan" not in str(line)


def test_a_sparkline_of_nothing_is_empty() -> None:
    assert "<polyline" not in sparkline.draw([(0, None)], start_ms=0, end_ms=100, step_ms=10)
    assert "<polyline" not in sparkline.draw([], start_ms=0, end_ms=100, step_ms=10)
