"""The runs: found by id or number, listed, read whole, and their open lines filled anew."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from checklists.duty.filling import Filled
from checklists.duty.template import canonical
from server.centre import Centre
from server.devices.tables import Device
from server.duty import filling
from server.duty.lines import OPEN, Run, counts_of, filled_of, line_of, run_of, spec_of
from server.duty.tables import ChecklistItem, ChecklistRun
from server.people.tables import Person
from server.records import Records
from server.times import to_ms

REFRESH_EVERY_MS = 5_000
MOST_RUNS = 200
LARGEST_ID = 2**31 - 1
NAMES_PER_QUESTION = 500


class NoSuchRun(LookupError):  # noqa: N818 - it reads as the sentence it makes
    """There is no run of this id or number, or no such line in it."""


def find_run(session: Session, ref: str) -> ChecklistRun:
    """By its id or its number. Raises NoSuchRun."""
    asked = select(ChecklistRun).where(col(ChecklistRun.number) == ref)
    if ref.isascii() and ref.isdecimal() and int(ref) <= LARGEST_ID:
        asked = select(ChecklistRun).where(col(ChecklistRun.id) == int(ref))
    row = session.exec(asked).first()
    if row is None:
        raise NoSuchRun(f"there is no checklist run {ref!r}")
    return row


def find_item(session: Session, run: ChecklistRun, item: str) -> ChecklistItem:
    """Raises NoSuchRun."""
    row = session.get(ChecklistItem, (run.id, item))
    if row is None:
        raise NoSuchRun(f"run {run.number} has no item {item!r}")
    return row


def read_run(centre: Centre, ref: str, now: datetime) -> Run:
    """The run with all its lines; those still open as the newest readings fill them. Raises NoSuchRun."""
    refresh(centre, ref, to_ms(now))
    return whole_run(centre.records, ref)


def whole_run(records: Records, ref: str) -> Run:
    """As it stands in the records. Raises NoSuchRun."""
    with records.session() as session:
        return whole(session, find_run(session, ref))


def whole(session: Session, run: ChecklistRun) -> Run:
    asked = select(ChecklistItem).where(col(ChecklistItem.run_id) == run.id).order_by(col(ChecklistItem.ordinal))
    rows = session.exec(asked).all()
    spoken = {run.started_by, run.closed_by, *(n for row in rows for n in (row.confirmed_by, row.reviewed_by))}
    names = names_of(session, spoken)
    devices = device_names(session, {row.device_no for row in rows})
    lines = [line_of(row, devices, names) for row in rows]
    return run_of(run, counts_of(Counter((line.state, line.says) for line in lines)), names, lines)


def runs(records: Records, state: str = "", template: str = "", limit: int = MOST_RUNS) -> list[Run]:
    """The newest first, without their lines. ``state`` and ``template`` "": any."""
    asked = select(ChecklistRun).order_by(col(ChecklistRun.id).desc()).limit(min(limit, MOST_RUNS))
    if state:
        asked = asked.where(col(ChecklistRun.state) == state)
    if template:
        asked = asked.where(col(ChecklistRun.template) == template)
    with records.session() as session:
        rows = session.exec(asked).all()
        tallies = _tallies(session, [row.id or 0 for row in rows])
        names = names_of(session, {name for row in rows for name in (row.started_by, row.closed_by)})
    return [run_of(row, counts_of(tallies.get(row.id or 0, {})), names) for row in rows]


def refresh(centre: Centre, ref: str, now_ms: int) -> None:
    """Fill open lines anew that were filled a few seconds ago or more. Raises NoSuchRun.

    A version grows only when what the line says changes, not with every new value: nobody confirms what they have not
    seen, and nobody is turned away because a number moved.
    """
    with centre.records.session() as session:
        run = find_run(session, ref)
        rows = _due(session, run, now_ms)
    lines = [(row.item, row.device_no, check) for row in rows if (check := spec_of(row).verify) is not None]
    if not lines:
        return
    filled = filling.fill(centre, lines, now_ms)
    with centre.records.writing() as session:
        for row in _due(session, find_run(session, ref), now_ms):
            if row.item in filled:
                put(row, filled[row.item], now_ms)
                session.add(row)


def put(row: ChecklistItem, filled: Filled, now_ms: int) -> None:
    """The reading into the row."""
    before = filled_of(row)
    if before is not None and before.key != filled.key:
        row.version += 1
    row.verdict, row.filled_json, row.filled_ms = filled.verdict.value, canonical(filled.as_json()), now_ms


def _due(session: Session, run: ChecklistRun, now_ms: int) -> Sequence[ChecklistItem]:
    if run.state != "open":
        return []
    asked = (
        select(ChecklistItem)
        .where(col(ChecklistItem.run_id) == run.id, col(ChecklistItem.state) == OPEN)
        .where(col(ChecklistItem.filled_ms) <= now_ms - REFRESH_EVERY_MS)
    )
    return session.exec(asked).all()


def _tallies(session: Session, ids: Collection[int]) -> Mapping[int, Mapping[tuple[str, str], int]]:
    """Run → (state, what the line says) → how many lines."""
    says = func.coalesce(func.nullif(col(ChecklistItem.result), ""), col(ChecklistItem.verdict))
    asked = (
        select(ChecklistItem.run_id, ChecklistItem.state, says, func.count())
        .where(col(ChecklistItem.run_id).in_(ids))
        .group_by(col(ChecklistItem.run_id), col(ChecklistItem.state), says)
    )
    found: dict[int, dict[tuple[str, str], int]] = defaultdict(dict)
    for run_id, state, word, number in session.exec(asked):
        found[run_id][state, word] = number
    return found


def names_of(session: Session, names: Iterable[str | None]) -> dict[str, str]:
    """Sign-in name → display name."""
    wanted = [name for name in names if name]
    found = session.exec(select(Person.name, Person.display_name).where(col(Person.name).in_(wanted)))
    return dict(found.all())


def device_names(session: Session, numbers: Iterable[str]) -> dict[str, str]:
    """Device number → name."""
    wanted, found = sorted(set(numbers)), {}
    for start in range(0, len(wanted), NAMES_PER_QUESTION):
        some = wanted[start : start + NAMES_PER_QUESTION]
        asked = select(Device.device_no, Device.name).where(col(Device.device_no).in_(some))
        found.update(dict(session.exec(asked).all()))
    return found
