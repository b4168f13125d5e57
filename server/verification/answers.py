"""The shapes of what is answered about verifications, for the description of the API."""

from __future__ import annotations

from typing import Any, Literal

from server.web.answer_shapes import Answer, Texts

State = Literal["running", "submitted", "signed", "withdrawn"]
VerdictWord = Literal["pass", "fail", "inconclusive"]


class NamedAnswer(Answer):
    name: str
    display_name: str


class FrozenProfileAnswer(Answer):
    id: str
    version: int
    hash: str
    zh: str
    en: str


class VerificationAnswer(Answer):
    id: int
    number: str
    device_no: str
    purpose: str
    profile: FrozenProfileAnswer
    state: State
    trial: bool
    needed_hours: float
    effective_hours: float
    verdict: VerdictWord
    opinion: Literal["", "pass", "fail"]
    opinion_text: str
    record_sha256: str | None
    started_at: str
    due_at: str
    judged_at: str | None
    ended_at: str | None
    submitted_at: str | None
    signed_at: str | None
    started_by: NamedAnswer
    submitted_by: NamedAnswer | None
    signed_by: NamedAnswer | None


class VerificationsAnswer(Answer):
    verifications: list[VerificationAnswer]


class WatchedAnswer(Answer):
    """Shares of the window, 0 to 1; null: nothing is known of it."""

    sample: float
    event: float | None
    counter: float | None


class ResultAnswer(Answer):
    criterion: str
    zh: str
    en: str
    blocker: bool
    outcome: Literal["FAIL", "INCONCLUSIVE", "PASS", "NOT_APPLICABLE"]
    marginal: bool
    margin: float | None
    required: Texts
    measured: Texts
    sentence: Texts
    evidence: dict[str, Any]


class ObservationAnswer(Answer):
    id: int
    at: str
    observer: NamedAnswer
    alarm: bool
    note: str


class WorkAnswer(Answer):
    """Work that was entered before it began; ``cancelled_at``: it will not take place."""

    id: int
    begin: str
    end: str
    reason: str
    entered_at: str
    entered_by: NamedAnswer
    cancelled_at: str | None


class ActAnswer(Answer):
    """``what`` is the content of entry ``sequence`` of the audit chain."""

    at: str
    act: str
    by: NamedAnswer
    what: dict[str, Any]
    sequence: int


class VerificationWholeAnswer(VerificationAnswer):
    trouble: str
    coverage: WatchedAnswer | None
    results: list[ResultAnswer]
    observations: list[ObservationAnswer]
    planned_work: list[WorkAnswer]
    acts: list[ActAnswer]


ACTS = ("observations", "work", "work/{work_id}/cancel", "submit", "opinion", "withdraw")
ONE = "/api/v1/verifications/{key}"
OF_DEVICE = "/api/v1/devices/{device_no}/verifications"
VERIFICATION_ANSWERS: dict[tuple[str, str], type[Answer]] = {
    ("post", OF_DEVICE): VerificationWholeAnswer,
    ("get", OF_DEVICE): VerificationsAnswer,
    ("get", "/api/v1/verifications"): VerificationsAnswer,
    ("get", ONE): VerificationWholeAnswer,
    **{("post", f"{ONE}/{act}"): VerificationWholeAnswer for act in ACTS},
}
