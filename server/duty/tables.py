"""Checklist runs and their items."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Text
from sqlmodel import Field, SQLModel


class ChecklistRun(SQLModel, table=True):
    """One instance of a template. ``template_json`` is frozen at the start; ``state``: "open" or "closed".

    ``calendar_date`` is the day in the house's own zone on which it began ("2026-11-23").
    """

    __tablename__ = "checklist_run"

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    template: str = Field(index=True)
    template_version: int
    template_hash: str
    template_json: str = Field(sa_type=Text)
    calendar_date: str
    state: str = Field(default="open", index=True)
    started_ms: int = Field(sa_type=BigInteger)
    started_by: str
    closed_ms: int | None = Field(default=None, sa_type=BigInteger)
    closed_by: str | None = None
    record_sha256: str | None = Field(default=None, foreign_key="evidence_record.sha256")


class ChecklistItem(SQLModel, table=True):
    """One line: what was read, what one person says of it, and that another person agrees.

    ``state``: "open", "confirmed", "reviewed". ``filled_json`` is the reading with its time, source, limit and
    freshness as it stood at ``filled_ms`` (server.duty.filling.Filled); it is filled anew while the item is open and
    stands from the confirmation on. ``result`` is the person's word ("normal", "abnormal", "no_data",
    "not_applicable"), ``override`` 1 where it differs from what was filled: both stay, with the reason in ``note``.
    ``version`` grows with every change: whoever acts on an older one is told so.
    """

    __tablename__ = "checklist_item"
    __table_args__ = (
        CheckConstraint(
            "reviewed_by IS NULL OR (confirmed_by IS NOT NULL AND reviewed_by <> confirmed_by)",
            name="ck_item_two_people",
        ),
        CheckConstraint("override = 0 OR note <> ''", name="ck_item_override_reason"),
        CheckConstraint("state = 'open' OR (confirmed_by IS NOT NULL AND result <> '')", name="ck_item_confirmed"),
        CheckConstraint("state <> 'reviewed' OR reviewed_by IS NOT NULL", name="ck_item_reviewed"),
    )

    run_id: int = Field(foreign_key="checklist_run.id", primary_key=True)
    item: str = Field(primary_key=True)
    ordinal: int
    device_no: str = ""
    spec_json: str = Field(sa_type=Text)
    verdict: str = ""
    filled_json: str = Field(default="", sa_type=Text)
    filled_ms: int | None = Field(default=None, sa_type=BigInteger)
    state: str = "open"
    result: str = ""
    human_value: str = ""
    override: int = 0
    note: str = Field(default="", sa_type=Text)
    confirmed_by: str | None = None
    confirmed_ms: int | None = Field(default=None, sa_type=BigInteger)
    reviewed_by: str | None = None
    reviewed_ms: int | None = Field(default=None, sa_type=BigInteger)
    review_note: str = Field(default="", sa_type=Text)
    version: int = 1
