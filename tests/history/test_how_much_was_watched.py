"""Coverage in minutes: filled by any tick, and a reason for each that is not."""

from __future__ import annotations

from typing import Any

from server.history import CoverageGap

MINUTE = 60_000
START = 1_795_000_020_000


def test_a_minute_with_one_tick_is_filled(archive: Any, said: Any) -> None:
    for number, minute in enumerate([0, 1, 2, 6, 7]):
        archive.feed(said(number + 1, [(START + minute * MINUTE + 59_999, [1.0])]))
        if number == 2:
            archive.history.seal()
    found = archive.history.coverage("A-1", START, START + 10 * MINUTE)
    assert (found.slots, found.filled, found.ratio) == (10, 5, 0.5)
    assert found.gaps == [
        CoverageGap(START + 3 * MINUTE, START + 6 * MINUTE, "unreachable"),
        CoverageGap(START + 8 * MINUTE, START + 10 * MINUTE, "unreachable"),
    ]


def test_before_its_first_tick_a_device_offered_nothing(archive: Any, said: Any) -> None:
    archive.feed(said(1, [(START + 5 * MINUTE, [1.0])]))
    found = archive.history.coverage("A-1", START, START + 6 * MINUTE)
    assert found.gaps == [CoverageGap(START, START + 5 * MINUTE, "not_offered")]
    assert archive.history.coverage("nobody", START, START + MINUTE).gaps[0].reason == "not_offered"


def test_the_reason_is_what_somebody_said_of_most_of_the_hole(archive: Any, said: Any) -> None:
    archive.feed(said(1, [(START, [1.0])]), said(2, [(START + 10 * MINUTE, [1.0])]))
    archive.history.known_gaps = lambda *_asked: [
        CoverageGap(START + MINUTE, START + 2 * MINUTE, "timed_out"),
        CoverageGap(START + 2 * MINUTE, START + 9 * MINUTE, "dropped"),
    ]
    found = archive.history.coverage("A-1", START, START + 11 * MINUTE)
    assert found.gaps == [CoverageGap(START + MINUTE, START + 10 * MINUTE, "dropped")]


def test_a_pass_in_which_every_source_failed_still_was_a_tick(archive: Any, said: Any) -> None:
    from readings.model import Gap  # noqa: PLC0415 - this test alone

    archive.feed(said(1, [], failed=[(START, "load", Gap.UNREADABLE)]))
    assert archive.history.coverage("A-1", START, START + MINUTE).filled == 1


def test_no_slots_in_an_empty_span(archive: Any) -> None:
    assert archive.history.coverage("A-1", START, START).ratio == 0.0
