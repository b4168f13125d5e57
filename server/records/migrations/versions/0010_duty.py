"""Checklist runs and their items: two people, and closed means closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.records.guards import refuse

revision = "0010_duty"
down_revision = "0009_verification"
branch_labels = None
depends_on = None


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    op.create_table(
        "checklist_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("template_version", sa.Integer(), nullable=False),
        sa.Column("template_hash", sa.String(), nullable=False),
        sa.Column("template_json", sa.Text(), nullable=False),
        sa.Column("calendar_date", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("closed_ms", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("record_sha256", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["record_sha256"], ["evidence_record.sha256"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index("ix_checklist_run_template", "checklist_run", ["template"])
    op.create_index("ix_checklist_run_state", "checklist_run", ["state"])
    op.create_table(
        "checklist_item",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("device_no", sa.String(), nullable=False),
        sa.Column("spec_json", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("filled_json", sa.Text(), nullable=False),
        sa.Column("filled_ms", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("human_value", sa.String(), nullable=False),
        sa.Column("override", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("confirmed_ms", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_by", sa.String(), nullable=True),
        sa.Column("reviewed_ms", sa.BigInteger(), nullable=True),
        sa.Column("review_note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "reviewed_by IS NULL OR (confirmed_by IS NOT NULL AND reviewed_by <> confirmed_by)",
            name="ck_item_two_people",
        ),
        sa.CheckConstraint("override = 0 OR note <> ''", name="ck_item_override_reason"),
        sa.CheckConstraint("state = 'open' OR (confirmed_by IS NOT NULL AND result <> '')", name="ck_item_confirmed"),
        sa.CheckConstraint("state <> 'reviewed' OR reviewed_by IS NOT NULL", name="ck_item_reviewed"),
        sa.ForeignKeyConstraint(["run_id"], ["checklist_run.id"]),
        sa.PrimaryKeyConstraint("run_id", "item"),
    )
    refuse(op, dialect, "checklist_run", "a closed checklist is never changed", when="OLD.state = 'closed'")
    refuse(op, dialect, "checklist_run", "a checklist is never deleted", name="kept", acts=("DELETE",))
    closed = "EXISTS (SELECT 1 FROM checklist_run WHERE id = OLD.run_id AND state = 'closed')"
    refuse(op, dialect, "checklist_item", "the checklist is closed", when=closed, acts=("UPDATE",))
    refuse(op, dialect, "checklist_item", "an item is never deleted", name="kept", acts=("DELETE",))


def downgrade() -> None:
    raise NotImplementedError("records only go forward: restore the copy made before the upgrade")
