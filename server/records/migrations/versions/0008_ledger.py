"""The ledger: a device's card, its life, and the entries of its changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.records.guards import append_only

revision = "0008_ledger"
down_revision = "0007_attendance"
branch_labels = None
depends_on = None


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    for name, default in (
        ("life", "issued"),
        ("device_class", "core"),
        ("environment", "production"),
        ("vendor", ""),
        ("model", ""),
        ("serial", ""),
        ("owner_dept", ""),
        ("owner", ""),
        ("stocked_on", ""),
        ("issued_on", ""),
        ("warranty_until", ""),
        ("licence", ""),
    ):
        op.add_column("device", sa.Column(name, sa.String(), nullable=False, server_default=default))
    for name in ("main_parameters", "software"):
        op.add_column("device", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("device", sa.Column("service_life_years", sa.Integer(), nullable=True))
    op.create_table(
        "device_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_no", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["device_no"], ["device.device_no"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_device_entry_device_no", "device_entry", ["device_no"])
    append_only(op, dialect, "device_entry")


def downgrade() -> None:
    raise NotImplementedError("records only go forward: restore the copy made before the upgrade")
