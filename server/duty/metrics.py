"""How the open checklists stand, for whoever scrapes."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func
from sqlmodel import col, select

from server.duty.lines import STATES
from server.duty.tables import ChecklistItem, ChecklistRun
from server.records import Records


def items_by_state(records: Records, templates: Iterable[str]) -> dict[tuple[str, str], int]:
    """(template, state) → lines of open runs; of every template that is loaded, 0 where there is none."""
    found = {(template, state): 0 for template in templates for state in STATES}
    asked = (
        select(ChecklistRun.template, ChecklistItem.state, func.count())
        .join(ChecklistItem, col(ChecklistItem.run_id) == col(ChecklistRun.id))
        .where(col(ChecklistRun.state) == "open")
        .group_by(col(ChecklistRun.template), col(ChecklistItem.state))
    )
    with records.session() as session:
        for template, state, number in session.exec(asked):
            found[template, state] = number
    return found
