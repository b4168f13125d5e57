"""What a verification remembers of its readings, and work on the device that is planned into it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.records.guards import append_only, refuse

revision = "0014_verification_memory"
down_revision = "0013_collection"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "verification_setback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("after_ms", sa.BigInteger(), nullable=False),
        sa.Column("before_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["verification_run.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "verification_pace",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("interval_ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["verification_run.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "verification_work",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.Column("noted_ms", sa.BigInteger(), nullable=False),
        sa.Column("noted_by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("cancels", sa.Integer(), nullable=True),
        sa.CheckConstraint("cancels IS NOT NULL OR noted_ms <= from_ms", name="ck_verification_work_entered_before"),
        sa.ForeignKeyConstraint(["run_id"], ["verification_run.id"]),
        sa.ForeignKeyConstraint(["cancels"], ["verification_work.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("cancels"),
    )
    dialect = op.get_bind().dialect.name
    for table in ("verification_setback", "verification_pace", "verification_work"):
        op.create_index(f"ix_{table}_run_id", table, ["run_id"])
        append_only(op, dialect, table)
    over = "(SELECT r.state FROM verification_run r WHERE r.id = NEW.run_id) <> 'running'"
    why = "work is planned into a running verification only"
    refuse(op, dialect, "verification_work", why, when=over, name="running", acts=("INSERT",))


def downgrade() -> None:
    raise NotImplementedError("records only go forward: restore the copy made before the upgrade")
