"""Events, gaps and facts into rows: each once, at its own time, whatever is sent or replayed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlmodel import select

from checklists.sentences import Text
from checklists.verdicts import Health
from readings.wire import Batch, Dropped, SourceGap, Tick, WireEvent, WireFact
from server.alarms.queries import event_alarms, open_alarms
from server.happenings.happenings import Happenings
from server.happenings.queries import events, fact_changes, facts, gaps
from server.happenings.tables import EventRow
from server.inbox.arrival import Arrival, Sender
from server.judge.health import device_health
from server.records import Records

START = 1_800_000_000_000
SECOND_NS = 10**9
DAY_MS = 86_400_000


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = Records(tmp_path / "records.db")
    yield opened
    opened.close()


@pytest.fixture
def happenings(records: Records) -> Happenings:
    return Happenings(records)


def arrival(number: int, *, ticks: int = 1, received: int | None = None, **content: object) -> Arrival:
    """Batch ``number``: ``ticks`` ticks of 15 s, the first of them tick ``number``."""
    made = [Tick(number + at, 0, (number + at) * 15 * SECOND_NS, 0) for at in range(ticks)]
    times = [START + (number + at) * 15_000 for at in range(ticks)]
    batch = Batch(["boot"], made, interval_s=15.0, **content)  # type: ignore[arg-type]  # lists by their names
    received_ms = times[-1] + 100 if received is None else received
    return Arrival(number, Sender("agent-1", "SRV-1"), "e1", received_ms, batch, None, times, None, False)


def event(tick: int = 0, index: int = 0, severity: int = 3, text: str = "I/O error", **more: object) -> WireEvent:
    return WireEvent("", tick, index, "kernel", "error", severity, text, **more)  # type: ignore[arg-type]  # by name


def all_events(records: Records) -> list[EventRow]:
    return list(events(records, "SRV-1", 0, START * 2))


def test_an_event_is_a_row_and_opens_its_alarm_once_however_often_it_is_replayed(records: Records) -> None:
    sent = [arrival(1, events=[event(index=0), event(index=1)]), arrival(2, events=[event()])]
    for _ in range(3):
        fresh = Happenings(records)
        fresh._cursor = 0  # as if the cursor had not been written: the worst a crash can do
        fresh.apply(sent)
    assert len(all_events(records)) == 3
    assert len({row.id for row in all_events(records)}) == 3
    assert sorted(alarm.event_id or "" for alarm in open_alarms(records)) == sorted(
        row.id for row in all_events(records)
    )


def test_a_crash_between_acknowledgement_and_judging_leaves_nothing_out(
    happenings: Happenings, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = [arrival(1, events=[event()])]

    def broken(*_: object) -> None:
        raise OSError(5, "killed here")

    with monkeypatch.context() as patch:
        patch.setattr("server.happenings.happenings.write_cursor", broken)
        with pytest.raises(OSError, match="killed here"):
            happenings.apply(sent)
    assert all_events(records) == []
    assert open_alarms(records) == []
    assert Happenings(records).cursor() == 0
    Happenings(records).apply(sent)
    assert len(all_events(records)) == len(open_alarms(records)) == 1


@pytest.mark.parametrize(
    ("given", "at_ms", "inferred"),
    [
        pytest.param({"boottime": 14 * SECOND_NS}, START + 14_000, False, id="by boottime"),
        pytest.param({"wall": START * 10**6 - SECOND_NS}, START - 1000, True, id="of an earlier boot: its own clock"),
        pytest.param({}, START + 15_000, False, id="neither: when it was read"),
    ],
)
def test_an_event_has_its_own_time(
    happenings: Happenings, records: Records, given: dict[str, int], at_ms: int, inferred: bool
) -> None:
    happenings.apply([arrival(1, events=[event(**given)])])  # type: ignore[arg-type]  # by name
    (row,) = all_events(records)
    assert (row.at_ms, row.inferred) == (at_ms, inferred)


def test_an_event_learnt_of_long_after_is_marked_late(happenings: Happenings, records: Records) -> None:
    happenings.apply([arrival(1, received=START + DAY_MS, events=[event()])])
    assert [row.late for row in all_events(records)] == [True]
    assert [alarm.late for alarm in open_alarms(records)] == [True]


def test_only_errors_and_worse_open_an_alarm(happenings: Happenings, records: Records) -> None:
    happenings.apply([arrival(1, events=[event(index=severity, severity=severity) for severity in range(8)])])
    assert [alarm.severity for alarm in open_alarms(records)].count("fault") == 3
    assert len(open_alarms(records)) == 4
    assert len(all_events(records)) == 8


def test_what_a_program_wrote_into_a_log_is_kept_and_opens_no_alarm(happenings: Happenings, records: Records) -> None:
    happenings.apply([arrival(1, events=[msgspec.structs.replace(event(severity=0), kind="user_log")])])
    assert [row.kind for row in all_events(records)] == ["user_log"]
    assert open_alarms(records) == []


def test_an_alarm_by_an_event_is_seen_in_the_health_for_a_day(happenings: Happenings, records: Records) -> None:
    happenings.apply([arrival(1, events=[event(text="EXT4-fs error")])])
    alarm = event_alarms(records, START + 60_000)["SRV-1"]
    health = device_health(None, alarm)
    assert health.health is Health.UNKNOWN, "a device that never reported stays unknown"
    assert (alarm.count, alarm.text) == (1, Text("内核：EXT4-fs error", "kernel: EXT4-fs error"))
    assert event_alarms(records, START + 2 * DAY_MS) == {}


def test_neighbouring_gaps_are_one_stretch(happenings: Happenings, records: Records) -> None:
    for number in (1, 2, 3, 6):
        happenings.apply([arrival(number, gaps=[SourceGap("", "ipmi", [0], 3, "no answer")])])
    found = [(row.start_ms, row.end_ms, row.ticks, row.reason) for row in gaps(records, "SRV-1", 0, START * 2)]
    at = [START + number * 15_000 for number in range(7)]
    assert found == [(at[1], at[3], 3, "timed_out"), (at[6], at[6], 1, "timed_out")]


def test_a_stretch_goes_on_after_a_restart(records: Records) -> None:
    for number in (1, 2):
        Happenings(records).apply([arrival(number, gaps=[SourceGap("", "ipmi", [0], 3, "no answer")])])
    assert [row.ticks for row in gaps(records, "SRV-1", 0, START * 2)] == [2]


def test_an_answer_or_another_reason_ends_a_stretch(happenings: Happenings, records: Records) -> None:
    happenings.apply([arrival(1, ticks=4, gaps=[SourceGap("", "ipmi", [0, 2], 3)])])
    happenings.apply([arrival(5, gaps=[SourceGap("", "ipmi", [0], 2)])])
    assert [row.reason for row in gaps(records, "SRV-1", 0, START * 2)] == ["timed_out", "timed_out", "refused"]


def test_what_a_spool_dropped_is_a_gap_at_its_own_time(happenings: Happenings, records: Records) -> None:
    dropped = Dropped(10, 19, "boot", 10 * 15 * SECOND_NS, 19 * 15 * SECOND_NS, 0, 0)
    happenings.apply([arrival(20, dropped=[dropped])])
    (row,) = gaps(records, "SRV-1", 0, START * 2)
    assert (row.source, row.reason, row.ticks) == ("spool", "dropped", 10)
    assert (row.start_ms, row.end_ms) == (START + 150_000, START + 285_000)


def test_facts_are_kept_with_their_changes(happenings: Happenings, records: Records) -> None:
    for number, kernel in enumerate(["6.1", "6.1", "6.2"], 1):
        happenings.apply([arrival(number, facts=[WireFact("", 0, "kernel", kernel)])])
    assert [(row.key, row.value) for row in facts(records, "SRV-1")] == [("kernel", "6.2")]
    assert [(row.old, row.new) for row in fact_changes(records, "SRV-1")] == [("6.1", "6.2"), (None, "6.1")]


def test_a_batch_in_which_nothing_happened_moves_the_cursor_now_and_then(
    happenings: Happenings, records: Records
) -> None:
    happenings.apply([arrival(1, events=[event()])])
    happenings.apply([arrival(2, received=START + 15_200)])
    assert happenings.cursor() == 1
    happenings.apply([arrival(3)])
    assert happenings.cursor() == Happenings(records).cursor() == 3
    with records.session() as session:
        assert len(session.exec(select(EventRow)).all()) == 1
