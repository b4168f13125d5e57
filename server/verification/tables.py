"""Verification runs, what each criterion came to, and what people saw at the rack."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

OPEN = text("state IN ('running', 'submitted')")


class VerificationRun(SQLModel, table=True):
    """One verification of one device. People are named by their sign-in names; ``profile_json`` is frozen at the start.

    ``state``: "running", "submitted" (the record is frozen and waits for the opinion), "signed", "withdrawn".
    ``verdict``: what the criteria recommend now ("pass", "fail", "inconclusive"). ``opinion``: "", "pass" or "fail".
    ``trial``: shorter than the profile asks; it can never be signed as a pass.
    """

    __tablename__ = "verification_run"
    __table_args__ = (
        Index("ux_verification_open", "device_no", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        CheckConstraint("signed_by IS NULL OR signed_by <> started_by", name="ck_verification_signer_not_starter"),
        CheckConstraint("signed_by IS NULL OR signed_by <> submitted_by", name="ck_verification_signer_not_submitter"),
        CheckConstraint("opinion <> 'pass' OR (trial = 0 AND verdict = 'pass')", name="ck_verification_pass"),
        CheckConstraint("opinion = '' OR signed_by IS NOT NULL", name="ck_verification_opinion_signed"),
        CheckConstraint(
            "state <> 'signed' OR (opinion <> '' AND submitted_by IS NOT NULL AND record_sha256 IS NOT NULL)",
            name="ck_verification_signed_whole",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    device_no: str = Field(foreign_key="device.device_no", index=True)
    profile: str
    profile_version: int
    profile_hash: str
    profile_json: str = Field(sa_type=Text)
    window_s: int
    trial: int = 0
    purpose: str = Field(default="", sa_type=Text)
    state: str = "running"
    started_ms: int = Field(sa_type=BigInteger)
    started_by: str
    judged_ms: int | None = Field(default=None, sa_type=BigInteger)
    verdict: str = "inconclusive"
    effective_s: float = 0.0
    ended_ms: int | None = Field(default=None, sa_type=BigInteger)
    submitted_ms: int | None = Field(default=None, sa_type=BigInteger)
    submitted_by: str | None = None
    record_sha256: str | None = Field(default=None, foreign_key="evidence_record.sha256")
    opinion: str = ""
    opinion_text: str = Field(default="", sa_type=Text)
    signed_ms: int | None = Field(default=None, sa_type=BigInteger)
    signed_by: str | None = None


class VerificationFinding(SQLModel, table=True):
    """What a criterion came to at ``at_ms``; a row only when the outcome changes. Never updated, never deleted.

    ``result_json`` is the whole result (checklists.verification.outcome.Result). A FAIL stands for the whole run.
    """

    __tablename__ = "verification_finding"

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="verification_run.id", index=True)
    criterion: str
    outcome: str
    at_ms: int = Field(sa_type=BigInteger)
    result_json: str = Field(sa_type=Text)


class VerificationWork(SQLModel, table=True):
    """Work on the device that was entered before it began, or, with ``cancels``, that it will not take place.

    Never changed, never deleted: what is withdrawn stays, with the row that withdraws it.
    """

    __tablename__ = "verification_work"

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="verification_run.id", index=True)
    from_ms: int = Field(sa_type=BigInteger)
    to_ms: int = Field(sa_type=BigInteger)
    noted_ms: int = Field(sa_type=BigInteger)
    noted_by: str
    reason: str = Field(default="", sa_type=Text)
    cancels: int | None = Field(default=None, foreign_key="verification_work.id", unique=True)


class VerificationSetback(SQLModel, table=True):
    """A counter that was seen to go down within one boot (checklists.verification.evidence.Setback). Never changed.

    What the readings that showed it would prove stands for the whole run, as a FAIL does.
    """

    __tablename__ = "verification_setback"

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="verification_run.id", index=True)
    metric: str
    part: str
    after_ms: int = Field(sa_type=BigInteger)
    before_ms: int = Field(sa_type=BigInteger)


class VerificationPace(SQLModel, table=True):
    """From ``from_ms`` on the device of the run was read so often; a row where that changes. Never changed."""

    __tablename__ = "verification_pace"

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="verification_run.id", index=True)
    from_ms: int = Field(sa_type=BigInteger)
    interval_ms: int


class VerificationObservation(SQLModel, table=True):
    """What somebody saw standing before the device (1.5-19). Never updated, never deleted."""

    __tablename__ = "verification_observation"

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="verification_run.id", index=True)
    at_ms: int = Field(sa_type=BigInteger)
    observer: str
    alarm: int
    note: str = Field(default="", sa_type=Text)
