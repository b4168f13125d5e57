"""Starting a run: which devices it is about, its number, the checklist frozen, every line filled."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, func, select

from checklists.duty.template import Item, Template, canonical
from server.audit.chain import Actor, append
from server.centre import Centre
from server.devices.ledger import PENDING, all_devices
from server.devices.tables import Device
from server.duty import filling
from server.duty.runs import put
from server.duty.tables import ChecklistItem, ChecklistRun
from server.people.acting import ActRefused
from server.people.tables import Person
from server.times import HOUSE, to_ms

MOST_LINES = 5_000
OUT_OF_USE = frozenset({"retired", "scrapped"})  # 1.5-11: neither polled nor listed in rounds
Spread = Sequence[tuple[Item, str]]  # (item, device_no; "" for a line that is there once), in the order of the run


def start_run(
    centre: Centre, template_id: str, devices: Sequence[str] | None, *, person: Person, actor: Actor, now: datetime
) -> str:
    """The number of the new run. ``devices`` None: every one the checklist is for. Raises ActRefused."""
    template = centre.templates.get(template_id)
    if template is None:
        there = ", ".join(centre.templates)
        raise ActRefused(
            f"there is no checklist {template_id!r} (there are: {there})",
            zh=f"没有检查表 {template_id}",
            status=422,
        )
    ledger = [device for device in all_devices(centre.records) if device.state != PENDING]
    lines = spread(template, chosen(template, ledger, devices))
    now_ms = to_ms(now)
    asked = [(item_id(item, no), no, item.verify) for item, no in lines if item.verify is not None]
    filled = filling.fill(centre, asked, now_ms)
    with centre.records.writing() as session:
        run = ChecklistRun(
            number=_number(session, now),
            template=template.id,
            template_version=template.version,
            template_hash=template.hash,
            template_json=template.frozen,
            calendar_date=house_day(now),
            started_ms=now_ms,
            started_by=person.name,
        )
        session.add(run)
        session.flush()
        for ordinal, (item, device_no) in enumerate(lines):
            row = ChecklistItem(
                run_id=run.id or 0,
                item=item_id(item, device_no),
                ordinal=ordinal,
                device_no=device_no,
                spec_json=canonical(item.as_json()),
            )
            if row.item in filled:
                put(row, filled[row.item], now_ms)
            session.add(row)
        new = {
            "template": template.id,
            "version": template.version,
            "hash": template.hash,
            "devices": sorted({no for _, no in lines if no}),
            "items": len(lines),
        }
        append(session, at=now, actor=actor, act="run.started", subject=f"run/{run.number}", new=new)
        return run.number


def item_id(item: Item, device_no: str) -> str:
    """As the item is called in addresses: "cpu@S-001", or "lamps" for a line that is there once."""
    return f"{item.id}@{device_no}" if device_no else item.id


def chosen(template: Template, ledger: Sequence[Device], wanted: Sequence[str] | None) -> list[Device]:
    """The devices the run is about, in the order of their numbers. Raises ActRefused."""
    fitting = [device for device in ledger if device.life not in OUT_OF_USE and _concerns(template, device)]
    if wanted is not None:
        numbers = {unicodedata.normalize("NFC", number.strip()) for number in wanted}
        unfit = sorted(numbers - {device.device_no for device in fitting})
        if unfit:
            named = ", ".join(unfit[:10])
            raise ActRefused(f"{template.id} is not for {named}: not in the ledger, not in use, or of another kind")
        fitting = [device for device in fitting if device.device_no in numbers]
    if not fitting and any(item.each is not None for item in template.items):
        raise ActRefused(
            f"{template.id}: no device in the ledger is one this checklist is for",
            zh="台账里没有这张检查表适用的设备",
        )
    return fitting


def spread(template: Template, devices: Sequence[Device]) -> Spread:
    """Every device with its lines, then the lines that are there once. Raises ActRefused."""
    lines = [(item, device.device_no) for device in devices for item in template.items if _for(item, device)]
    lines += [(item, "") for item in template.items if item.each is None]
    if len(lines) > MOST_LINES:
        raise ActRefused(f"{template.id}: {len(lines)} lines, at most {MOST_LINES} in a run: name fewer devices")
    return lines


def house_day(now: datetime) -> str:
    """The day in the trade's own zone, wherever the centre's machine believes to be."""
    return now.astimezone(HOUSE).date().isoformat()


def _concerns(template: Template, device: Device) -> bool:
    return any(_for(item, device) for item in template.items)


def _for(item: Item, device: Device) -> bool:
    return item.each is not None and item.each.holds(device.kind, device.environment, device.device_class)


def _number(session: Session, now: datetime) -> str:
    """The next of the year. Runs are never deleted, so counting them gives out none twice."""
    year = house_day(now)[:4]
    asked = select(func.count()).where(col(ChecklistRun.number).startswith(f"C-{year}-"))
    return f"C-{year}-{session.exec(asked).one() + 1:04d}"
