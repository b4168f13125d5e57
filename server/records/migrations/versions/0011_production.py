"""A device goes into production only over a verification that was passed and signed: the database says so too."""

from __future__ import annotations

from alembic import op

from server.records.guards import refuse

revision = "0011_production"
down_revision = "0010_duty"
branch_labels = None
depends_on = None

PASSED = "EXISTS (SELECT 1 FROM verification_run r WHERE r.device_no = NEW.device_no AND r.opinion = 'pass')"
WHY = "clause 1.5-16: no signed pass"


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    arrives = f"NEW.life = 'in_production' AND OLD.life <> 'in_production' AND NOT {PASSED}"
    refuse(op, dialect, "device", WHY, when=arrives, name="production", acts=("UPDATE",))
    refuse(op, dialect, "device", WHY, when="NEW.life = 'in_production'", name="production", acts=("INSERT",))


def downgrade() -> None:
    raise NotImplementedError("records only go forward: restore the copy made before the upgrade")
