"""Devices that collectors ask, who holds their share, and the secrets they are asked with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013_collection"
down_revision = "0012_delivery"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "collection_share",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("active_id", sa.String(), nullable=False),
        sa.Column("standby_id", sa.String(), nullable=False),
        sa.Column("interval_s", sa.Float(), nullable=False),
        sa.Column("holder_id", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("lease_until_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["active_id"], ["agent_identity.id"]),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "collected_device",
        sa.Column("device_no", sa.String(), nullable=False),
        sa.Column("share", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("device_type", sa.String(), nullable=False),
        sa.Column("interval_s", sa.Float(), nullable=False),
        sa.Column("protocols", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["device_no"], ["device.device_no"]),
        sa.ForeignKeyConstraint(["share"], ["collection_share.name"]),
        sa.PrimaryKeyConstraint("device_no"),
    )
    op.create_index("ix_collected_device_share", "collected_device", ["share"])
    op.create_table(
        "share_held",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("share", sa.String(), nullable=False),
        sa.Column("holder_id", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_share_held_share_from", "share_held", ["share", "from_ms"])
    op.create_table(
        "device_shared",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_no", sa.String(), nullable=False),
        sa.Column("share", sa.String(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_device_shared_device_from", "device_shared", ["device_no", "from_ms"])
    op.create_table(
        "device_secret",
        sa.Column("device_no", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device_no"], ["device.device_no"]),
        sa.PrimaryKeyConstraint("device_no", "kind"),
    )


def downgrade() -> None:
    raise NotImplementedError("records only go forward: restore the copy made before the upgrade")
