"""The applier of events, gaps of sources and facts. An event and the alarm it opens are one transaction."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, update
from sqlmodel import Session, col, select

from checklists.verdicts import RuleSeverity
from readings.model import Severity
from server.alarms.opening import event_alarm
from server.alarms.tables import Alarm
from server.happenings.rows import Stretch, event_rows, stretches
from server.happenings.tables import EventRow, FactChange, FactRow, SourceGapRow
from server.happenings.tongues import told
from server.inbox.arrival import Arrival
from server.records import Records
from server.records.cursors import read_cursor, table_of, upsert, write_cursor

NAME = "happenings"
KEYS_PER_QUESTION = 500
WRITE_EVERY_MS = 2_000
JOIN = 1.5  # gaps closer than this many intervals are one stretch


class Happenings:
    """Fed by the pump's thread. In memory it keeps only the last gap of each source, which the records have too."""

    name = NAME

    def __init__(self, records: Records) -> None:
        self._records = records
        self._written_ms = 0
        self._last_gaps: dict[tuple[str, str], SourceGapRow] = {}
        with records.session() as session:
            self._cursor = read_cursor(session, NAME)
        self._applying = threading.Lock()

    def cursor(self) -> int:
        return self._cursor

    def apply(self, arrivals: Sequence[Arrival]) -> None:
        """One transaction for all that happened in these. A batch without anything moves the cursor now and then."""
        with self._applying:
            stored = [arrival for arrival in arrivals if arrival.id > self._cursor and arrival.batch is not None]
            if not stored:
                return
            speaking = [
                a for a in stored if a.batch and (a.batch.events or a.batch.gaps or a.batch.facts or a.batch.dropped)
            ]
            if not speaking and stored[-1].received_ms - self._written_ms < WRITE_EVERY_MS:
                return
            position = max(arrival.id for arrival in stored)
            try:
                with self._records.writing() as session:
                    for arrival in speaking:
                        self._write(session, arrival)
                    write_cursor(session, NAME, position)
            except BaseException:
                self._last_gaps.clear()  # they may name rows that were never committed
                raise
            self._cursor, self._written_ms = position, stored[-1].received_ms

    def _write(self, session: Session, arrival: Arrival) -> None:
        batch = arrival.batch
        assert batch is not None
        events = event_rows(arrival, batch)
        upsert(session, EventRow, events, keep=True)
        upsert(session, Alarm, [alarm for row in events if (alarm := alarm_of(row))], keep=True)
        for stretch in stretches(arrival, batch):
            self._join(session, stretch, batch.interval_s)
        for fact in batch.facts:
            device_no = arrival.device_of(fact.device)
            self._learn(session, device_no, fact.key, fact.value, arrival.times[fact.tick])

    def _join(self, session: Session, stretch: Stretch, interval_s: float) -> None:
        """Make the last gap of the source longer, or begin a new one."""
        key = (stretch.device_no, stretch.source)
        last = self._last_gaps.get(key)
        if last is None:
            asked = select(SourceGapRow).where(
                col(SourceGapRow.device_no) == stretch.device_no, col(SourceGapRow.source) == stretch.source
            )
            last = session.exec(asked.order_by(col(SourceGapRow.end_ms).desc()).limit(1)).first()
        if (
            last is not None
            and (last.reason, last.detail) == (stretch.reason, stretch.detail)
            and 0 < stretch.start_ms - last.end_ms <= JOIN * interval_s * 1000
        ):
            last.end_ms, last.ticks = stretch.end_ms, last.ticks + stretch.ticks
            found = update(SourceGapRow).where(col(SourceGapRow.id) == last.id)
            session.connection().execute(found.values(end_ms=last.end_ms, ticks=last.ticks))
        else:
            last = SourceGapRow(
                device_no=stretch.device_no,
                source=stretch.source,
                reason=stretch.reason,
                detail=stretch.detail,
                start_ms=stretch.start_ms,
                end_ms=stretch.end_ms,
                ticks=stretch.ticks,
            )
            session.add(last)
            session.flush()
        self._last_gaps[key] = last

    def _learn(self, session: Session, device_no: str, key: str, value: str, at_ms: int) -> None:
        known = session.get(FactRow, (device_no, key))
        if known is not None and (known.value == value or known.since_ms > at_ms):
            return
        change = {"device_no": device_no, "key": key, "at_ms": at_ms, "old": known.value if known else None}
        session.connection().execute(insert(table_of(FactChange)), [change | {"new": value}])
        if known is None:
            session.add(FactRow(device_no=device_no, key=key, value=value, since_ms=at_ms))
        else:
            known.value, known.since_ms = value, at_ms
        session.flush()


def alarm_of(event: dict[str, Any]) -> dict[str, Any] | None:
    """The alarm an event opens: everything at severity error or worse; critical and worse is a fault.

    What a program wrote into a log is kept and shown but opens none: anybody on the host can write there, and a
    program's word for its own trouble says nothing of the device.
    """
    if event["severity"] > Severity.ERROR or event["kind"] == "user_log":
        return None
    severity = RuleSeverity.FAULT if event["severity"] <= Severity.CRITICAL else RuleSeverity.WARNING
    text = told(event["source"], event["kind"], event["text"])
    return event_alarm(event["device_no"], event["id"], severity, event["at_ms"], text, late=event["late"])
