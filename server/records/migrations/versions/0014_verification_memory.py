"""What a verification remembers of its readings: counters that were set back, and how often the device was read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.records.guards import append_only

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
    dialect = op.get_bind().dialect.name
    for table in ("verification_setback", "verification_pace"):
        op.create_index(f"ix_{table}_run_id", table, ["run_id"])
        append_only(op, dialect, table)


def downgrade() -> None:
    raise NotImplementedError("records only go forward: restore the copy made before the upgrade")
