"""A run and its lines as plain values, put together from the rows: for the API, the record and the pages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checklists.duty.filling import Filled, filled_from
from checklists.duty.template import Item, Template
from checklists.duty.thawing import item_from, template_from
from server.duty.tables import ChecklistItem, ChecklistRun

OPEN, CONFIRMED, REVIEWED = STATES = ("open", "confirmed", "reviewed")
RESULTS = ("normal", "abnormal", "no_data", "not_applicable")


@dataclass(frozen=True, slots=True)
class Act:
    """Who did it and when. ``display_name`` is how the person is called now."""

    by: str
    display_name: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what was read (``filled``; None where somebody looks), what a person says, and that another agrees."""

    item: str
    spec: Item
    device_no: str
    device_name: str
    verdict: str
    filled: Filled | None
    filled_ms: int | None
    state: str
    result: str
    value: str
    override: bool
    note: str
    confirmed: Act | None
    reviewed: Act | None
    review_note: str
    version: int

    @property
    def says(self) -> str:
        """The person's word once there is one, the reading's until then; "" where nobody has looked yet."""
        return self.result or self.verdict


@dataclass(frozen=True, slots=True)
class Run:
    """``lines`` in their order; empty where only the head was asked for. ``counts`` by state and by what lines say."""

    id: int
    number: str
    template: Template
    template_hash: str
    calendar_date: str
    state: str
    started: Act
    closed: Act | None
    record_sha256: str | None
    counts: Mapping[str, int]
    lines: Sequence[Line] = ()


def run_of(row: ChecklistRun, counts: Mapping[str, int], names: Mapping[str, str], lines: Sequence[Line] = ()) -> Run:
    """``names``: sign-in name → display name."""
    started = act(row.started_by, row.started_ms, names)
    assert started is not None
    return Run(
        id=row.id or 0,
        number=row.number,
        template=template_from(json.loads(row.template_json)),
        template_hash=row.template_hash,
        calendar_date=row.calendar_date,
        state=row.state,
        started=started,
        closed=act(row.closed_by, row.closed_ms, names),
        record_sha256=row.record_sha256,
        counts=counts,
        lines=lines,
    )


def line_of(row: ChecklistItem, devices: Mapping[str, str], names: Mapping[str, str]) -> Line:
    """``devices``: number → name."""
    return Line(
        item=row.item,
        spec=spec_of(row),
        device_no=row.device_no,
        device_name=devices.get(row.device_no, ""),
        verdict=row.verdict,
        filled=filled_of(row),
        filled_ms=row.filled_ms,
        state=row.state,
        result=row.result,
        value=row.human_value,
        override=bool(row.override),
        note=row.note,
        confirmed=act(row.confirmed_by, row.confirmed_ms, names),
        reviewed=act(row.reviewed_by, row.reviewed_ms, names),
        review_note=row.review_note,
        version=row.version,
    )


def spec_of(row: ChecklistItem) -> Item:
    return item_from(json.loads(row.spec_json))


def filled_of(row: ChecklistItem) -> Filled | None:
    return filled_from(json.loads(row.filled_json)) if row.filled_json else None


def act(by: str | None, at_ms: int | None, names: Mapping[str, str]) -> Act | None:
    return None if by is None or at_ms is None else Act(by, names.get(by, by), at_ms)


def counts_of(tallies: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """From (state, what the line says) → how many to the counts of a run, every word there, 0 where there is none."""
    counts = dict.fromkeys((*STATES, *RESULTS), 0)
    for (state, says), number in tallies.items():
        counts[state] += number
        if says:
            counts[says] += number
    return counts
