"""Frozen records; verification runs with their findings and observations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.records.guards import append_only, refuse

revision = "0009_verification"
down_revision = "0008_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    op.create_table(
        "evidence_record",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_index("ix_evidence_record_subject", "evidence_record", ["subject"])
    op.create_table(
        "verification_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("device_no", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("profile_version", sa.Integer(), nullable=False),
        sa.Column("profile_hash", sa.String(), nullable=False),
        sa.Column("profile_json", sa.Text(), nullable=False),
        sa.Column("window_s", sa.Integer(), nullable=False),
        sa.Column("trial", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("judged_ms", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("effective_s", sa.Float(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("submitted_ms", sa.BigInteger(), nullable=True),
        sa.Column("submitted_by", sa.String(), nullable=True),
        sa.Column("record_sha256", sa.String(), nullable=True),
        sa.Column("opinion", sa.String(), nullable=False),
        sa.Column("opinion_text", sa.Text(), nullable=False),
        sa.Column("signed_ms", sa.BigInteger(), nullable=True),
        sa.Column("signed_by", sa.String(), nullable=True),
        sa.CheckConstraint("signed_by IS NULL OR signed_by <> started_by", name="ck_verification_signer_not_starter"),
        sa.CheckConstraint(
            "signed_by IS NULL OR signed_by <> submitted_by", name="ck_verification_signer_not_submitter"
        ),
        sa.CheckConstraint("opinion <> 'pass' OR (trial = 0 AND verdict = 'pass')", name="ck_verification_pass"),
        sa.CheckConstraint("opinion = '' OR signed_by IS NOT NULL", name="ck_verification_opinion_signed"),
        sa.CheckConstraint(
            "state <> 'signed' OR (opinion <> '' AND submitted_by IS NOT NULL AND record_sha256 IS NOT NULL)",
            name="ck_verification_signed_whole",
        ),
        sa.ForeignKeyConstraint(["device_no"], ["device.device_no"]),
        sa.ForeignKeyConstraint(["record_sha256"], ["evidence_record.sha256"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index("ix_verification_run_device_no", "verification_run", ["device_no"])
    is_open = sa.text("state IN ('running', 'submitted')")
    op.create_index(
        "ux_verification_open",
        "verification_run",
        ["device_no"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "verification_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("criterion", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("result_json", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["verification_run.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_verification_finding_run_id", "verification_finding", ["run_id"])
    op.create_table(
        "verification_observation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("observer", sa.String(), nullable=False),
        sa.Column("alarm", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["verification_run.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_verification_observation_run_id", "verification_observation", ["run_id"])
    for table in ("evidence_record", "verification_finding", "verification_observation"):
        append_only(op, dialect, table)
    refuse(op, dialect, "verification_run", "a signed verification is never changed", when="OLD.state = 'signed'")
    observed = (
        "EXISTS (SELECT 1 FROM verification_observation o WHERE o.run_id = NEW.id AND o.observer = NEW.signed_by)"
    )
    why = "who observed does not sign"
    refuse(op, dialect, "verification_run", why, when=observed, name="observer", acts=("UPDATE",))
    over = "(SELECT r.state FROM verification_run r WHERE r.id = NEW.run_id) <> 'running'"
    why = "only a running verification is observed"
    refuse(op, dialect, "verification_observation", why, when=over, name="running", acts=("INSERT",))
    refuse(op, dialect, "verification_run", "a verification is never deleted", name="kept", acts=("DELETE",))


def downgrade() -> None:
    raise NotImplementedError("records only go forward: restore the copy made before the upgrade")
