"""Cursors of the appliers, events, gaps and facts, findings and their changes, alarms."""

import sqlalchemy as sa
from alembic import op

revision = "0005_judging"
down_revision = "0004_senders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_no", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=True),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_ms", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event_id"),
    )
    op.create_index("ix_alarm_device_no", "alarm", ["device_no"], unique=False)
    op.create_index("ix_alarm_opened_ms", "alarm", ["opened_ms"], unique=False)
    op.create_index(
        "ux_alarm_open_finding",
        "alarm",
        ["device_no", "rule", "part"],
        unique=True,
        sqlite_where=sa.text("closed_ms IS NULL AND event_id IS NULL"),
        postgresql_where=sa.text("closed_ms IS NULL AND event_id IS NULL"),
    )
    op.create_table(
        "applier_cursor",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("device_no", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("inferred", sa.Boolean(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_event_device_at", "event", ["device_no", "at_ms"], unique=False)
    op.create_table(
        "fact",
        sa.Column("device_no", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device_no", "key"),
    )
    op.create_table(
        "fact_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_no", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("old", sa.Text(), nullable=True),
        sa.Column("new", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_fact_change_device_no", "fact_change", ["device_no"], unique=False)
    op.create_table(
        "finding",
        sa.Column("device_no", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("tripped", sa.Boolean(), nullable=False),
        sa.Column("pending_ms", sa.BigInteger(), nullable=True),
        sa.Column("stored", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("device_no", "rule", "part"),
    )
    op.create_table(
        "finding_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_no", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("ahead", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_finding_change_at_ms", "finding_change", ["at_ms"], unique=False)
    op.create_index("ix_finding_change_device_no", "finding_change", ["device_no"], unique=False)
    op.create_table(
        "judged_device",
        sa.Column("device_no", sa.String(), nullable=False),
        sa.Column("newest_ms", sa.BigInteger(), nullable=False),
        sa.Column("interval_s", sa.Float(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("lanes", sa.JSON(), nullable=False),
        sa.Column("ahead", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("device_no"),
    )
    op.create_index("ix_judged_device_due_ms", "judged_device", ["due_ms"], unique=False)
    op.create_table(
        "source_gap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_no", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("ticks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_source_gap_device_end", "source_gap", ["device_no", "end_ms"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("records only go forward: restore the copy made before the upgrade")
