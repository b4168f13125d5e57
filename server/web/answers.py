"""What the API answers with, for its description: tests hold the answers to these shapes.

Times are RFC 3339 UTC with milliseconds, values stand in the base unit of their metric.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema

from server.verification.answers import VERIFICATION_ANSWERS
from server.web.answer_shapes import Answer, Texts

Verdict = Literal["met", "not_met", "unknown"]
Severity = Literal["warning", "fault"]
GapWord = Literal["unreachable", "refused", "timed_out", "not_offered", "unreadable", "blind", "dropped", "lost"]


class AgentAnswer(Answer):
    state: Literal["up", "late", "silent", "never"]


class CardAnswer(Answer):
    """Dates as 2026-11-23, "" where nobody said."""

    name: str
    vendor: str
    model: str
    serial: str
    main_parameters: str
    device_class: Literal["core", "special", "peripheral"]
    environment: Literal["production", "test", "office"]
    location: str
    purpose: str
    owner_dept: str
    owner: str
    owner_post: str
    stocked_on: str
    issued_on: str
    warranty_until: str
    service_life_years: int | None
    software: str
    licence: str


class ServiceLifeAnswer(Answer):
    years: int | None
    ends_on: str | None
    over: bool | None


class EntryAnswer(Answer):
    at: str
    kind: str
    actor: str
    old: str
    new: str
    note: str
    reference: str


class EntriesAnswer(Answer):
    entries: list[EntryAnswer]


class DeviceAnswer(Answer):
    device_no: str
    name: str
    kind: str
    state: Literal["pending", "active"]
    life: Literal["stocked", "issued", "verifying", "verified", "in_production"]
    card: CardAnswer
    service_life: ServiceLifeAnswer
    health: Literal["normal", "warning", "fault", "unknown", "unreachable", "maintenance"]
    health_reason: Texts
    last_seen: str | None
    interval_seconds: float
    agent: AgentAnswer


class DevicesAnswer(Answer):
    devices: list[DeviceAnswer]


class EvidenceAnswer(Answer):
    metric: str
    part: str
    value: float | None
    unit: str
    limit: Texts
    at: str


class FindingAnswer(Answer):
    rule: str
    part: str
    verdict: Verdict
    severity: Severity
    since: str
    at: str
    reason: str | None
    sentence: Texts
    evidence: EvidenceAnswer


class FindingsAnswer(Answer):
    findings: list[FindingAnswer]


class SourceAnswer(Answer):
    name: str
    at: str
    gap: GapWord | None
    detail: str


class DeviceWholeAnswer(DeviceAnswer):
    sources: list[SourceAnswer]
    findings: list[FindingAnswer]


class ReadingAnswer(Answer):
    """``value`` or ``gap``, never both."""

    metric: str
    part: str
    value: float | None = None
    gap: GapWord | None = None
    at: str
    unit: str
    name: Texts
    stale: bool


class LatestAnswer(Answer):
    device_no: str
    at: str | None
    readings: list[ReadingAnswer]


class LimitAnswer(Answer):
    rule: str
    value: float
    severity: Severity


# With a step [t ms, min, avg, max, count], without one [t ms, value, gap].
Point = tuple[int, float | None, float | None, float | None, int] | tuple[int, float | None, GapWord | None]


class CourseAnswer(Answer):
    part: str
    points: list[Point]
    limits: list[LimitAnswer]


class ReadingsAnswer(Answer):
    """``points`` and ``limits`` where a part was asked for, else ``series`` with one course for each part."""

    device_no: str
    metric: str
    part: str | None
    unit: str
    step_seconds: float | None
    points: list[Point] | None = None
    limits: list[LimitAnswer] | None = None
    series: list[CourseAnswer] | None = None


class EventAnswer(Answer):
    """``severity`` 0 (emergency) to 7; ``inferred``: dated by the host's wall clock; ``late``: learnt of afterwards."""

    id: str
    at: str
    source: str
    kind: str
    severity: int
    text: str
    count: int
    cursor: str
    inferred: bool
    late: bool


class EventsAnswer(Answer):
    events: list[EventAnswer]


class CoverageGapAnswer(Answer):
    start: str
    end: str
    reason: GapWord
    source: str


class CoverageAnswer(Answer):
    start: str
    end: str
    slot_seconds: int
    slots: int
    filled: int
    ratio: float
    gaps: list[CoverageGapAnswer]


class EnrolledAnswer(Answer):
    agent_id: str
    device_no: str
    credential: str
    state: str


class ReceiptAnswer(Answer):
    """``received`` and ``replied`` in ns since the epoch, by the centre's clock."""

    epoch: str
    position: int
    received: int
    replied: int
    duplicate: bool
    configuration_revision: int
    audit_head: str


class ProblemAnswer(BaseModel):
    """RFC 9457; a problem may have members of its own beside these."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str | None = None
    instance: str | None = None


REFERENCE = "#/components/schemas/{model}"
DEVICE = "/api/v1/devices/{device_no}"
ANSWERS: dict[tuple[str, str], type[Answer]] = {
    ("get", "/api/v1/devices"): DevicesAnswer,
    ("post", "/api/v1/devices"): DeviceAnswer,
    ("get", DEVICE): DeviceWholeAnswer,
    ("patch", DEVICE): DeviceAnswer,
    ("get", f"{DEVICE}/entries"): EntriesAnswer,
    ("post", f"{DEVICE}/life"): DeviceAnswer,
    ("get", f"{DEVICE}/latest"): LatestAnswer,
    ("get", f"{DEVICE}/readings"): ReadingsAnswer,
    ("get", f"{DEVICE}/events"): EventsAnswer,
    ("get", f"{DEVICE}/findings"): FindingsAnswer,
    ("get", f"{DEVICE}/coverage"): CoverageAnswer,
    ("post", "/api/v1/enrol"): EnrolledAnswer,
    ("post", "/api/v1/batches"): ReceiptAnswer,
    **VERIFICATION_ANSWERS,
}


def schemas() -> dict[str, dict[str, object]]:
    """The JSON schema of each by its name."""
    shapes: list[type[BaseModel]] = [*ANSWERS.values(), ProblemAnswer]
    defined: dict[str, dict[str, object]] = models_json_schema(
        [(shape, "serialization") for shape in shapes], ref_template=REFERENCE
    )[1]["$defs"]
    return defined
