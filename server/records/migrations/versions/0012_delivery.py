"""An agent's next credential, and what it is asked to follow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_delivery"
down_revision = "0011_production"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("credential_ms", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("next_hash", sa.String(), nullable=True),
        sa.Column("rotation_wanted", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("settings", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("configuration_revision", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("agent_identity", column)
    op.execute("UPDATE agent_identity SET credential_ms = enrolled_ms")
    op.create_index("ix_agent_identity_next_hash", "agent_identity", ["next_hash"], unique=True)


def downgrade() -> None:
    raise NotImplementedError("records only go forward: restore the copy made before the upgrade")
