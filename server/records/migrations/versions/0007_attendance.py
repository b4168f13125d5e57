"""When the centre itself was running."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_attendance"
down_revision = "0006_history"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "centre_presence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_centre_presence_last_ms", "centre_presence", ["last_ms"])


def downgrade() -> None:
    raise NotImplementedError("records only go forward: restore the copy made before the upgrade")
