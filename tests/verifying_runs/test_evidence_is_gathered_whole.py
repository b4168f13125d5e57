"""What is left out of the evidence is said, and what counts comes first."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from server.centre import Centre
from server.happenings.tables import EventRow, FactChange
from server.verification.gathering import boots_of, lines_of
from server.verification.windows import watched

MINUTE = 60_000


def told(centre: Centre, *events: tuple[int, int, str]) -> None:
    """(ms, severity, kind)."""
    with centre.records.writing() as session:
        for number, (at_ms, severity, kind) in enumerate(events):
            session.add(
                EventRow(
                    id=f"{number:04}", device_no="A", at_ms=at_ms, received_ms=at_ms, source="kernel_log", kind=kind,
                    severity=severity, text=f"line {number}",
                )
            )  # fmt: skip


def gathered(centre: Centre, most: int, end_ms: int = 10 * MINUTE) -> list[tuple[int, str, str, int]]:
    with centre.records.session() as session:
        return [(line.at_ms, line.kind, line.source, line.count) for line in lines_of(session, "A", 0, end_ms, most)]


def test_errors_and_losses_come_first_and_each_minute_says_what_is_missing_of_it(centre: Centre) -> None:
    told(
        centre,
        (1 * MINUTE, 4, "kernel_log"),
        (1 * MINUTE + 1, 4, "kernel_log"),
        (3 * MINUTE, 4, "log_lost"),
        (5 * MINUTE, 3, "kernel_log"),
        (7 * MINUTE, 5, "kernel_log"),
    )

    assert gathered(centre, 3) == [
        (1 * MINUTE, "kernel_log", "kernel_log", 1),
        (1 * MINUTE + 1, "log_held_back", "centre", 1),
        (3 * MINUTE, "log_lost", "kernel_log", 1),
        (5 * MINUTE, "kernel_log", "kernel_log", 1),
        (7 * MINUTE, "log_held_back", "centre", 1),
    ]


def test_nothing_is_said_to_be_missing_where_all_fits(centre: Centre) -> None:
    told(centre, (MINUTE, 3, "kernel_log"), (2 * MINUTE, 4, "kernel_log"))

    assert [kind for _, kind, _, _ in gathered(centre, 2)] == ["kernel_log"] * 2


def test_only_what_lies_inside_the_window_counts(centre: Centre) -> None:
    told(centre, (0, 3, "kernel_log"), (10 * MINUTE - 1, 3, "kernel_log"), (10 * MINUTE, 3, "kernel_log"))

    assert [at_ms for at_ms, *_ in gathered(centre, 100)] == [0, 10 * MINUTE - 1]


def test_the_boot_in_force_before_the_window_is_known(centre: Centre) -> None:
    said: Sequence[tuple[int, str, str]] = (
        (1, "boot_id", "one"),
        (2, "boot_id", "two"),
        (3, "kernel", "6.12"),
        (MINUTE, "boot_id", "three"),
        (9 * MINUTE, "boot_id", "four"),
    )
    with centre.records.writing() as session:
        for at_ms, key, value in said:
            session.add(FactChange(device_no="A", key=key, at_ms=at_ms, new=value))
    with centre.records.session() as session:
        boots = boots_of(session, "A", 5, 9 * MINUTE)

    assert [(boot.at_ms, boot.boot_id) for boot in boots] == [(2, "two"), (MINUTE, "three")]


@pytest.mark.parametrize(
    ("started", "now", "window"),
    [
        pytest.param(0, 3 * MINUTE, (0, 3 * MINUTE), id="on the minute"),
        pytest.param(1, 3 * MINUTE - 1, (MINUTE, 2 * MINUTE), id="between minutes"),
        pytest.param(1, 2, (MINUTE, MINUTE), id="not a minute yet"),
    ],
)
def test_a_window_has_whole_minutes_after_the_start(started: int, now: int, window: tuple[int, int]) -> None:
    assert watched(started, now) == window
